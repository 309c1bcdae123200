"""What an operator may want done to letters in the spool, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from mailstead.ground.model.audit import Actor
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.spool import QUEUES, State
from mailstead.services.spool.filters import Filter

BY_POLICY: Final = "policy"
"""In place of a route: as if none had been set by hand."""


_UNREADABLE: Final = "(no route)"


class Move(Enum):
    """The word is the command and what the story says."""

    PROCESS = "process"  # try now what waits
    RETRY = "retry"  # the same, and what failed too
    HOLD = "hold"
    RELEASE = "release"
    REROUTE = "reroute"
    BOUNCE = "bounce"  # give up now; the sender is told
    DROP = "drop"  # nobody is told


_WAITING: Final = (State.ACTIVE, State.DEFERRED)
_UNDONE: Final = (State.ACTIVE, State.DEFERRED, State.HELD)
TOUCHES: Final[Mapping[Move, tuple[State, ...]]] = {
    Move.PROCESS: _WAITING,
    Move.RETRY: (*_WAITING, State.FAILED),
    Move.HOLD: _WAITING,
    Move.RELEASE: (State.HELD,),
    Move.REROUTE: QUEUES,
    Move.BOUNCE: _UNDONE,
    Move.DROP: QUEUES,
}
"""The queues of each; the others are left alone."""

_INSTEAD: Final[Mapping[Move, str]] = {
    Move.PROCESS: "what is held wants `release`, what failed wants `retry`",
    Move.RETRY: "what is held wants `release`",
    Move.HOLD: "what failed is not tried anyway",
    Move.RELEASE: "only what is held can be released",
    Move.BOUNCE: "its sender was told already",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`expected`: how many letters it is thought to mean; nothing is done to another number of them."""

    move: Move
    wish: Filter
    by: Actor
    reason: str = ""  # of a hold, a bounce
    route: str = ""  # of a reroute; BY_POLICY takes one back
    expected: int | None = None
    dry_run: bool = False

    @property
    def states(self) -> tuple[State, ...]:
        """Which of the queues asked for it touches; Invalid if none."""
        touched = TOUCHES[self.move]
        states = tuple(state for state in touched if not self.wish.queues or state in self.wish.queues)
        if not states:
            words = " ".join(state.value for state in self.wish.queues)
            raise Invalid(f"{self.move.value} has no effect on what is {words}: {_INSTEAD[self.move]}")
        return states


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Or, of a rehearsal, what would be. `busy`: recipients that a worker was trying at that moment, left alone."""

    move: Move
    letters: int = 0
    recipients: int = 0
    busy: int = 0
    size: int = 0
    undo: tuple[str, ...] | None = None  # a command line; None: there is none


def shown_route(route: str) -> str:
    """A route without its password, for stories, lists and the name of its lane. A domain stays as it is."""
    try:
        parts = urlsplit(route)
    except ValueError:
        return _UNREADABLE
    if parts.password is None:
        return route
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{host}"))
