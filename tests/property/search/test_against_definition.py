"""SEARCH against its definition: every key asked of every message, one by one (RFC 9051 §6.4.4)."""

import asyncio
import tempfile
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.ids import Instant
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
from mailstead.net.ids import IdSource
from mailstead.servers.imap.view import Numbering
from mailstead.services.folders.filing import Draft, Place
from mailstead.services.folders.service import Folders
from mailstead.services.search.service import Scope, Search
from tests.support.fake_clock import FakeClock
from tests.support.imap_scene import furnish
from tests.support.stores import sqlite_engine

WORDS = ["alpha", "Straße", "ÉTÉ", "été", "STRASSE", "a", ""]
DAYS = [date(2024, 2, day) for day in (1, 2, 3)]


@dataclass(frozen=True)
class Letter:
    """One message as the test knows it."""

    subject: str
    body: str
    bits: Flag
    keyword: str
    arrived: date

    @property
    def data(self) -> bytes:
        head = (
            f"Subject: {self.subject}\r\nContent-Type: text/plain; charset=utf-8\r\nDate: 2 Feb 2024 23:00:00 -0900\r\n"
        )
        return f"{head}\r\n{self.body}\r\n".encode()


def fold(text: str) -> str:
    """RFC 5051 §2."""
    titles = (title if len(title := char.title()) == 1 else char for char in text)
    return unicodedata.normalize("NFKD", "".join(titles))


def holds(letter: Letter, uid: int, number: int, query: Query) -> bool:
    """The definition."""
    match query:
        case All():
            return True
        case And(keys):
            return all(holds(letter, uid, number, key) for key in keys)
        case Or(left, right):
            return holds(letter, uid, number, left) or holds(letter, uid, number, right)
        case Not(key):
            return not holds(letter, uid, number, key)
        case HasFlag(flag):
            return bool(letter.bits & flag)
        case HasKeyword(word):
            return letter.keyword.lower() == word.lower()
        case IsRecent():
            return False
        case InHeader(name, text):
            return name == "subject" and fold(text) in fold(letter.subject)
        case InBody(text):
            return fold(text) in fold(letter.body + "\r\n")
        case InText(text):
            header = letter.data.decode().partition("\r\n\r\n")[0]
            return fold(text) in fold(header) or fold(text) in fold(letter.body)
        case Larger(size):
            return len(letter.data) > size
        case Smaller(size):
            return len(letter.data) < size
        case OnDay(which, when, day):
            own = letter.arrived if which is DateOf.ARRIVAL else date(2024, 2, 2)
            return {When.BEFORE: own < day, When.ON: own == day, When.SINCE: own >= day}[when]
        case Numbers(numbers):
            return any(first <= number <= last for first, last in numbers.ranges)
        case Uids(uids):
            return any(first <= uid <= last for first, last in uids.ranges)


RANGES = st.tuples(st.integers(1, 9), st.integers(1, 9)).map(lambda pair: SequenceSet(((min(pair), max(pair)),)))
LEAVES = st.one_of(
    st.just(All()), st.just(IsRecent()), st.sampled_from(Flag).filter(bool).map(HasFlag),
    st.sampled_from(["Work", "play"]).map(HasKeyword),
    st.sampled_from(WORDS).map(lambda word: InHeader("subject", word)),
    st.just(InHeader("x-none", "")), st.sampled_from(WORDS).map(InBody), st.sampled_from(WORDS).map(InText),
    st.integers(100, 140).map(Larger), st.integers(100, 140).map(Smaller), RANGES.map(Numbers), RANGES.map(Uids),
    st.builds(OnDay, st.sampled_from([DateOf.ARRIVAL, DateOf.SENT]), st.sampled_from(When), st.sampled_from(DAYS)),
)  # fmt: skip
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda keys: And(tuple(keys))),
        st.builds(Or, inner, inner),
        inner.map(Not),
    ),
    max_leaves=6,
)
LETTERS = st.lists(
    st.builds(
        Letter, st.sampled_from(WORDS), st.sampled_from(WORDS), st.sampled_from([Flag.NONE, Flag.SEEN, Flag.DELETED]),
        st.sampled_from(["", "WORK"]), st.sampled_from(DAYS),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


async def compare(letters: list[Letter], queries: list[Query], folder: Path) -> None:
    async with sqlite_engine(folder) as engine:
        store = await engine.open()
        account = await furnish(store, {})
        folders = Folders.on(store, FakeClock(), IdSource(FakeClock(), 1))
        place = Place.of(await folders.tree.get(account, "INBOX"))
        drafts = [
            Draft(
                folders.take(letter.data),
                Flags.of(letter.bits, (letter.keyword,) if letter.keyword else ()),
                at(letter),
            )
            for letter in letters
        ]
        await folders.filing.append(place, drafts)
        async for _ in folders.filing.expunge(place, UidSet(((2, 2),)), only_deleted=False):
            pass
        there = [(uid, letter) for uid, letter in enumerate(letters, 1) if uid != 2]
        numbering = Numbering(UidSet.of(uid for uid, _ in there))
        scope = Scope(numbering.told, lambda it: numbering.resolve_numbers(it, strict=False), numbering.resolve_uids)
        for query in queries:
            found = await Search(folders.reading, FakeClock()).find(place.folder_id, query, scope)
            wanted = [uid for number, (uid, letter) in enumerate(there, 1) if holds(letter, uid, number, query)]
            assert list(found) == wanted, query


def at(letter: Letter) -> Instant:
    moment = datetime(letter.arrived.year, letter.arrived.month, letter.arrived.day, 23, 59, tzinfo=UTC)
    return Instant(int(moment.timestamp() * 1000))


PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # each example is a database


@settings(max_examples=15, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(LETTERS, st.lists(QUERIES, min_size=30, max_size=60))
def test_finds_what_the_definition_finds(letters: list[Letter], queries: list[Query]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(letters, queries, Path(folder)))
