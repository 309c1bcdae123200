"""What became of one recipient."""

from dataclasses import dataclass

from mailstead.ground.model.verdict import Reason


@dataclass(frozen=True, slots=True)
class Delivered:
    """Durable and filed."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Try again later."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Failed:
    """For good."""

    reason: Reason


Outcome = Delivered | Deferred | Failed
