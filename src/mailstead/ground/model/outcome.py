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
    words: str = ""  # to the sender, in place of the usual ones


@dataclass(frozen=True, slots=True)
class Failed:
    """For good."""

    reason: Reason
    words: str = ""  # to the sender, in place of the usual ones


Outcome = Delivered | Deferred | Failed
