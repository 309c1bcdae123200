"""Dispatch as those see it who spool: it may have a hand free for what they bring, before it is even written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient


@dataclass(frozen=True, slots=True)
class Bundle:
    """A letter with its recipients."""

    letter: SpooledLetter
    recipients: tuple[SpooledRecipient, ...]


class Outbox(Protocol):
    """One for a worker."""

    def lease(self, destination: str, now: Instant) -> tuple[str, Instant] | None:
        """A hand for one more recipient of that destination: its lease; None if all are full."""

    def take(self, bundles: Sequence[Bundle]) -> None:
        """These are durable now. Whoever is leased to this worker is tried at once."""


class NoOutbox:
    """Where nobody dispatches: everything waits for whoever does."""

    def lease(self, destination: str, now: Instant) -> tuple[str, Instant] | None:  # noqa: ARG002
        """No hand here."""
        return None

    def take(self, bundles: Sequence[Bundle]) -> None:
        """Nothing was leased."""
