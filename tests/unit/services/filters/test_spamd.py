"""spamd as it should be, and as it should not."""

import asyncio
from collections.abc import Iterator

import pytest

from mailstead.ground.model.envelope import Client
from mailstead.ground.model.opinion import Opinion, Symptom
from mailstead.ground.model.policy import Policy, Spam
from mailstead.net.dial import Dialer
from mailstead.net.sweep import Sweep
from mailstead.services.checks.specimen import Octets
from mailstead.services.filters.asking import Silent
from mailstead.services.filters.line import Lines, Place
from mailstead.services.filters.spamd import Spamd, SpamdSettings
from tests.support.fake_clock import FakeClock
from tests.support.filters.daemons import Daemon, spamd
from tests.support.filters.letters import HAM, SPAM, letter
from tests.support.filters.scene import Play, specimen, stage

PILLS = letter("pills", b"cheap tablets shipped discreetly overnight without prescription order today\r\n")
TALK = letter("talk", b"minutes of our committee meeting about the garden and the broken fence\r\n")
BEFORE = (
    b"Return-Path: <eve@far.test>\r\nAuthentication-Results: mx.test; none\r\n"
    b"Received: from mail.far.test ([192.0.2.7])"
)


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with spamd() as running:
        yield running


def client(port: int, timeout: float = 30.0, max_size: int = 500_000, user: str = "") -> Spamd:
    lines = Lines(Place(host="localhost", port=port), Dialer("filter", Sweep()), timeout)
    return Spamd(lines, FakeClock(), SpamdSettings(hostname="mx.test", max_size=max_size, user=user))


async def opinion(filter_: Spamd, content: bytes) -> Opinion:
    (one,) = await filter_.ask(specimen(content))
    return one


async def test_scores_and_rules(daemon: Daemon) -> None:
    real = client(daemon.port, user="nobody")
    spam = await opinion(real, SPAM)
    assert spam.score >= 1000.0
    assert spam.symptoms[0] == Symptom("GTUBE", 1000.0, "BODY: Generic Test for Unsolicited Bulk Email")
    ham = await opinion(real, HAM)
    assert ham.score < 5.0
    assert not ham.trouble


async def test_a_table_in_the_letter_is_not_its_report(daemon: Daemon) -> None:
    faked = letter("faked", b"---- ---------------------- ----------\n-900 FAKED fine\n")
    assert "FAKED" not in [symptom.name for symptom in (await opinion(client(daemon.port), faked)).symptoms]


async def test_it_learns(daemon: Daemon) -> None:
    real = client(daemon.port)
    before = (await opinion(real, PILLS)).score
    await real.learn(Octets(PILLS), is_spam=True)
    await real.learn(Octets(TALK), is_spam=False)
    after = await opinion(real, PILLS)
    assert after.score >= before + 1
    assert any(symptom.name.startswith("BAYES_") and symptom.weight > 0 for symptom in after.symptoms)


async def test_so_much_of_a_long_letter(daemon: Daemon) -> None:
    small = client(daemon.port, max_size=1024)
    assert (await opinion(small, HAM + b"x" * 2000 + SPAM)).score < 5.0
    assert (await opinion(small, SPAM + b"x" * 3_000_000)).score >= 1000.0


async def test_a_client_that_tries_to_forge_a_line(daemon: Daemon) -> None:
    evil = Client(ip="192.0.2.7", helo="x\r\nX-Spam: no\r\n\r\n", protocol="SMTP")
    (one,) = await client(daemon.port).ask(specimen(SPAM, client=evil))
    assert one.score >= 1000.0


def test_nobody_wants_it() -> None:
    assert client(1).is_wanted(specimen(HAM))
    assert not client(1).is_wanted(specimen(HAM, {"dev.localhost": Policy(spam=Spam(enabled=False))}))


def says(reply: bytes, heard: list[bytes] | None = None) -> Play:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.readuntil(b"far.test")
        if heard is not None:
            heard.append(data + await reader.readuntil(b"hello\r\n\r\n"))
        writer.write(reply)
        writer.write_eof()
        while await reader.read(65536):
            pass

    return play


def report(head: str, body: str = "") -> bytes:
    return f"SPAMD/1.1 0 EX_OK\r\nContent-length: {len(body)}\r\n{head}\r\n\r\n{body}".encode()


async def test_what_is_said() -> None:
    heard: list[bytes] = []
    table = "blah\n---- ---------------------- ----------\n 2.5 ONE  first\n                 and more\n-1.0 TWO\n"
    async with stage(says(report("Spam: True ; 3.0 / 10.0", table), heard)) as there:
        one = await opinion(client(there.port, user="ann"), HAM)
    assert one.score == 1.5  # its threshold is 10
    assert one.symptoms == (Symptom("ONE", 2.5, "first"), Symptom("TWO", -1.0))
    head, _, body = heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"REPORT SPAMC/1.5\r\n")
    assert b"User: ann" in head
    assert body.startswith(BEFORE)
    assert b"Content-length: %d" % len(body) in head
    assert body.endswith(HAM + b"\r\n")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b"", "its reply ends too early"),
        (b"SPAMD/1.1 0 EX_", "its reply ends too early"),
        (b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 1", "its reply ends too early"),
        (b"SPAMD/1.1 0 EX_OK\r\nContent-length: 99\r\nSpam: True ; 9 / 5\r\n\r\nshort", "its reply ends too early"),
        (b"SPAMD/1.0 76 Bad header line: (EOF)\r\n\r\n", "it refused: Bad header line"),
        (b"220 mx.test ESMTP\r\n\r\n", "its reply is none of spamd's"),
        (b"\xff\x00" * 8000, "its reply is none of spamd's"),
        (report("Spam: perhaps"), "its reply has no score"),
        (report("Spam: True ; nan / 5.0"), "its reply has no score"),
        (b"SPAMD/1.1 0 EX_OK\r\nContent-length: 99999999\r\n\r\n", "its reply is longer than 262144 octets"),
        (b"SPAMD/1.1 0 EX_OK\r\nContent-length: -1\r\n\r\n", "its reply is longer than 262144 octets"),
        (b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 9 / 5\r\n\r\n" + b"x" * 5_000_000, "its reply is longer than 262144"),
    ],
)
@pytest.mark.parametrize("size", [100, 3_000_000])
async def test_it_misbehaves(reply: bytes, words: str, size: int) -> None:
    async with stage(says(reply)) as there:
        with pytest.raises(Silent, match=words):
            await client(there.port, max_size=1 << 30).ask(specimen(HAM + b"x" * size))


async def test_it_may_not_be_taught() -> None:
    async with stage(says(b"SPAMD/1.0 69 Service Unavailable: TELL commands are not enabled\r\n\r\n")) as there:
        with pytest.raises(Silent, match="TELL commands are not enabled"):
            await client(there.port).learn(Octets(HAM), is_spam=True)
