"""SORT (RFC 5256, RFC 5957): columns of what is compared, filled in chunks, then one stable sort for each criterion."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mailstead.ground.formats.addresslist import Mailbox, parse_mailboxes
from mailstead.ground.formats.fields import select_fields
from mailstead.ground.formats.headers import decode_field, find_field
from mailstead.ground.model.ids import FolderId
from mailstead.ground.model.sorting import SortBy, SortKey
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.reading import Depth, Facts, Reading
from mailstead.services.search.folding import fold_text

RUN: Final = 4_096
"""Sorted before others get their turn; what is left to do at the end is to merge the runs."""
ROWS_A_TURN: Final = 100

FIELDS: Final = {
    SortKey.CC: b"cc",
    SortKey.FROM: b"from",
    SortKey.TO: b"to",
    SortKey.DISPLAYFROM: b"from",
    SortKey.DISPLAYTO: b"to",
}
DEPTHS: Final = {
    SortKey.ARRIVAL: Depth.ROW,
    SortKey.SIZE: Depth.ROW,
    SortKey.RELEVANCY: Depth.ROW,
    SortKey.DATE: Depth.RENDERED,
    SortKey.SUBJECT: Depth.RENDERED,
    **dict.fromkeys(FIELDS, Depth.HEADER),
}

Take = Callable[[Facts], Any]


async def sort_uids(
    reading: Reading, folder: FolderId, uids: UidSet, criteria: Sequence[SortBy], scores: Mapping[int, int]
) -> list[int]:
    """Those of `uids` that are still there, in this order; mailbox order decides where the criteria do not."""
    takes = [_taker(by.key, scores) for by in criteria]
    columns: list[list[Any]] = [[] for _ in criteria]
    found: list[int] = []
    async for rows in reading.facts(folder, uids, max(DEPTHS[by.key] for by in criteria)):
        found += [row.uid for row in rows]
        for start in range(0, len(rows), ROWS_A_TURN):
            for take, column in zip(takes, columns, strict=True):
                column.extend(map(take, rows[start : start + ROWS_A_TURN]))
            await asyncio.sleep(0)
    order = list(range(len(found)))
    for by, column in reversed(list(zip(criteria, columns, strict=True))):
        order = await _sort_stably(order, column, is_reverse=by.is_reverse)
    return [found[index] for index in order]


async def _sort_stably(order: list[int], column: list[Any], *, is_reverse: bool) -> list[int]:
    """RFC 5256 §3: REVERSE turns one criterion round, not the order of messages that are equal by it."""
    runs: list[int] = []
    for start in range(0, len(order), RUN):
        runs += sorted(order[start : start + RUN], key=column.__getitem__, reverse=is_reverse)
        await asyncio.sleep(0)
    runs.sort(key=column.__getitem__, reverse=is_reverse)
    return runs


def sent_at(row: Facts) -> int:
    """RFC 5256 §2.2: the sent date, or INTERNALDATE if there is none."""
    return row.internal_date if row.sent_at is None else row.sent_at


def _taker(key: SortKey, scores: Mapping[int, int]) -> Take:
    match key:
        case SortKey.ARRIVAL:
            return lambda row: row.internal_date
        case SortKey.SIZE:
            return lambda row: row.size
        case SortKey.DATE:
            return sent_at
        case SortKey.SUBJECT:
            return lambda row: fold_text(row.subject_base)
        case SortKey.RELEVANCY:
            return lambda row: -scores.get(row.uid, 0)  # RFC 6203 §6: the highest score comes first
        case SortKey.DISPLAYFROM | SortKey.DISPLAYTO:
            return _address_taker(FIELDS[key], display_name)
        case _:
            return _address_taker(FIELDS[key], lambda who: decode_field(who.local or b""))


def _address_taker(name: bytes, show: Callable[[Mailbox], str]) -> Take:
    names = frozenset((name,))

    def take(row: Facts) -> str:
        value = find_field(select_fields(row.header, b"", names, exclude=False), name)
        first = parse_mailboxes(value, 1) if value else ()
        return fold_text(show(first[0])) if first else ""

    return take


def display_name(who: Mailbox) -> str:
    """RFC 5957 §3."""
    if who.name and (shown := decode_field(who.name)):
        return shown
    local = decode_field(who.local or b"")
    return local if who.host is None or who.local is None else f"{local}@{decode_field(who.host)}"
