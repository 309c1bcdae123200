"""One attempt as it goes: its steps, and what became of each recipient."""

from collections.abc import Iterable, Sequence
from typing import Final

from mailstead.ground.model.attempt import Ending, Result, Step
from mailstead.ground.model.spool import SpooledRecipient
from mailstead.ground.wire.smtp.client.replies import Reply, presentable
from mailstead.ground.wire.smtp.client.status import MISPLACED, Stage, status_of
from mailstead.net.clock import Clock

STEPS_MAX: Final = 500


class Setback(Exception):  # noqa: N818 - of a session or a host; what waits may go another way
    """Why it does not go on here: an enhanced code, words, and who said so ("": we ourselves)."""

    def __init__(self, status: str, words: str, host: str = "", *, is_busy: bool = False) -> None:
        super().__init__(words)
        self.status = status
        self.words = presentable(words)
        self.host = host
        self.is_busy = is_busy

    @property
    def is_permanent(self) -> bool:
        """RFC 3463 §2: 5.x.x."""
        return self.status.startswith("5")


class Unfit(Exception):  # noqa: N818
    """The letter cannot be given to this peer in any form: a failure for good."""

    def __init__(self, status: str, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Story:
    """Steps in order; past a limit only their number counts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._steps: list[Step] = []
        self._untold = 0

    def tell(self, what: str, **facts: str | int) -> None:
        """One thing that happened; empty facts are left out."""
        if len(self._steps) < STEPS_MAX:
            told = {name: value for name, value in facts.items() if value not in ("", None)}
            self._steps.append(Step(self._clock.now(), what, told))
        else:
            self._untold += 1

    def steps(self) -> tuple[Step, ...]:
        """All of it so far."""
        if self._untold:
            return (*self._steps, Step(self._clock.now(), "untold", {"count": self._untold}))
        return tuple(self._steps)


class Ledger:
    """Who still waits, and the results of the others. `is_heard`: a host has spoken about this very letter."""

    def __init__(self, recipients: Sequence[SpooledRecipient]) -> None:
        self._waiting = {recipient.number: recipient for recipient in recipients}
        self._results: dict[int, Result] = {}
        self.is_heard = False

    @property
    def waiting(self) -> tuple[SpooledRecipient, ...]:
        """In order."""
        return tuple(self._waiting.values())

    def results(self) -> tuple[Result, ...]:
        """In the order of their numbers."""
        return tuple(self._results[number] for number in sorted(self._results))

    def hear(self, recipients: Iterable[SpooledRecipient], reply: Reply, stage: Stage, host: str) -> None:
        """A refusal, for now or for good; a reply that has no place there is one for now."""
        ending = Ending.FAILED if reply.is_permanent else Ending.DEFERRED
        status = MISPLACED if reply.is_positive else status_of(reply, stage)
        self.is_heard = True
        self.settle(recipients, ending, status, reply.words, host)

    def settle(
        self, recipients: Iterable[SpooledRecipient], ending: Ending, status: str, diagnostic: str, host: str = ""
    ) -> None:
        """These have their result; whoever has one already keeps it."""
        for recipient in recipients:
            if self._waiting.pop(recipient.number, None) is not None:
                self._results[recipient.number] = Result(recipient.number, ending, status, diagnostic, host)

    def settle_rest(self, setback: Setback) -> None:
        """Nobody is left to ask."""
        ending = Ending.FAILED if setback.is_permanent else Ending.DEFERRED
        self.settle(self.waiting, ending, setback.status, setback.words, setback.host)
