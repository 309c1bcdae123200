"""Message numbers: what this client has been told of its folder, and how it learns what changed.

Invariants: `told` changes only together with an EXISTS or EXPUNGE that is sent; numbers are places in `told`,
gone messages included until their EXPUNGE was sent (RFC 9051 §5.5, §7.5.1). UIDs only join behind the last one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.view import extend


class NoSuchNumber(Exception):  # noqa: N818 - news about the client
    """A message number beyond the last one (RFC 9051 §9, seq-number: answer BAD)."""


@dataclass(frozen=True, slots=True)
class News:
    """What to send, in this order: EXPUNGE for each number, then EXISTS if it is not None."""

    gone: UidSet
    expunged: Sequence[int]
    exists: int | None


class Numbering:
    """The numbers of one session."""

    __slots__ = ("told",)

    def __init__(self, told: UidSet) -> None:
        self.told = told

    def __len__(self) -> int:
        return len(self.told)

    def resolve_numbers(self, numbers: SequenceSet, *, strict: bool = True) -> UidSet:
        """The UIDs of message numbers; with `strict`, NoSuchNumber for one that is not in use."""
        count = len(self.told)
        wanted = numbers.resolve(count)
        if strict and (not count or wanted.last > count):
            raise NoSuchNumber
        if wanted.runs == ((1, count),):
            return self.told
        return UidSet.join(run for first, last in wanted.runs for run in self.told.numbers(first, last).runs)

    def resolve_uids(self, uids: SequenceSet) -> UidSet:
        """Those of these UIDs that the client knows; others are not an error (RFC 9051 §6.4.9)."""
        return uids.resolve(self.told.last) & self.told

    def numbers_of(self, uids: Sequence[int]) -> list[int]:
        """The numbers of UIDs in rising order, all of them told."""
        if not uids:
            return []
        start = self.told.number(uids[0])
        end = self.told.number(uids[-1])
        assert start is not None and end is not None  # noqa: PT018
        if end - start == uids[-1] - uids[0]:  # one run of the view
            shift = start - uids[0]
            return [uid + shift for uid in uids]
        return list(_walk(self.told, uids))

    def learn(self, current: UidSet, *, may_expunge: bool) -> News:
        """Go on to what is there now, as far as the moment allows, and say what has to be sent."""
        if current is self.told or current == self.told:
            return News(UidSet(), (), None)
        gone = self.told - current if may_expunge else UidSet()
        expunged: Sequence[int] = ()
        if gone:
            expunged = _descending(self.told, gone)
            self.told -= gone
        joined = current - self.told if may_expunge else _behind(current, self.told.last)
        exists = None
        if joined:
            self.told = extend(self.told, joined)
            exists = len(self.told)
        return News(gone, expunged, exists)


def _behind(current: UidSet, last: int) -> UidSet:
    return current & UidSet(((last + 1, max(last + 1, current.last)),))


def _descending(told: UidSet, gone: UidSet) -> list[int]:
    """Numbers to expunge from the highest down, so that none of them shifts the next (RFC 9051 §7.5.1)."""
    numbers: list[int] = []
    for first, last in reversed(gone.runs):
        highest, lowest = told.number(last), told.number(first)
        assert highest is not None and lowest is not None  # noqa: PT018
        numbers += range(highest, lowest - 1, -1)
    return numbers


def _walk(told: UidSet, uids: Sequence[int]) -> Iterator[int]:
    """Numbers across several runs: one look-up for each run rather than for each UID."""
    shift, until = 0, -1
    runs = iter(told.runs)
    before = 0
    first = 1
    for uid in uids:
        while uid > until:
            if until >= 0:
                before += until - first + 1
            first, until = next(runs)
            shift = before - first + 1
        yield uid + shift
