"""SEARCH with the full-text index against SEARCH without it, over letters and needles of many scripts."""

import asyncio
import base64
import random
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mailstead.ground.model.flags import Flags
from mailstead.ground.model.ids import Instant, MessageId
from mailstead.ground.model.query import And, Fuzzy, InBody, InHeader, InText, Not, Or, Query
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.model.uidset import UidSet
from mailstead.net.ids import IdSource
from mailstead.services.folders.append import place as file_letter
from mailstead.services.folders.append import put_letter
from mailstead.services.folders.filing import Draft, Place
from mailstead.services.folders.incoming import Letter
from mailstead.services.folders.service import Folders
from mailstead.services.search import entries
from mailstead.services.search.hints import Hints, text_keys
from mailstead.services.search.indexing import Indexer
from mailstead.services.search.keys import Preparing
from mailstead.services.search.service import Scope, Search
from mailstead.store.fulltext.index import SqliteFullText
from mailstead.store.port import Tx
from tests.support.fake_clock import FakeClock
from tests.support.imap_scene import furnish
from tests.support.stores import sqlite_engine

PIECES = [
    "alpha", "Alphabet", "Straße", "STRASSE", "ß", "ẞ", "İstanbul", "ıstanbul", "istanbul", "ÉTÉ",
    "e\u0301te\u0301", "日本語テスト", "日本", "한국어", "Привет", "привет", "🎉🎊🎈", "👩‍👩‍👧", "ﬁne", "①②③",
    "a\u0308\u0323b", "ΣΊΣΥΦΟΣ", "σίσυφος", "\"quoted\"", "a\"b\"c", "NEAR(a b)", "alpha OR beta", "alpha* AND",
    "-minus", "col:umn", "head : x", "()", "^caret", "  ", "=?utf-8?q?x?=", "<b>bold</b>", "&amp;",
    "x<i>y</i>z", "\x01\x02\x03", "\t\t\t", "\ufdd0\ufdd0\ufdd0", "\u00ad", "½", "fi", "%_%", "''';--",
    "a.b@c.test", "pha <a.b@", "xa\0bx", "xa\ufdd0bx", "odd continuation", "by mx.test", "mx.test odd",
    "éxé <a.b@c", "(note)",
]  # fmt: skip
WORDS = st.lists(st.sampled_from(PIECES) | st.text(min_size=1, max_size=4), min_size=0, max_size=5).map(" ".join)


def clean(text: str) -> str:
    return "".join(char for char in text if char not in "\r\n" and not "\ud800" <= char <= "\udfff")


def header(name: str, text: str, how: int) -> bytes:
    if how == 0:
        return f"{name}: {text}\r\n".encode()
    word = base64.b64encode(text.encode()[:40]).decode()
    return f"{name}: =?utf-8?b?{word}?=\r\n tail\r\n".encode()


@st.composite
def letters(draw: Any) -> bytes:
    subject, who, body = (clean(draw(WORDS)) for _ in range(3))
    how = draw(st.integers(0, 1))
    head = draw(st.sampled_from([b"", b" odd continuation alpha\r\n"]))
    head += header("Subject", subject, how) + header("From", f"{who} (note) <a.b@c.test>", draw(st.integers(0, 1)))
    kind = draw(st.sampled_from(["plain", "html", "nested", "latin", "utf-16"]))
    match kind:
        case "nested":
            inner = header("Subject", body, how) + b"\r\n" + body.encode() + b"\r\n"
            return (
                head + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + body.encode()
                + b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--b--\r\n"
            )  # fmt: skip
        case "latin":
            return head + b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n" + body.encode("latin-1", "replace")
        case "utf-16":
            coded = base64.encodebytes(body.encode("utf-16")).replace(b"\n", b"\r\n")
            mime = b"Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            return head + mime + coded
        case _:
            return head + f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n".encode() + body.encode() + b"\r\n"


def cut_needle(text: str, chance: random.Random) -> str:
    start = chance.randrange(len(text) + 1)
    return text[start : start + chance.randrange(1, 9)]


JOINED = st.lists(st.sampled_from(PIECES), min_size=1, max_size=2).map(" ".join)
NEEDLES = st.one_of(st.sampled_from(PIECES), st.builds(cut_needle, JOINED, st.randoms()))
LEAVES = NEEDLES.flatmap(
    lambda text: st.sampled_from(
        [InBody(text), InText(text), InHeader("subject", text), InHeader("from", text), InHeader("return-path", text)]
    )
)
QUERIES: st.SearchStrategy[Query] = st.one_of(
    LEAVES, LEAVES, LEAVES.map(Not), st.builds(Or, LEAVES, LEAVES), st.tuples(LEAVES, LEAVES).map(And),
    LEAVES.map(Fuzzy),
)  # fmt: skip


def fold_needles(query: Query) -> Query:
    return Preparing(SequenceSet, SequenceSet).prepare(query)  # type: ignore[arg-type]


async def compare(data: list[bytes], later: list[bytes], queries: list[Query], folder: Path) -> None:
    async with sqlite_engine(folder) as engine:
        store = await engine.open()
        account = await furnish(store, {})
        folders = Folders.on(store, FakeClock(), IdSource(FakeClock(), 1))
        place = Place.of(await folders.tree.get(account, "INBOX"))
        index = SqliteFullText(folder / "search.db")
        indexer = Indexer(store, folders.reading, index, monotonic)

        async def file(letters: list[bytes]) -> None:
            for number, one in enumerate(letters):
                letter = folders.take(one)
                if number % 2:
                    await deliver(folders, place, letter)
                else:
                    await folders.filing.append(place, [Draft(letter, Flags(), Instant(1))])

        await file(data)
        for _ in range(2):
            await indexer.run()
        mark = index.mark(account)
        assert mark is not None and mark.walk is None
        await file(later)  # not indexed
        uids = UidSet(((1, len(data) + len(later)),))
        scope = Scope(uids, lambda _: uids, lambda _: uids)
        plain = Search(folders.reading, FakeClock())
        quick = Search(folders.reading, FakeClock(), Hints(store, index, least=0))
        for query in queries:
            wanted = await plain.find(place.folder_id, query, scope)
            for key in text_keys(fold_needles(query)):
                hints = await Hints(store, index, least=0).of(place.folder_id, key, 1)
                assert key in hints or {"\ufdd0", "\0"} & {*key.text}, "the index can say"
            assert list(await quick.find(place.folder_id, query, scope)) == list(wanted), query
        await index.close()


IDS = IdSource(FakeClock(), 2)
PREFIX = b"Return-Path: <alpha@c.test>\r\nReceived: by mx.test\r\n"


async def deliver(folders: Folders, place: Place, letter: Letter) -> None:
    """As letters come by SMTP: with lines of their own before them."""
    message_id = MessageId(IDS.next())

    async def unit(tx: Tx) -> None:
        modseq = (await tx.advance(place.account_id))[place.account_id]
        await file_letter(
            tx, account=place.account_id, folder=place.folder_id, message_id=message_id,
            blob_id=await put_letter(tx, letter), prefix=PREFIX, size=letter.staged.size + len(PREFIX), flags=Flags(),
            internal_date=Instant(1), now=Instant(1), modseq=modseq, may_exceed=True,
        )  # fmt: skip

    await folders.store.write(unit)


PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=40, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck))
@given(st.lists(letters(), min_size=1, max_size=12), st.lists(letters(), min_size=1, max_size=3), st.data())
def test_finds_what_reading_finds(data: list[bytes], later: list[bytes], more: Any) -> None:
    queries = more.draw(st.lists(QUERIES, min_size=30, max_size=60))
    entries_max = entries.TEXT_MAX
    entries.TEXT_MAX = more.draw(st.sampled_from([entries_max, 60]))  # type: ignore[misc]
    try:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(compare(data, later, queries, Path(folder)))
    finally:
        entries.TEXT_MAX = entries_max  # type: ignore[misc]


TRAPS: list[tuple[bytes, Query]] = [
    (b"From: alpha (note) <a.b@c.test>\r\n\r\nx\r\n", InHeader("from", "pha <a.b@c")),
    (b" odd continuation\r\nSubject: x\r\n\r\ny\r\n", InHeader("received", "mx.test odd")),
    (b" odd continuation\r\nSubject: z\r\n\r\ny\r\n", InText("mx.test odd")),
    (b"Subject: x\r\n\r\nxa\0bx\r\n", InBody("xa\ufdd0bx")),
    ("Subject: x\r\n\r\nxa\ufdd0bx\r\n".encode(), InBody("xa\ufdd0bx")),
    (b"Subject: a\r\nX-Last: b\r\n\r\nbody\r\n", InText("a\nX-LAST")),
    (b"Subject: x\r\n\r\nline\r\nend\r\n", InBody("line\r\nend")),
]


def test_traps(tmp_path: Path) -> None:
    """Each once behind lines of delivery, once without."""
    data = [one for one, _ in TRAPS for _ in range(2)]
    asyncio.run(compare(data, data[:1], [query for _, query in TRAPS], tmp_path))
