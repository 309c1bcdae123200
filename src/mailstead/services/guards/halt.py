"""What may be said against a recipient that is due: it is held, it waits, or it is given up."""

from dataclasses import dataclass

from mailstead.ground.model.ids import Instant


@dataclass(frozen=True, slots=True)
class Hold:
    """Until a person, or the end of a pause, lets it go."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """It is asked for again then; nothing was tried."""

    until: Instant
    why: str


@dataclass(frozen=True, slots=True)
class Fail:
    """For good, without a try."""

    status: str  # enhanced code (RFC 3463)
    why: str


Halt = Hold | Wait | Fail
