"""SORT against its definition (RFC 5256 §3): compare by each criterion in turn, then by mailbox order."""

import asyncio
from collections.abc import AsyncIterator
from functools import cmp_to_key
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.ground.model.ids import FolderId
from mailstead.ground.model.sorting import SortBy, SortKey
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.reading import Facts
from mailstead.services.search.order import sort_uids

NAMES = ["", "Ann <b@x>", "ann <a@x>", "b@y", '"Ann" <B@x>', "=?utf-8?q?=C3=84nn?= <a@y>", "(who)", "group: c@x;", "d"]
FOLDED: dict[str, tuple[str, str]] = {
    "": ("", ""), "Ann <b@x>": ("B", "ANN"), "ann <a@x>": ("A", "ANN"), "b@y": ("B", "B@Y"), "d": ("D", "D@"),
    '"Ann" <B@x>': ("B", "ANN"), "=?utf-8?q?=C3=84nn?= <a@y>": ("A", "A\u0308NN"), "(who)": ("", ""),
    "group: c@x;": ("GROUP", "GROUP"),
}  # fmt: skip
"""addr-mailbox and the display value (RFC 5957 §3) of the first address; a group begins with its name."""


class Given:
    """Stands for `Reading`."""

    def __init__(self, rows: list[Facts]) -> None:
        self.rows = rows

    async def facts(self, _folder: FolderId, _uids: UidSet, _depth: int) -> AsyncIterator[list[Facts]]:
        half = len(self.rows) // 2
        yield self.rows[:half]
        yield self.rows[half:]


def row(uid: int, size: int, dates: tuple[int, int | None], subject: str, who: str) -> Facts:
    header = f"From: {who}\r\nTO: {who}\r\nCc : {who}\r\n\r\n".encode()
    return Facts(uid, size, dates[0], dates[1], subject, header if who else b"\r\n")


def who_of(one: Facts) -> str:
    return one.header.split(b"\r\n")[0].decode().removeprefix("From: ")


def value(key: SortKey, one: Facts) -> Any:
    match key:
        case SortKey.ARRIVAL:
            return one.internal_date
        case SortKey.SIZE:
            return one.size
        case SortKey.DATE:
            return one.internal_date if one.sent_at is None else one.sent_at
        case SortKey.SUBJECT:
            return one.subject_base.upper()
        case SortKey.RELEVANCY:
            return -(one.uid % 3)
        case SortKey.DISPLAYFROM | SortKey.DISPLAYTO:
            return FOLDED[who_of(one)][1]
        case _:
            return FOLDED[who_of(one)][0]


SMALL = st.integers(1, 3)
ROWS = st.lists(
    st.tuples(SMALL, st.tuples(SMALL, st.none() | SMALL), st.sampled_from(["", "a", "A", "b"]), st.sampled_from(NAMES)),
    max_size=12,
).map(lambda rows: [row(uid, *one) for uid, one in enumerate(rows, 1)])
CRITERIA = st.lists(st.builds(SortBy, st.sampled_from(SortKey), st.booleans()), min_size=1, max_size=3)


@settings(max_examples=500, deadline=None)
@given(ROWS, CRITERIA)
def test_sort(rows: list[Facts], criteria: list[SortBy]) -> None:
    def compare(left: Facts, right: Facts) -> int:
        for by in criteria:
            first, second = value(by.key, left), value(by.key, right)
            if first != second:
                return (-1 if first < second else 1) * (-1 if by.is_reverse else 1)
        return left.uid - right.uid

    scores = {one.uid: one.uid % 3 for one in rows}
    found = asyncio.run(sort_uids(Given(rows), FolderId(1), UidSet(), criteria, scores))  # type: ignore[arg-type]
    assert found == [one.uid for one in sorted(rows, key=cmp_to_key(compare))]
