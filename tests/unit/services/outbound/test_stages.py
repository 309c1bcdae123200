"""Every stage of a dialogue, and everything a peer may do there instead of what is hoped for."""

from dataclasses import replace

import pytest

from mailstead.ground.model.attempt import Ending, Health
from mailstead.net.dns import Mx
from tests.support.names import Names
from tests.support.outbound_scene import PATIENT, endings, outbound, parcel, statuses
from tests.support.peer import USUAL, Act, Peer

STAGES = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "content")
TIMEOUT_OF = {
    "greeting": "greeting", "EHLO": "hello", "MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "content": "done",
}  # fmt: skip


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", [b"451 4.3.0 later", b"450", b"421 4.3.2 going down"])
async def test_refused_for_now(stage: str, code: bytes, pipelining: bool) -> None:
    offers = ("PIPELINING", "SIZE") if pipelining else ("SIZE",)
    async with Peer(*offers, **{stage: code}).listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert endings(attempt) == [Ending.DEFERRED]
    assert attempt.results[0].diagnostic == code.decode()
    assert attempt.results[0].host == "mx.b.test [127.0.0.1]"
    assert attempt.results[0].status.startswith("4.")
    assert not peer.letters
    is_merit = stage in ("RCPT", "DATA", "content") and not code.startswith(b"421")
    is_busy = code.startswith(b"421")
    assert attempt.health is (Health.GOOD if is_merit else Health.BUSY if is_busy else Health.DEAD)


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("stage", "status"),
    [
        ("greeting", "5.3.2"), ("MAIL", "5.7.1"), ("RCPT", "5.1.1"), ("DATA", "5.0.0"), ("content", "5.7.1"),
    ],
)  # fmt: skip
async def test_refused_for_good(stage: str, status: str, pipelining: bool) -> None:
    offers = ("PIPELINING",) if pipelining else ()
    async with Peer(*offers, **{stage: b"550 no"}).listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert (endings(attempt), statuses(attempt)) == ([Ending.FAILED], [status])
    assert attempt.health is Health.GOOD


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("act", [Act.CLOSE, Act.STALL, Act.HALF, Act.GARBAGE])
async def test_gone_silent_or_mad(stage: str, act: Act, pipelining: bool) -> None:
    offers = ("PIPELINING",) if pipelining else ()
    timeouts = replace(PATIENT, **{TIMEOUT_OF[stage]: 0.05}) if act in (Act.STALL, Act.HALF) else PATIENT
    async with Peer(*offers, **{stage: act}).listen() as peer, outbound(timeouts=timeouts) as out:
        attempt = await out.attempt(parcel(port=peer.port))
        assert endings(attempt) == [Ending.DEFERRED]
        assert statuses(attempt) == ["4.5.0" if act is Act.GARBAGE else "4.4.2"]
        assert attempt.results[0].diagnostic
        assert peer.connections == 1


@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT"])
@pytest.mark.parametrize("act", [Act.CLOSE, Act.GARBAGE, b"421 later"])
async def test_the_next_host_takes_it(stage: str, act: object) -> None:
    names = Names().add("mx", "b.test", Mx(10, "one.b.test"), Mx(20, "two.b.test"))
    names.add("a", "one.b.test", "127.0.0.1").add("a", "two.b.test", "127.0.0.1")
    script = {stage: [act, USUAL.get(stage, b"250 peer.test")]}
    async with Peer("PIPELINING", **script).listen() as peer, outbound(names) as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert endings(attempt) == [Ending.RELAYED]
    assert attempt.results[0].host == "two.b.test [127.0.0.1]"
    assert attempt.health is Health.GOOD
    assert len(peer.letters) == 1


@pytest.mark.parametrize("code", [b"451 4.3.0 later", b"550 no", b"250 what?"])
async def test_starttls_refused_and_the_letter_goes_all_the_same(code: bytes) -> None:
    async with Peer("STARTTLS", STARTTLS=code).listen() as peer, outbound() as out:
        assert endings(await out.attempt(parcel(port=peer.port))) == [Ending.RELAYED]


@pytest.mark.parametrize("act", [Act.CLOSE, Act.STALL, Act.GARBAGE, b"421 4.3.2 going down"])
async def test_starttls_and_then_nothing(act: object) -> None:
    timeouts = replace(PATIENT, hello=0.5) if act is Act.STALL else PATIENT
    async with Peer("STARTTLS", STARTTLS=act).listen() as peer, outbound(timeouts=timeouts) as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert endings(attempt) == [Ending.DEFERRED]
    assert statuses(attempt)[0].startswith("4.")


@pytest.mark.parametrize(
    ("hello", "ending"), [(b"501 no", Ending.FAILED), (b"451 later", Ending.DEFERRED), (Act.CLOSE, Ending.DEFERRED)]
)
async def test_neither_ehlo_nor_helo(hello: object, ending: Ending) -> None:
    async with Peer(EHLO=b"500 what?", HELO=hello).listen() as peer, outbound() as out:
        assert endings(await out.attempt(parcel(port=peer.port))) == [ending]
    assert peer.commands[:2] == ["EHLO out.a.test", "HELO out.a.test"]
