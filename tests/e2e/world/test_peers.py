"""Peers in bad moods, and what the whole program makes of them: the letter arrives, or the story says why not."""

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.peer import Act, Peer
from tests.support.programs import need
from tests.support.world.home import Home, fate_of
from tests.support.world.letters import letter
from tests.support.world.waiting import answers, until
from tests.support.world.world import World

pytestmark = pytest.mark.e2e


async def wait_until(look: object) -> None:
    """While the peer of this very loop answers."""
    async with asyncio.timeout(20):
        while not look():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("number", "stage", "play"),
    [
        (1, "greeting", b"421 4.3.2 not now"),
        (2, "greeting", b"554 5.3.2 not you"),
        (3, "greeting", Act.CLOSE),
        (4, "greeting", Act.GARBAGE),
        (5, "EHLO", Act.CLOSE),
        (6, "MAIL", b"451 4.3.0 not now"),
        (7, "MAIL", Act.CLOSE),
        (8, "RCPT", Act.CLOSE),
        (9, "RCPT", b"421 4.3.2 no more"),
        (10, "DATA", Act.CLOSE),
    ],
)
async def test_the_next_host_takes_it(world: World, home: Home, number: int, stage: str, play: object) -> None:
    """Nobody has taken it yet, so the host that is less preferred is tried at once."""
    async with Peer(**{stage: play}).listen(host=world.host(number), port=world.port) as peer:
        await asyncio.to_thread(home.submit, letter(f"pair{number}"), f"bob@pair{number}.world.test")
        (arrived,) = await asyncio.to_thread(world.postfix.mail.wait, f"pair{number}", what=home.log)
        assert peer.connections >= 1
        assert peer.letters == []
    assert b"X-Original-To: bob@pair" in arrived
    await asyncio.to_thread(home.wait_event, "spool.recipient.sent", to=f"bob@pair{number}.world.test")
    (chapter,) = await home.tell(f"bob@pair{number}.world.test")
    assert chapter["results"][0]["host"] == "mx.plain.world.test [127.0.1.1]"
    assert f"mx.peer{number}.world.test" in str(chapter["steps"])


@pytest.mark.parametrize(
    ("number", "stage"),
    [(11, "RCPT"), (12, "DATA"), (13, "content")],
)
async def test_what_is_said_for_now_is_tried_again(world: World, home: Home, number: int, stage: str) -> None:
    usual = {"RCPT": b"250 2.1.5 ok", "DATA": b"354 go on", "content": b"250 2.0.0 taken"}[stage]
    domain = f"pair{number}.world.test"
    async with Peer(**{stage: [b"450 4.2.1 busy", usual]}).listen(host=world.host(number), port=world.port) as peer:
        await asyncio.to_thread(home.submit, letter(f"again{number}"), f"bob@{domain}")
        await wait_until(lambda: peer.letters)
        await asyncio.to_thread(home.wait_event, "spool.recipient.sent", to=f"bob@{domain}")
        assert len(peer.letters) == 1
    first, second = await home.tell(f"bob@{domain}")
    assert first["results"][0]["said"] == "450 4.2.1 busy"
    assert second["results"][0]["ending"] in ("relayed", "delivered")
    assert world.postfix.mail.letters(f"again{number}") == []


@pytest.mark.parametrize(("number", "stage"), [(14, "MAIL"), (15, "RCPT"), (16, "DATA"), (17, "content")])
async def test_what_is_said_for_good_is_told_to_the_sender(world: World, home: Home, number: int, stage: str) -> None:
    domain = f"peer{number}.world.test"
    async with Peer(**{stage: b"550 5.7.1 we know you"}).listen(host=world.host(number), port=world.port) as peer:
        await asyncio.to_thread(home.submit, letter(f"no{number}"), f"bob@{domain}")
        notice = await asyncio.to_thread(home.wait_notice, f"no{number}")
        assert peer.letters == []
    assert (fate_of(notice)["Status"], fate_of(notice)["Action"]) == ("5.7.1", "failed")
    assert fate_of(notice)["Diagnostic-Code"] == "smtp; 550 5.7.1 we know you"
    assert fate_of(notice)["Remote-MTA"] == f"dns; mx.{domain}"


async def test_a_line_that_breaks_after_the_content(world: World, home: Home) -> None:
    """They may have it: nobody else is asked, and they themselves are asked again."""
    script = {"content": [Act.CLOSE, b"250 2.0.0 taken"]}
    async with Peer(**script).listen(host=world.host(18), port=world.port) as peer:
        await asyncio.to_thread(home.submit, letter("broken"), "bob@pair18.world.test")
        await wait_until(lambda: peer.letters)
        await asyncio.to_thread(home.wait_event, "spool.recipient.sent", to="bob@pair18.world.test")
        assert len(peer.letters) == 1
    first, second = await home.tell("bob@pair18.world.test")
    assert (first["results"][0]["ending"], first["results"][0]["status"]) == ("deferred", "4.4.2")
    assert second["results"][0]["ending"] in ("relayed", "delivered")
    assert world.postfix.mail.letters("broken") == []


@pytest.mark.parametrize(
    ("number", "play"), [(30, b"220 2.0.0 go ahead"), (31, b"454 4.7.0 not now"), (32, b"501 5.5.4 no")]
)
async def test_tls_that_does_not_come_about(world: World, home: Home, number: int, play: bytes) -> None:
    """RFC 7435: it breaks in the handshake, or is refused; then it goes in the clear, to the same host."""
    async with Peer("STARTTLS", STARTTLS=play).listen(host=world.host(number), port=world.port) as peer:
        await asyncio.to_thread(home.submit, letter(f"clear{number}"), f"bob@peer{number}.world.test")
        await wait_until(lambda: peer.letters)
        await asyncio.to_thread(home.wait_event, "spool.recipient.sent", to=f"bob@peer{number}.world.test")
        assert peer.commands.count("STARTTLS") == 1
        assert len(peer.letters) == 1


async def test_a_peer_that_takes_leave_between_letters(world: World, home: Home) -> None:
    """The connection that was kept is of no use; nothing is late for that."""
    script = {"content": b"250 2.0.0 taken\r\n421 4.4.2 you are idle\r\n"}
    async with Peer(**script).listen(host=world.host(33), port=world.port) as peer:
        for count in range(1, 5):
            await asyncio.to_thread(home.submit, letter(f"left{count}"), "bob@peer33.world.test")
            await wait_until(lambda count=count: len(peer.letters) == count)
        assert peer.connections == 4
    assert not [line for line in home.log().splitlines() if "peer33" in line and "spool.recipient.deferred" in line]


def test_refused_for_now_until_its_life_is_over(world: World, home: Home) -> None:
    home.submit(letter("forever"), "bob@later.world.test")
    notice = home.wait_notice("forever", action="failed")
    assert fate_of(notice)["Status"].startswith("4.")
    assert fate_of(notice)["Diagnostic-Code"].startswith("smtp; 450 4.")
    chapters = home.stories("bob@later.world.test")
    assert [one["results"][0]["ending"] for one in chapters] == ["deferred"] * 4


@contextmanager
def mute(address: str, port: int) -> Iterator[None]:
    """A host whose queue of connections is full: it answers nothing at all."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex((address, port))
        try:
            yield
        finally:
            for one in waiting:
                one.close()


def test_a_host_that_is_silent(world: World, home: Home) -> None:
    with mute(world.host(19), world.port):
        home.submit(letter("silent"), "bob@pair19.world.test")
        world.postfix.mail.wait("silent", what=home.log)
    home.wait_event("spool.recipient.sent", to="bob@pair19.world.test")
    (chapter,) = home.stories("bob@pair19.world.test")
    assert "no answer in time" in str(chapter["steps"]), chapter["steps"]


def test_nobody_is_there(home: Home) -> None:
    """The destination is left alone for a while, and the sender hears that it takes long."""
    home.submit(letter("nobody there"), "bob@peer20.world.test")
    home.wait_event("spool.lane.paused", domain="peer20.world.test")
    (chapter,) = home.stories("bob@peer20.world.test")
    assert (chapter["health"], chapter["results"][0]["status"]) == ("dead", "4.4.1")
    assert "Connection refused" in chapter["results"][0]["said"]
    notice = home.wait_notice("nobody there", action="delayed")
    assert fate_of(notice)["Action"] == "delayed"
    assert fate_of(notice)["Will-Retry-Until"]


@contextmanager
def sink(world: World, number: int, folder: Path, *options: str) -> Iterator[None]:
    """Postfix's smtp-sink, which writes down what it takes."""
    address = world.host(number)
    command = [need("smtp-sink"), "-u", "root", "-d", "%M.", *options, f"{address}:{world.port}", "10"]
    process = subprocess.Popen(command, cwd=folder)
    try:
        until(lambda: answers(address, world.port))
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("number", "options"),
    [(21, ("-w", "1")), (22, ("-e",)), (23, ("-p",)), (24, ("-h", "a.long.name.of.a.sink", "-8"))],
)
def test_a_slow_sink(world: World, home: Home, tmp_path: Path, number: int, options: tuple[str, ...]) -> None:
    with sink(world, number, tmp_path, *options):
        home.submit(letter(f"sink{number}", b".\r\n..\r\nend\r\n"), f"bob@peer{number}.world.test")
        home.wait_event("spool.recipient.sent", to=f"bob@peer{number}.world.test")
    (dump,) = tmp_path.iterdir()
    assert b"\n\n.\n..\nend\n" in dump.read_bytes()


@pytest.mark.parametrize(("number", "mood"), [(25, "-q"), (26, "-Q"), (27, "-r")])
def test_a_sink_that_takes_no_recipient(world: World, home: Home, tmp_path: Path, number: int, mood: str) -> None:
    domain = f"pair{number}.world.test"
    with sink(world, number, tmp_path, mood, "rcpt"):
        home.submit(letter(f"moody{number}"), f"bob@{domain}")
        event = "spool.recipient.deferred" if mood == "-r" else "spool.recipient.sent"
        told = home.wait_event(event, to=f"bob@{domain}")
    expected = f"mx.peer{number}" if mood == "-r" else "mx.plain"
    assert told["delivery_host"].startswith(f"{expected}.world.test")
