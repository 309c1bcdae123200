"""The keys of a query over one chunk as set algebra: AND narrows, OR looks only at what is left, NOT takes away."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from mailstead.ground.formats.date import parse_date
from mailstead.ground.formats.headers import find_field
from mailstead.ground.model.query import (
    Aged,
    All,
    And,
    ChangedFrom,
    DateOf,
    Fuzzy,
    HasFlag,
    HasKeyword,
    HasOrigin,
    InBody,
    InHeader,
    InText,
    IsRecent,
    Larger,
    Named,
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
from mailstead.services.search.chunk import Chunk
from mailstead.services.search.folding import fold_text, loose_words, score_loosely
from mailstead.services.search.needle import Needle
from mailstead.services.search.texts import Fields

Resolve = Callable[[SequenceSet], UidSet]
DAY_MS: Final = 86_400_000
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
NOTHING: Final = UidSet()


@dataclass(frozen=True, slots=True)
class Preparing:
    """Once for a search: numbers become UIDs, needles are folded, the keys of an AND stand from cheap to dear."""

    resolve_numbers: Resolve
    resolve_uids: Resolve

    def prepare(self, query: Query, *, is_loose: bool = False) -> Query:
        """In what comes back, FUZZY stands only before texts."""
        match query:
            case And(keys):
                return And(tuple(sorted((self.prepare(key, is_loose=is_loose) for key in keys), key=cost)))
            case Or(left, right):
                both = (self.prepare(left, is_loose=is_loose), self.prepare(right, is_loose=is_loose))
                return Or(*sorted(both, key=cost))
            case Not(key):
                return Not(self.prepare(key, is_loose=is_loose))
            case Fuzzy(key):
                return self.prepare(key, is_loose=True)
            case Numbers(numbers):
                return _fixed(self.resolve_numbers(numbers))
            case Uids(uids):
                return _fixed(self.resolve_uids(uids))
            case InHeader() | InText() | InBody():
                return _fold(query, is_loose=is_loose)
            case _:
                return query


def _fold(query: InHeader | InText | InBody, *, is_loose: bool) -> Query:
    words = loose_words(query.text) if is_loose else ""
    loosely = bool(words.strip())  # RFC 6203 §5: a text without words is compared exactly
    text = words if loosely else fold_text(query.text)
    match query:
        case InHeader(name):
            folded: Query = InHeader(name.lower(), text)
        case InText():
            folded = InText(text)
        case InBody():
            folded = InBody(text)
    return Fuzzy(folded) if loosely else folded


def _fixed(uids: UidSet) -> Uids:
    return Uids(SequenceSet(uids.runs))


def cost(query: Query) -> int:  # noqa: PLR0911 - a case a key
    """What a key has to read: nothing, flags, rows, headers or bodies."""
    match query:
        case All() | IsRecent() | Numbers() | Uids() | Named():
            return 0
        case HasFlag() | HasKeyword() | ChangedFrom():
            return 1
        case Larger() | Smaller() | Aged():
            return 2
        case OnDay(which=which):
            return 3 if which is DateOf.SENT else 2
        case InHeader() | HasOrigin():
            return 3
        case InText() | InBody():
            return 4
        case Not(key) | Fuzzy(key):
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
        case ChangedFrom() | Aged() | HasOrigin():
            return await _find_added(chunk, query, among)
        case _:
            return await _find_text(chunk, query, among)


async def _find_added(chunk: Chunk, query: ChangedFrom | Aged | HasOrigin, among: UidSet) -> UidSet:
    """The keys of extensions."""
    match query:
        case ChangedFrom(modseq):
            return UidSet.of(row.uid for row in await chunk.flags() if row.modseq >= modseq) & among
        case Aged(seconds, is_older):
            # RFC 5032 §3: the moment of the search less the interval; both keys hold what arrived just then.
            at = chunk.now - 1000 * seconds
            rows = await chunk.rows()
            dates = ((row.uid, row.internal_date) for row in rows)
            return UidSet.of(uid for uid, date in dates if (date <= at if is_older else date >= at)) & among
        case HasOrigin(origin_id):
            return UidSet.of([uid async for uid, origin in chunk.origins(among) if origin == origin_id])


async def _find_text(chunk: Chunk, query: Query, among: UidSet) -> UidSet:
    match query:
        case InHeader() | InText() | InBody():
            return await _find_words(chunk, query, among)
        case Fuzzy(InHeader() | InText() | InBody() as key):
            return await _find_loosely(chunk, key, among)
        case _:
            raise AssertionError(query)


async def _find_day(chunk: Chunk, query: OnDay, among: UidSet) -> UidSet:
    """RFC 9051 §6.4.4: time and zone are disregarded. Arrival is a day of UTC, as INTERNALDATE is told in it."""
    if query.which is not DateOf.SENT:
        is_arrival = query.which is DateOf.ARRIVAL
        dates = ((row.uid, row.internal_date if is_arrival else row.saved_at) for row in await chunk.rows())
        return UidSet.of(uid for uid, date in dates if lies(date // DAY_MS, query)) & among
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
    hint = chunk.hints.get(query)
    if hint is None:
        return await _read_words(chunk, query, among)
    sure = hint.sure & among
    return sure | await _read_words(chunk, query, (hint.maybe & among) - sure)


async def _read_words(chunk: Chunk, query: InHeader | InText | InBody, among: UidSet) -> UidSet:
    if not among:
        return among
    found: list[int] = []
    needle = Needle.of(query.text)
    if isinstance(query, InHeader):
        name = query.name.encode("utf-8")
        heads = ((row.uid, row.prefix + row.header) async for row in chunk.headers(among))
        return UidSet.of([uid async for uid, head in heads if Fields.named(head, name).holds(name, needle)])
    if not query.text:  # every text holds the empty one
        return await find_in(chunk, All(), among)
    if isinstance(query, InText):
        heads = ((row.uid, row.prefix + row.header) async for row in chunk.headers(among))
        found = [
            uid async for uid, head in heads if needle.may_be_in_header(head) and query.text in Fields(head).text()
        ]
        among -= UidSet.of(found)
    async for row, texts in chunk.texts(among, needle):
        if any(query.text in text for text in texts):
            found.append(row.uid)
    return UidSet.of(found)


async def _find_loosely(chunk: Chunk, query: InHeader | InText | InBody, among: UidSet) -> UidSet:
    """RFC 6203: all words, wherever they stand, without case and diacritics."""
    found: dict[int, int] = {}
    heads: dict[int, str] = {}
    if not isinstance(query, InBody):
        async for row in chunk.headers(among):
            fields = Fields(row.prefix + row.header)
            heads[row.uid] = fields.values(query.name.encode()) if isinstance(query, InHeader) else fields.text()
    if isinstance(query, InHeader):
        found = {uid: score_loosely(query.text, loose_words(head)) for uid, head in heads.items()}
    else:
        async for row, texts in chunk.texts(among):
            found[row.uid] = score_loosely(query.text, loose_words("\n".join([heads.get(row.uid, ""), *texts])))
    for uid, score in found.items():
        if score:
            chunk.score(uid, score)
    return UidSet.of(uid for uid, score in found.items() if score)
