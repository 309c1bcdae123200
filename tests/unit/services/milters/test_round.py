"""Milters before a round: what they hear, what they may change, and what happens when they misbehave."""

import asyncio
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.milter import Fallback, MilterRule
from mailstead.ground.model.opinion import Opinion, Wish
from mailstead.net.clock import SystemClock
from mailstead.net.dial import Dialer
from mailstead.net.sweep import Sweep
from mailstead.services.filters.line import Lines, Place
from mailstead.services.folders.incoming import take
from mailstead.services.milters.milter import Milter
from mailstead.services.milters.round import Milled, MilterRound
from mailstead.store.blobs.local import FileBlobs
from mailstead.store.port.blobs import Blobs
from tests.support.filters.scene import stage

LETTER = b"From: eve@far.test\r\nSubject: a\r\n folded one\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\nhello\r\nworld\r\n"
ENVELOPE = Envelope(
    sender=Address("eve", "far.test"),
    recipients=(Recipient(Address("ada", "one.test")), Recipient(Address("bob", "one.test"))),
)
CLIENT = Client(ip="192.0.2.7", port=4711, helo="mail.far.test", tls="TLSv1.3 TLS_AES_256_GCM_SHA384")


def packet(letter: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", 1 + len(data)) + letter + data


@dataclass(frozen=True)
class Last:
    """It closes after that."""

    data: bytes = b""


@dataclass
class Play:
    """A milter that answers by the letter of each packet; `steps`: what it does not want, or does not answer."""

    answers: dict[bytes, object] = field(default_factory=dict)
    steps: int = 0
    version: int = 6
    actions: int = 0
    heard: list[tuple[bytes, bytes]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._play(reader, writer)
        finally:
            self.ended.set()

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            (length,) = struct.unpack(">I", await reader.readexactly(4))
            body = await reader.readexactly(length)
            letter, data = body[:1], body[1:]
            self.heard.append((letter, data))
            if letter == b"Q":
                return
            if letter in b"DA":
                continue
            answer = self.answers.get(letter, b"" if letter == b"O" else packet(b"c"))
            if letter == b"O" and not answer:
                answer = packet(b"O", struct.pack(">III", self.version, self.actions, self.steps))
            if callable(answer):
                answer = answer(data)
            is_last = isinstance(answer, Last)
            if isinstance(answer, Last):
                answer = answer.data
            assert isinstance(answer, bytes)
            writer.write(answer)
            await writer.drain()
            if is_last:
                return

    def said(self, letter: bytes) -> list[bytes]:
        return [data for other, data in self.heard if other == letter]


@dataclass
class Scene:
    blobs: Blobs

    async def visit(self, *plays: object, letter: bytes = LETTER, patience: float = 30.0, **rule: object) -> Milled:
        milters, open_stages = [], []
        try:
            for number, play in enumerate(plays):
                manager = stage(play)  # type: ignore[arg-type]
                open_stages.append(manager)
                where = await manager.__aenter__()
                told = MilterRule(name=f"m{number}", host="127.0.0.1", port=where.port, **rule)  # type: ignore[arg-type]
                lines = Lines(Place(host="127.0.0.1", port=where.port), Dialer("milter", Sweep(0.05)), patience)
                milters.append(Milter(told, lines))
            made = MilterRound(
                milters, self.blobs, SystemClock(), hostname="mx.test", daemon_name="smtp", size_max=1 << 20
            )
            milled = await made.visit(take(self.blobs, letter), ENVELOPE, CLIENT)
            for play in plays:
                if isinstance(play, Play) and play.heard:
                    await asyncio.wait_for(play.ended.wait(), 30)
            return milled
        finally:
            for manager in open_stages:
                await manager.__aexit__(None, None, None)

    async def text(self, milled: Milled) -> bytes:
        staged = milled.letter.staged
        return await self.blobs.reopen(staged).read(0, staged.size)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    blobs = FileBlobs(tmp_path, count(1).__next__, None)  # type: ignore[arg-type]
    yield Scene(blobs)
    blobs.close()


async def test_what_a_milter_hears(scene: Scene) -> None:
    play = Play()
    milled = await scene.visit(play)
    assert (milled.added, milled.opinions, await scene.text(milled)) == (b"", (), LETTER)
    assert play.said(b"C") == [b"[192.0.2.7]\x004" + struct.pack(">H", 4711) + b"192.0.2.7\0"]
    assert (play.said(b"H"), play.said(b"M")) == ([b"mail.far.test\0"], [b"<eve@far.test>\0"])
    assert play.said(b"R") == [b"<ada@one.test>\0", b"<bob@one.test>\0"]
    assert play.said(b"L") == [
        b"From\0eve@far.test\0", b"Subject\0a\n folded one\0", b"X-Twice\0" + b"1\0", b"X-Twice\0" + b"2\0"
    ]  # fmt: skip
    assert (play.said(b"B"), play.said(b"T"), play.said(b"N"), play.said(b"E")) == (
        [b"hello\r\nworld\r\n"], [b""], [b""], [b""]
    )  # fmt: skip
    macros = b"".join(play.said(b"D"))
    for told in (
        b"j\0mx.test\0",
        b"{client_addr}\x00192.0.2.7\0",
        b"{mail_addr}\0eve@far.test\0",
        b"{cipher}\0TLS_AES",
    ):
        assert told in macros
    assert [letter for letter, _ in play.heard if letter != b"D"] == [
        bytes([one]) for one in b"OCHMRRTLLLLNBEQ"
    ]  # fmt: skip


async def test_leading_blanks_if_asked(scene: Scene) -> None:
    play = Play(steps=0x100000, answers={b"E": packet(b"h", b"X-A\0  two\0") + packet(b"c")})
    milled = await scene.visit(play)
    assert play.said(b"L")[0] == b"From\0 eve@far.test\0"
    assert milled.added == b"X-A:  two\r\n"


async def test_what_is_not_wanted_is_not_told(scene: Scene) -> None:
    """0x1 to 0x40: no connection, hello, sender, recipients, body, fields, end of header; 0x200: no DATA."""
    play = Play(steps=0x27F)
    await scene.visit(play)
    assert [letter for letter, _ in play.heard if letter != b"D"] == [b"O", b"E", b"Q"]


async def test_what_is_not_answered(scene: Scene) -> None:
    silent = dict.fromkeys((b"C", b"H", b"M", b"R", b"T", b"L", b"N", b"B"), lambda _: b"\0\0\0\1p")
    play = Play(steps=0xFF080, answers=silent | {b"E": packet(b"p") + packet(b"c")})  # type: ignore[arg-type]
    assert (await scene.visit(play)).opinions == ()


CHANGES = {
    "added": (packet(b"h", b"X-A\0one\n\ttwo\0"), b"X-A: one\r\n\ttwo\r\n", LETTER),
    "inserted at the top": (packet(b"i", b"\0\0\0\1X-A\0v\0"), b"X-A: v\r\n", LETTER),
    "inserted below": (
        packet(b"i", b"\0\0\0\2X-A\0v\0"), b"", LETTER.replace(b"Subject", b"X-A: v\r\nSubject"),
    ),
    "changed": (
        packet(b"m", b"\0\0\0\2x-twice\0new\0"), b"", LETTER.replace(b"X-Twice: 2", b"X-Twice: new"),
    ),
    "removed": (packet(b"m", b"\0\0\0\1X-Twice\0\0"), b"", LETTER.replace(b"X-Twice: 1\r\n", b"")),
    "not there": (packet(b"m", b"\0\0\0\1X-None\0\0"), b"", LETTER),
    "a new body": (
        packet(b"b", b"new\n") + packet(b"b", b"lines\r\n"), b"", LETTER.partition(b"hello")[0] + b"new\r\nlines\r\n",
    ),
    "a field that would begin another": (
        packet(b"h", b"X-A\0v\r\nBcc: x@y.test\0"), b"X-A: v\r\n Bcc: x@y.test\r\n", LETTER,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "added", "letter"), CHANGES.values(), ids=CHANGES)
async def test_changes(scene: Scene, asked: bytes, added: bytes, letter: bytes) -> None:
    milled = await scene.visit(Play(answers={b"E": asked + packet(b"c")}))
    assert (milled.added, await scene.text(milled)) == (added, letter)
    assert milled.letter.rendered.header == letter.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


async def test_the_next_one_sees_what_came_before(scene: Scene) -> None:
    first = Play(answers={b"E": packet(b"h", b"X-A\0one\0") + packet(b"b", b"new\r\n") + packet(b"c")})
    second = Play(answers={b"E": packet(b"m", b"\0\0\0\1X-A\0two\0") + packet(b"a")})
    milled = await scene.visit(first, second)
    assert second.said(b"L")[0] == b"X-A\0one\0"
    assert (second.said(b"B"), milled.added) == ([b"new\r\n"], b"X-A: two\r\n")


VERDICTS = {
    "reject": (b"M", packet(b"r"), Wish.REFUSE, "", ""),
    "later": (b"L", packet(b"t"), Wish.PUT_OFF, "", ""),
    "thrown away": (b"E", packet(b"d"), Wish.DISCARD, "", ""),
    "in its words": (b"C", packet(b"y", b"554 5.7.1 not you\0"), Wish.REFUSE, "not you", ""),
    "later in its words": (b"B", packet(b"y", b"451 later\0"), Wish.PUT_OFF, "later", ""),
    "kept aside": (b"E", packet(b"q", b"odd\0") + packet(b"c"), Wish.SET_ASIDE, "", ""),
    "one recipient less": (b"E", packet(b"-", b"<BOB@one.test>\0") + packet(b"c"), Wish.DISCARD, "", "bob@one.test"),
}


@pytest.mark.parametrize(("at", "answer", "wish", "words", "recipient"), VERDICTS.values(), ids=VERDICTS)
async def test_verdicts(scene: Scene, at: bytes, answer: bytes, wish: Wish, words: str, recipient: str) -> None:
    last = Play()
    (opinion,) = (await scene.visit(Play(answers={at: answer}), last)).opinions
    assert (opinion.wish, opinion.words, opinion.recipient) == (wish, words, recipient)
    assert opinion.source == "milter m0"
    assert bool(last.heard) is (wish is Wish.SET_ASIDE or bool(recipient))


async def test_a_recipient_may_be_refused_alone(scene: Scene) -> None:
    play = Play(answers={b"R": lambda data: packet(b"r") if b"bob" in data else packet(b"c")})
    (opinion,) = (await scene.visit(play)).opinions
    assert (opinion.wish, opinion.recipient, play.said(b"E")) == (Wish.REFUSE, "bob@one.test", [b""])


async def test_skip_and_accept(scene: Scene) -> None:
    long = LETTER + b"x" * 80 * 1000 + b"\r\n"
    skipping, content = Play(answers={b"B": packet(b"s")}), Play(answers={b"H": packet(b"a")})
    await scene.visit(skipping, content, letter=long)
    assert (len(skipping.said(b"B")), skipping.said(b"E"), content.said(b"E")) == (1, [b""], [])


HOSTILE = {
    "closes at once": {b"O": Last()},
    "closes in the middle": {b"L": Last()},
    "closes at the end": {b"E": Last(packet(b"h", b"X-A\0v\0")[:7])},
    "garbage": {b"O": b"220 smtp.test ESMTP\r\n"},
    "an old version": {b"O": packet(b"O", struct.pack(">III", 1, 0, 0))},
    "a short negotiation": {b"O": packet(b"O", b"\0")},
    "a huge packet": {b"C": struct.pack(">I", 1 << 31)},
    "an empty packet": {b"C": struct.pack(">I", 0)},
    "an unknown reply": {b"H": packet(b"Z")},
    "a change too early": {b"M": packet(b"h", b"X-A\0v\0")},
    "an action that was not offered": {b"E": packet(b"+", b"<x@y.test>\0") + packet(b"c")},
    "a field without a name": {b"E": packet(b"h", b"\0v\0") + packet(b"c")},
    "a name with a line end": {b"E": packet(b"h", b"X\r\nY\0v\0") + packet(b"c")},
    "a text without its end": {b"E": packet(b"h", b"X-A") + packet(b"c")},
    "too many changes": {b"E": packet(b"h", b"X-A\0v\0") * 1001 + packet(b"c")},
    "too long fields": {b"E": packet(b"h", b"X-A\0" + b"v" * 60_000 + b"\0") * 5 + packet(b"c")},
    "too long a body": {b"E": packet(b"b", b"x" * 65_535) * 40 + packet(b"c")},
    "a reply code that accepts": {b"M": packet(b"y", b"250 ok\0")},
    "a shutdown": {b"M": packet(b"f")},
    "a skip too early": {b"M": packet(b"s")},
}


@pytest.mark.parametrize("answers", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_ones_change_nothing(scene: Scene, answers: dict[bytes, object]) -> None:
    milled = await scene.visit(Play(answers=answers), fallback=Fallback.ACCEPT)
    assert (milled.added, await scene.text(milled)) == (b"", LETTER)
    (opinion,) = milled.opinions
    assert (opinion.wish, bool(opinion.trouble)) == (Wish.NOTHING, True)


@pytest.mark.parametrize(
    ("fallback", "wish"),
    [(Fallback.TEMPFAIL, Wish.PUT_OFF), (Fallback.REJECT, Wish.REFUSE), (Fallback.QUARANTINE, Wish.SET_ASIDE)],
)
async def test_silence(scene: Scene, fallback: Fallback, wish: Wish) -> None:
    async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    (opinion,) = (await scene.visit(silence, patience=0.1, fallback=fallback)).opinions
    assert (opinion.wish, opinion.symptoms[0].words.startswith("it gave no answer")) == (wish, True)


async def test_nobody_there(scene: Scene, tmp_path: Path) -> None:
    rule = MilterRule(name="none", path=str(tmp_path / "none.sock"))
    lines = Lines(Place(path=rule.path), Dialer("milter", Sweep()), 1.0)
    made = MilterRound(
        [Milter(rule, lines)], scene.blobs, SystemClock(), hostname="mx.test", daemon_name="smtp", size_max=1000
    )
    (opinion,) = (await made.visit(take(scene.blobs, LETTER), ENVELOPE, CLIENT)).opinions
    assert isinstance(opinion, Opinion)
    assert opinion.wish is Wish.PUT_OFF
