"""Sets of UIDs as sorted runs: a folder of 200,000 messages is usually a handful of them."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

UID_MAX = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class UidSet:
    """Immutable, ordered and disjoint runs (first, last); also the map between UIDs and message numbers."""

    runs: tuple[tuple[int, int], ...] = ()
    _before: tuple[int, ...] = field(default=(), compare=False, repr=False)  # how many UIDs precede each run

    def __post_init__(self) -> None:
        before, total = [], 0
        for first, last in self.runs:
            before.append(total)
            total += last - first + 1
        before.append(total)
        object.__setattr__(self, "_before", tuple(before))

    @classmethod
    def of(cls, uids: Iterable[int]) -> "UidSet":
        """From single UIDs in any order, doubles allowed."""
        return cls.join((uid, uid) for uid in uids)

    @classmethod
    def join(cls, runs: Iterable[tuple[int, int]]) -> "UidSet":
        """From runs in any order, overlaps allowed."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted((min(run), max(run)) for run in runs):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], last))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    @classmethod
    def parse(cls, text: str) -> "UidSet":
        """Back from `str()`."""
        runs = []
        for part in text.split(",") if text else ():
            first, _, last = part.partition(":")
            runs.append((int(first), int(last or first)))
        return cls.join(runs)

    def __str__(self) -> str:
        """As in IMAP: `1:3,7` (RFC 9051 §9, sequence-set)."""
        return ",".join(f"{first}" if first == last else f"{first}:{last}" for first, last in self.runs)

    def __len__(self) -> int:
        return self._before[-1]

    def __bool__(self) -> bool:
        return bool(self.runs)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.runs:
            yield from range(first, last + 1)

    def __contains__(self, uid: object) -> bool:
        return isinstance(uid, int) and self.number(uid) is not None

    @property
    def first(self) -> int:
        """The smallest UID; 0 if there is none."""
        return self.runs[0][0] if self.runs else 0

    @property
    def last(self) -> int:
        """The greatest UID; 0 if there is none."""
        return self.runs[-1][1] if self.runs else 0

    def number(self, uid: int) -> int | None:
        """The message number (from 1) of a UID, or None if it is not in the set."""
        index = bisect_right(self.runs, (uid, UID_MAX + 1)) - 1
        if index < 0 or uid > self.runs[index][1]:
            return None
        return self._before[index] + uid - self.runs[index][0] + 1

    def uid(self, number: int) -> int:
        """The UID of message `number`; IndexError outside 1..len."""
        if not 1 <= number <= len(self):
            raise IndexError(number)
        index = bisect_right(self._before, number - 1, 0, len(self.runs)) - 1
        return self.runs[index][0] + number - 1 - self._before[index]

    def numbers(self, first: int, last: int) -> "UidSet":
        """The UIDs of message numbers `first` to `last`, cut to what exists."""
        first, last = max(first, 1), min(last, len(self))
        if first > last:
            return UidSet()
        return self & UidSet(((self.uid(first), self.uid(last)),))

    def __and__(self, other: "UidSet") -> "UidSet":
        out: list[tuple[int, int]] = []
        left = right = 0
        while left < len(self.runs) and right < len(other.runs):
            (a_first, a_last), (b_first, b_last) = self.runs[left], other.runs[right]
            first, last = max(a_first, b_first), min(a_last, b_last)
            if first <= last:
                out.append((first, last))
            if a_last < b_last:
                left += 1
            else:
                right += 1
        return UidSet.join(out)

    def __or__(self, other: "UidSet") -> "UidSet":
        return UidSet.join((*self.runs, *other.runs))

    def __sub__(self, other: "UidSet") -> "UidSet":
        out: list[tuple[int, int]] = []
        right = 0
        for first, last in self.runs:
            start = first
            while right < len(other.runs) and other.runs[right][1] < start:
                right += 1
            probe = right
            while probe < len(other.runs) and other.runs[probe][0] <= last:
                if other.runs[probe][0] > start:
                    out.append((start, other.runs[probe][0] - 1))
                start = max(start, other.runs[probe][1] + 1)
                probe += 1
            if start <= last:
                out.append((start, last))
        return UidSet(tuple(out))
