"""Logging in at a relay."""

from binascii import a2b_base64, b2a_base64
from pathlib import Path

import pytest

from mailstead.ground.model.attempt import Ending, Health
from mailstead.ground.model.route import Route, TlsLevel
from mailstead.ground.wire.sasl.scram import Scram, derive
from mailstead.ground.wire.sasl.step import Challenge
from mailstead.services.outbound.sign_in import _is_this_machine
from tests.support.authority import Authority
from tests.support.names import Names
from tests.support.outbound_scene import endings, outbound, parcel, statuses
from tests.support.peer import Act, Peer


def relay(port: int, **more: object) -> Route:
    given = {"host": "127.0.0.1", "port": port, "login": "ann", "password": "s3cret", **more}
    return Route(**given)  # type: ignore[arg-type]


async def test_plain() -> None:
    async with Peer("AUTH PLAIN LOGIN").listen() as peer, outbound(Names()) as out:
        attempt = await out.attempt(parcel(route=relay(peer.port)))
    assert endings(attempt) == [Ending.RELAYED]
    verb, mechanism, words = peer.commands[1].split(" ")
    assert (verb, mechanism, a2b_base64(words)) == ("AUTH", "PLAIN", b"\0ann\0s3cret")
    assert "s3cret" not in repr(attempt)
    assert words not in repr(attempt)


async def test_login() -> None:
    script = {
        "AUTH": b"334 VXNlcm5hbWU6",
        b2a_base64(b"ann", newline=False).decode().upper(): b"334 UGFzc3dvcmQ6",
        b2a_base64(b"s3cret", newline=False).decode().upper(): b"235 ok",
    }
    async with Peer("AUTH LOGIN", **script).listen() as peer, outbound(Names()) as out:
        assert endings(await out.attempt(parcel(route=relay(peer.port)))) == [Ending.RELAYED]


class ScramServer:
    """Answers AUTH and all that follows, until it is convinced."""

    def __init__(self, password: str, *, honest: bool = True) -> None:
        self.core = Scram(nonce="srv", end_point=b"", is_plus=False, offers_plus=False)
        self.verifier = derive(password.encode(), b"salt", 4096)
        self.honest = honest

    def first(self, line: bytes) -> bytes:
        self.core.start(a2b_base64(line.split(b" ")[2]))
        return self._say(self.core.supply(self.verifier))

    def rest(self, line: bytes) -> bytes:
        if line == b"=":
            return b"235 ok"
        step = self.core.take(a2b_base64(line))
        if not self.honest:
            return b"235 come in"
        return self._say(step) if isinstance(step, Challenge) else b"535 5.7.8 no"

    def _say(self, step: Challenge) -> bytes:
        return b"334 " + b2a_base64(step.data, newline=False)


@pytest.mark.parametrize(
    ("password", "honest", "status"), [("s3cret", True, "2.0.0"), ("other", True, "4.7.8"), ("s3cret", False, "4.7.8")]
)
async def test_scram(password: str, honest: bool, status: str) -> None:
    server = ScramServer(password, honest=honest)
    peer = Peer("AUTH PLAIN SCRAM-SHA-256", AUTH=server.first)
    usual = peer.play
    peer.play = lambda stage, line: usual(stage, line) if stage in peer.script else server.rest(line)  # type: ignore[method-assign]
    async with peer.listen(), outbound(Names()) as out:
        attempt = await out.attempt(parcel(route=relay(peer.port)))
    assert statuses(attempt) == [status]


@pytest.mark.parametrize("reply", [b"535 5.7.8 no", b"454 4.7.0 later", b"501 what", b"334 !!!", Act.CLOSE])
async def test_refused_is_for_now(reply: object) -> None:
    async with Peer("AUTH PLAIN", AUTH=reply).listen() as peer, outbound(Names()) as out:
        attempt = await out.attempt(parcel(route=relay(peer.port)))
    assert endings(attempt) == [Ending.DEFERRED]
    assert statuses(attempt)[0].startswith("4.")
    assert attempt.health is Health.DEAD
    assert not peer.letters


async def test_nothing_that_we_know_is_offered() -> None:
    async with Peer("AUTH GSSAPI").listen() as peer, outbound(Names()) as out:
        attempt = await out.attempt(parcel(route=relay(peer.port)))
    assert statuses(attempt) == ["4.7.9"]


async def test_under_tls(tmp_path: Path) -> None:
    authority = Authority()
    context, ca = authority.host(tmp_path, "relay.test"), authority.write(tmp_path / "ca")
    names = Names().add("a", "relay.test", "127.0.0.1")
    async with (
        Peer("STARTTLS", "AUTH PLAIN", tls=context).listen() as peer,
        outbound(names, authorities=ca) as out,
    ):
        attempt = await out.attempt(parcel(route=relay(peer.port, host="relay.test", level=TlsLevel.SECURE)))
    assert endings(attempt) == [Ending.RELAYED]
    assert [command.split(" ")[0] for command in peer.commands[:4]] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]


@pytest.mark.parametrize(
    ("ip", "answer"), [("127.0.0.1", True), ("::1", True), ("", True), ("192.0.2.1", False), ("proxy.test", False)]
)
def test_in_the_clear_only_on_this_machine(ip: str, answer: bool) -> None:
    assert _is_this_machine(ip) is answer
