"""Whether a host knows a recipient, and what a look at the way to it tells."""

from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.route import Route, Speech
from mailstead.net.dns import Mx
from mailstead.services.outbound.findings import find
from mailstead.services.outbound.probing import Prober, Standing
from tests.support.names import Names
from tests.support.outbound_scene import outbound
from tests.support.peer import Act, Peer

BOB = Address.parse("bob@b.test")


async def ask(peer: Peer, address: Address = BOB, **more: Any) -> tuple[Standing, str]:
    async with peer.listen(), outbound() as out:
        route = Route(protocol=Speech.LMTP if peer.lmtp else Speech.SMTP, host="127.0.0.1", port=peer.port, **more)
        answer = await Prober(out.approach).ask(route, address)
        return answer.standing, answer.words


@pytest.mark.parametrize(
    ("reply", "standing"),
    [
        (b"250 2.1.5 ok", Standing.KNOWN),
        (b"252 perhaps", Standing.KNOWN),
        (b"550 5.1.1 no such user", Standing.UNKNOWN),
        (b"550 no such user", Standing.UNKNOWN),
        (b"553 5.0.0 no such user", Standing.UNKNOWN),
        (b"554 5.1.10 null MX", Standing.UNKNOWN),
        (b"550 5.2.1 disabled", Standing.UNKNOWN),
        (b"552 5.2.2 full", Standing.UNCLEAR),
        (b"550 5.7.1 relaying denied", Standing.UNCLEAR),
        (b"554 who are you?", Standing.UNCLEAR),
        (b"450 4.2.0 later", Standing.UNCLEAR),
        (b"421 4.3.2 good bye", Standing.UNCLEAR),
        (b"354 what?", Standing.UNCLEAR),
        (Act.CLOSE, Standing.UNCLEAR),
        (Act.GARBAGE, Standing.UNCLEAR),
    ],
)
async def test_what_an_answer_means(reply: Any, standing: Standing) -> None:
    peer = Peer(lmtp=True, RCPT=reply)
    assert (await ask(peer))[0] is standing
    assert peer.commands[:3] == ["LHLO out.a.test", "MAIL FROM:<>", "RCPT TO:<bob@b.test>"]
    assert peer.letters == []


@pytest.mark.parametrize("stage", ["greeting", "MAIL"])
async def test_a_refusal_before_the_recipient_tells_nothing_of_it(stage: str) -> None:
    assert await ask(Peer(**{stage: b"550 5.7.1 go away"})) == (Standing.UNCLEAR, "550 5.7.1 go away")


async def test_beyond_ascii() -> None:
    name = Address.parse("bäcker@b.test")
    peer = Peer("SMTPUTF8")
    assert (await ask(peer, name))[0] is Standing.KNOWN
    assert peer.commands[1:3] == ["MAIL FROM:<> SMTPUTF8", "RCPT TO:<bäcker@b.test>"]
    assert (await ask(Peer(), name))[0] is Standing.UNKNOWN


async def test_the_next_host_is_asked_where_one_is_gone() -> None:
    names = Names().add("a", "one.test", "127.0.0.2").add("a", "two.test", "127.0.0.1")
    async with Peer().listen() as peer, outbound(names) as out:
        route = Route(host="one.test", others=("two.test",), port=peer.port)
        assert (await Prober(out.approach).ask(route, BOB)).standing is Standing.KNOWN
        gone = await Prober(out.approach).ask(Route(host="one.test", port=peer.port), BOB)
    assert gone.standing is Standing.UNCLEAR
    assert "one.test [127.0.0.2]" in gone.words


async def test_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "lmtp")
    async with Peer(lmtp=True).listen(path), outbound() as out:
        answer = await Prober(out.approach).ask(Route(protocol=Speech.LMTP, host=path), BOB)
    assert answer.standing is Standing.KNOWN


async def look(names: Names, route: Route) -> list[tuple[bool | None, str, str]]:
    async with outbound(names) as out:
        findings = [find(one) async for one in Prober(out.approach).look(route, "b.test")]
    return [(one.is_good, one.what, one.words) for one in findings if one is not None]


async def test_all_hosts_are_looked_at() -> None:
    names = Names().add("mx", "b.test", Mx(10, "gone.b.test"), Mx(20, "mx.b.test"))
    names.add("a", "gone.b.test", "127.0.0.2").add("a", "mx.b.test", "127.0.0.1")
    async with Peer().listen() as peer:
        found = await look(names, Route(port=peer.port))
        assert found == [
            (True, "mx", "MX of b.test: gone.b.test (10), mx.b.test (20)"),
            (True, "address", "gone.b.test: 127.0.0.2"),
            (None, "policy", "gone.b.test: TLS if it is offered (by route)"),
            (False, "host", "gone.b.test [127.0.0.2]: Connection refused"),
            (True, "address", "mx.b.test: 127.0.0.1"),
            (None, "policy", "mx.b.test: TLS if it is offered (by route)"),
            (True, "connect", f"mx.b.test [127.0.0.1] answers on port {peer.port}"),
            (True, "greeting", "220 peer.test ESMTP"),
            (True, "hello", "250 peer.test"),
            (None, "tls", "no TLS: STARTTLS is not offered"),
            (True, "host", "mx.b.test [127.0.0.1] is ready for mail"),
        ]
    assert not any(command.startswith("MAIL") for command in peer.commands)


@pytest.mark.parametrize(
    ("names", "what", "words"),
    [
        (Names(), "mx", "b.test does not exist"),
        (Names().add("mx", "b.test", Mx(0, ".")), "host", "b.test takes no mail (null MX)"),
        (Names().add("mx", "b.test", Mx(1, "x.test")), "address", "x.test: no address"),
    ],
)
async def test_where_it_ends(names: Names, what: str, words: str) -> None:
    assert (False, what, words) in await look(names, Route())
