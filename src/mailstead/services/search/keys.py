"""The keys of a query over one chunk as set algebra: AND narrows, OR looks only at what is left, NOT takes away."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

from mailstead.ground.formats.date import parse_date
from mailstead.ground.formats.headers import find_field
from mailstead.ground.model.query import (
    All,
    And,
    DateOf,
    HasFlag,
    HasKeyword,
    InBody,
    InHeader,
    InText,
    IsRecent,
    Larger,
    Not,
    Numbers,
    OnDay,
    Or,
    Query,
    Smaller,
    Uids,
    When,
)  # fmt: skip
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.model.uidset import UidSet
from mailstead.services.folders.reading import FetchRow
from mailstead.services.search.chunk import Chunk
from mailstead.services.search.folding import fold_text
from mailstead.services.search.texts import Fields

Resolve = Callable[[SequenceSet], UidSet]
DAY_MS: Final = 86_400_000
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
NOTHING: Final = UidSet()


def prepare(query: Query, resolve_numbers: Resolve, resolve_uids: Resolve) -> Query:  # noqa: PLR0911 - a case a key
    """Once for a search: numbers become UIDs, needles are folded, the keys of an AND stand from cheap to dear."""

    def again(key: Query) -> Query:
        return prepare(key, resolve_numbers, resolve_uids)

    match query:
        case And(keys):
            return And(tuple(sorted(map(again, keys), key=cost)))
        case Or(left, right):
            return Or(*sorted((again(left), again(right)), key=cost))
        case Not(key):
            return Not(again(key))
        case Numbers(numbers):
            return _fixed(resolve_numbers(numbers))
        case Uids(uids):
            return _fixed(resolve_uids(uids))
        case InHeader(name, text):
            return InHeader(name.lower(), fold_text(text))
        case InText(text):
            return InText(fold_text(text))
        case InBody(text):
            return InBody(fold_text(text))
        case _:
            return query


def _fixed(uids: UidSet) -> Uids:
    return Uids(SequenceSet(uids.runs))


def cost(query: Query) -> int:  # noqa: PLR0911 - a case a key
    """What a key has to read: nothing, flags, rows, headers or bodies."""
    match query:
        case All() | IsRecent() | Numbers() | Uids():
            return 0
        case HasFlag() | HasKeyword():
            return 1
        case Larger() | Smaller():
            return 2
        case OnDay(which=which):
            return 2 if which is DateOf.ARRIVAL else 3
        case InHeader():
            return 3
        case InText() | InBody():
            return 4
        case Not(key):
            return cost(key)
        case And(keys):
            return max(map(cost, keys))
        case Or(left, right):
            return max(cost(left), cost(right))


async def find_in(chunk: Chunk, query: Query, among: UidSet) -> UidSet:
    """Those of `among` that match a prepared query and are there."""
    if not among:
        return among
    match query:
        case And(keys):
            for key in keys:
                among = await find_in(chunk, key, among)
            return among
        case Or(left, right):
            found = await find_in(chunk, left, among)
            return found | await find_in(chunk, right, among - found)
        case Not(key):
            present = UidSet.of(row.uid for row in await chunk.flags()) & among
            return present - await find_in(chunk, key, present)
        case _:
            return await _find_leaf(chunk, query, among)


async def _find_leaf(chunk: Chunk, query: Query, among: UidSet) -> UidSet:  # noqa: PLR0911 - a case a key
    match query:
        case Uids(uids):
            return UidSet(uids.ranges) & among
        case IsRecent():
            return NOTHING  # \Recent is never set here, see SELECT
        case All():
            return UidSet.of(row.uid for row in await chunk.flags()) & among
        case HasFlag(flag):
            return UidSet.of(row.uid for row in await chunk.flags() if row.bits & flag) & among
        case HasKeyword(word):
            lower = word.lower()
            matching = (
                row.uid for row in await chunk.flags() if row.keywords and lower in row.keywords.lower().split(" ")
            )
            return UidSet.of(matching) & among
        case Larger(size):
            return UidSet.of(row.uid for row in await chunk.rows() if row.size > size) & among
        case Smaller(size):
            return UidSet.of(row.uid for row in await chunk.rows() if row.size < size) & among
        case OnDay():
            return await _find_day(chunk, query, among)
        case InHeader() | InText() | InBody():
            return await _find_words(chunk, query, among)
        case _:
            raise AssertionError(query)


async def _find_day(chunk: Chunk, query: OnDay, among: UidSet) -> UidSet:
    """RFC 9051 §6.4.4: time and zone are disregarded. Arrival is a day of UTC, as INTERNALDATE is told in it."""
    if query.which is DateOf.ARRIVAL:
        rows: Iterable[FetchRow] = await chunk.rows()
        return UidSet.of(row.uid for row in rows if lies(row.internal_date // DAY_MS, query)) & among
    found = []
    async for row in chunk.headers(among):
        written = find_field(row.header, b"date")
        sent = parse_date(written) if written is not None else None
        if sent is not None and lies(sent.day, query):
            found.append(row.uid)
    return UidSet.of(found)


def lies(day: int, query: OnDay) -> bool:
    """Before, on, or not before; days count from 1970."""
    wanted = query.day.toordinal() - EPOCH_DAY
    match query.when:
        case When.BEFORE:
            return day < wanted
        case When.ON:
            return day == wanted
        case When.SINCE:
            return day >= wanted


async def _find_words(chunk: Chunk, query: InHeader | InText | InBody, among: UidSet) -> UidSet:
    found: list[int] = []
    if isinstance(query, InHeader):
        name = query.name.encode("utf-8")
        rows = chunk.headers(among)
        return UidSet.of([row.uid async for row in rows if Fields(row.prefix + row.header).holds(name, query.text)])
    if not query.text:  # every text holds the empty one
        return await find_in(chunk, All(), among)
    if isinstance(query, InText):
        rows = chunk.headers(among)
        found = [row.uid async for row in rows if query.text in Fields(row.prefix + row.header).text()]
        among -= UidSet.of(found)
    async for row, texts in chunk.texts(among):
        if any(query.text in text for text in texts):
            found.append(row.uid)
    return UidSet.of(found)
