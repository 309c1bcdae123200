"""Ways out of the real program: aliases abroad, another store behind us, routes and looks at them."""

import asyncio
import email
import json
import smtplib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.e2e.test_commands import Say, home, made, say  # noqa: F401 - fixtures
from tests.support.authority import stranger
from tests.support.peer import Letter, Peer
from tests.support.server import Sandbox, sandbox

pytestmark = pytest.mark.e2e

EVE = "eve@stranger.test"
LETTER = (
    b"From: eve@stranger.test\r\nTo: far@dev.localhost\r\nSubject: hello\r\nMessage-ID: <1@stranger.test>\r\n\r\nHi\r\n"
)


@asynccontextmanager
async def relayed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Sandbox, Peer]]:
    """A sandbox whose mail leaves by a relay that records it."""
    async with Peer("8BITMIME").listen() as relay:
        monkeypatch.setenv("MAILSTEAD_OUTBOUND_MODE", "relay")
        monkeypatch.setenv("MAILSTEAD_OUTBOUND_RELAY_HOST", f"127.0.0.1:{relay.port}")
        manager = sandbox(folder)
        box = await asyncio.to_thread(manager.__enter__)
        try:
            yield box, relay
        finally:
            await asyncio.to_thread(manager.__exit__, None, None, None)


async def cli(box: Sandbox, *words: str, text: str = "", code: int = 0) -> Any:
    done = await asyncio.to_thread(box.cli, *words, text=text)
    assert done.returncode == code, done.stderr + done.stdout
    return done


async def send(box: Sandbox, letter: bytes, sender: str, *recipients: str) -> dict[str, tuple[int, bytes]]:
    """Who was refused."""

    def run() -> dict[str, tuple[int, bytes]]:
        with box.smtp() as smtp:
            return smtp.sendmail(sender, recipients, letter)

    return await asyncio.to_thread(run)


async def submit(box: Sandbox, *recipients: str) -> dict[str, int]:
    """Who was refused, and how."""

    def run() -> dict[str, int]:
        with smtplib.SMTP_SSL("127.0.0.1", box.port("submissions"), context=stranger(), timeout=30) as client:
            client.login("you@dev.localhost", box.password("you"))
            refused = client.sendmail("you@dev.localhost", recipients, "From: you@dev.localhost\r\n\r\nx\r\n")
            return {name: code for name, (code, _) in refused.items()}

    return await asyncio.to_thread(run)


async def until(is_true: Callable[[], Any]) -> Any:
    async with asyncio.timeout(30):
        while not (found := is_true()):
            await asyncio.sleep(0.02)
    return found


async def test_an_alias_abroad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with relayed(tmp_path, monkeypatch) as (box, relay):
        added = await cli(box, "alias", "add", "far@dev.localhost", "x@elsewhere.test")
        assert "x@elsewhere.test is forwarded: it leaves under an address of dev.localhost (SRS)" in added.stderr
        await cli(box, "dkim", "generate", "--domain", "dev.localhost", "--selector", "s", "--algorithm", "ed25519")
        await cli(box, "dkim", "activate", "--domain", "dev.localhost", "--selector", "s")

        await send(box, LETTER, EVE, "far@dev.localhost")
        await until(lambda: relay.letters)
        forwarded = relay.letters[0]
        assert forwarded.mail.startswith(b"MAIL FROM:<SRS0=")
        assert b"=stranger.test=eve@dev.localhost>" in forwarded.mail
        assert forwarded.rcpts == [b"RCPT TO:<x@elsewhere.test>"]
        message = email.message_from_bytes(forwarded.content)
        assert "d=dev.localhost" in message["DKIM-Signature"].replace(" ", "")
        assert message["Delivered-To"] == "far@dev.localhost"

        # Somebody there sends it back to us: the second time it is returned to its author, and goes no further.
        srs = forwarded.mail.partition(b"<")[2].partition(b">")[0].decode()
        await send(box, forwarded.content, srs, "far@dev.localhost")
        await until(lambda: len(relay.letters) > 1)
        bounce = relay.letters[1]
        assert (bounce.mail.split(b">")[0], bounce.rcpts) == (b"MAIL FROM:<", [b"RCPT TO:<eve@stranger.test>"])
        assert b"multipart/report" in bounce.content
        assert len(relay.letters) == 2


def rows(box: Sandbox, domain: str) -> dict[str, tuple[str, str]]:
    """State and lane by recipient."""
    (path,) = box.folder.rglob("mailstead.db")
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        found = connection.execute(
            "SELECT address, state, destination FROM spool_recipient WHERE address LIKE ?", (f"%@{domain}",)
        )
        return {address: (state, destination) for address, state, destination in found}
    finally:
        connection.close()


def who_is_known(line: bytes) -> bytes:
    return b"550 5.1.1 no such user" if b"nobody@" in line else b"250 2.1.5 ok"


async def test_another_store_behind_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked who is there, and each of its answers after the content is settled by itself."""
    endings = [b"250 2.0.0 kept", b"550 5.7.1 not this one", b"450 4.2.0 later"]
    other = Peer("8BITMIME", "PIPELINING", lmtp=True, RCPT=who_is_known, content=endings)
    async with other.listen(), relayed(tmp_path, monkeypatch) as (box, relay):
        lane = f"lmtp://127.0.0.1:{other.port}"
        await cli(box, "domain", "add", "kept.test", "--hand-off", lane)
        assert f"{lane}, which is asked who is there" in (await cli(box, "domain", "show", "kept.test")).stdout
        names = [f"{name}@kept.test" for name in ("ann", "bob", "cy")]
        refused = await send(box, LETTER, EVE, *names, "nobody@kept.test")
        assert {name: code for name, (code, _) in refused.items()} == {"nobody@kept.test": 550}
        expected = dict(zip(names, [("delivered", lane), ("failed", lane), ("deferred", lane)], strict=True))
        await until(lambda: rows(box, "kept.test") == expected)
        assert other.letters[0].mail == b"MAIL FROM:<eve@stranger.test>"
        assert b"DKIM-Signature" not in other.letters[0].content

        (bounce,) = await until(lambda: relay.letters)
        assert bounce.rcpts == [b"RCPT TO:<eve@stranger.test>"]
        assert b"bob@kept.test" in bounce.content
        assert b"cy@kept.test" not in bounce.content.partition(b"message/rfc822")[0]

        assert await submit(box, "ann@kept.test", "nobody@kept.test") == {"nobody@kept.test": 550}

        await cli(box, "domain", "set", "kept.test", "--hand-off", "lmtp://127.0.0.1:1")
        assert await submit(box, "eve@kept.test") == {}  # our own people need not wait for it
        with pytest.raises(smtplib.SMTPRecipientsRefused) as put_off:
            await send(box, LETTER, EVE, "dan@kept.test")
        code, words = put_off.value.recipients["dan@kept.test"]
        assert (code, words[:5]) == (450, b"4.1.1")
        await cli(box, "domain", "set", "kept.test", "--verify", "no")
        assert await send(box, LETTER, EVE, "dan@kept.test") == {}


async def test_routes_and_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Peer().listen() as peer, relayed(tmp_path, monkeypatch) as (box, relay):
        await cli(box, "alias", "add", "far@dev.localhost", "x@elsewhere.test", "y@other.test")
        target = f"smtp://127.0.0.1:{peer.port}"
        await cli(box, "route", "add", "--to", "other.test", target)
        await send(box, LETTER, EVE, "far@dev.localhost")
        await until(lambda: peer.letters and relay.letters)

        def names(letters: list[Letter]) -> list[bytes]:
            return [name for letter in letters for name in letter.rcpts]

        assert (names(peer.letters), names(relay.letters)) == (
            [b"RCPT TO:<y@other.test>"],
            [b"RCPT TO:<x@elsewhere.test>"],
        )
        looked = (await cli(box, "outbound", "test", "y@other.test")).stdout.splitlines()
        assert looked[0] == f"  route     the route to other.test is {target}"
        assert f"✓ connect   127.0.0.1 answers on port {peer.port}" in looked
        assert looked[-2:] == ["✓ host      127.0.0.1 is ready for mail", "y@other.test can be reached"]
        ours = await cli(box, "outbound", "test", "dev.localhost", "--json")
        assert json.loads(ours.stdout.splitlines()[-1])["reached"] is True

        secret = f"smtp://me@127.0.0.1:{peer.port}?tls=secure"
        words = ("route", "add", "--from", "dev.localhost", secret, "--password", "-")
        assert "geheim" not in (await cli(box, *words, text="geheim\n")).stdout
        listed = await cli(box, "route", "list")
        assert f"from dev.localhost\t{secret}\tyes\t" in listed.stdout
        removed = await cli(box, "route", "remove", "--from", "dev.localhost")
        assert f"undo: mailstead {' '.join(words[:4])} '{secret}' --password -" in removed.stderr
        assert "geheim" not in listed.stdout + removed.stderr + removed.stdout + box.log()

        await cli(box, "route", "add", "--to", "dead.test", "smtp://127.0.0.1:1")
        dead = await cli(box, "outbound", "test", "dead.test", code=1)
        assert "✗ host      127.0.0.1: Connection refused" in dead.stdout
        argv = await cli(box, "route", "add", "--to", "x.test", "smtp://me:geheim@127.0.0.1", code=2)
        assert "geheim" not in argv.stderr


@pytest.mark.usefixtures("home")
def test_without_a_server(made: Say) -> None:  # noqa: F811 - a fixture
    assert made("route", "add", "--to", "far.test", "smtp://127.0.0.1:1").out == (
        "set the route to far.test: smtp://127.0.0.1:1\n"
    )
    dead = made("outbound", "test", "far.test")
    assert (dead.code, dead.out.splitlines()[-1]) == (1, "far.test cannot be reached")
    rehearsed = made("tls-rule", "add", "far.test", "secure", "--dry-run")
    assert rehearsed.out == "would have set the TLS rule of far.test: secure\n"
    assert made("tls-rule", "list").out == ""
    ruled = made("tls-rule", "add", "far.test", "secure", "--note", "as agreed")
    assert ruled.err == "undo: mailstead tls-rule remove far.test\n"
    assert made("tls-rule", "list").out.startswith("far.test\tsecure\t")
    assert (
        made("tls-rule", "remove", "far.test").err
        == "undo: mailstead tls-rule add far.test secure --note 'as agreed'\n"
    )
    for wrong in ((), ("--to", "a.test", "--from", "b.test")):
        assert made("route", "add", *wrong, "direct").code == 2
    assert "is missing" in made("route", "add", "--to", "a.test", "smtp://me@relay.test").err
    assert made("route", "add", "--to", "a.test", "direct", "--password", "-", stdin="x").code == 2
