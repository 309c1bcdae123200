"""What is said of a letter and its recipients, by what the peer offers."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.attempt import Ending, Health
from mailstead.ground.model.envelope import BodyType, DeliverBy, DsnRequest, Wishes
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.route import Route, Speech
from tests.support.fake_clock import FakeClock
from tests.support.outbound_scene import LETTER, PATIENT, Octets, endings, outbound, parcel, recipient, statuses
from tests.support.peer import Act, Peer

EVERYTHING = ("PIPELINING", "SIZE 100000", "8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8", "DSN", "MT-PRIORITY")


@pytest.mark.parametrize("offers", [(), ("PIPELINING",)])
async def test_a_letter_arrives_as_it_was(offers: tuple[str, ...]) -> None:
    async with Peer(*offers).listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel("bob@b.test", "cy@b.test", port=peer.port))
    assert endings(attempt) == [Ending.RELAYED] * 2
    assert attempt.results[0].diagnostic == "250 2.0.0 taken"
    assert [(letter.mail, letter.rcpts, letter.content) for letter in peer.letters] == [
        (b"MAIL FROM:<ann@a.test>", [b"RCPT TO:<bob@b.test>", b"RCPT TO:<cy@b.test>"], LETTER)
    ]
    assert [step.what for step in attempt.steps][:4] == ["mx", "address", "policy", "connect"]


async def test_all_that_is_offered_is_used() -> None:
    dsn = DsnRequest(frozenset({"SUCCESS"}), "rfc822;bob@b.test")
    letter = parcel(
        ret="HDRS", envid="e1", smtputf8=True, wishes=Wishes(priority=4), recipients=(recipient(0, "bob@b.test", dsn),),
        content=Octets(body=BodyType.EIGHT_BIT),
    )  # fmt: skip
    async with Peer(*EVERYTHING).listen() as peer, outbound() as out:
        attempt = await out.attempt(replace(letter, route=Route(port=peer.port)))
    assert endings(attempt) == [Ending.DELIVERED]
    (arrived,) = peer.letters
    assert arrived.mail == (
        b"MAIL FROM:<ann@a.test> SIZE=%d BODY=8BITMIME RET=HDRS ENVID=e1 MT-PRIORITY=4 SMTPUTF8" % len(LETTER)
    )
    assert arrived.rcpts == [b"RCPT TO:<bob@b.test> NOTIFY=SUCCESS ORCPT=rfc822;bob@b.test"]


async def test_nothing_is_said_that_is_not_offered() -> None:
    letter = parcel(ret="HDRS", envid="e1", smtputf8=True, wishes=Wishes(priority=4))
    async with Peer().listen() as peer, outbound() as out:
        assert endings(await out.attempt(replace(letter, route=Route(port=peer.port)))) == [Ending.RELAYED]
    assert peer.letters[0].mail == b"MAIL FROM:<ann@a.test>"


async def test_helo_for_those_who_know_no_ehlo() -> None:
    async with Peer("PIPELINING", EHLO=b"502 5.5.1 what?").listen() as peer, outbound() as out:
        assert endings(await out.attempt(parcel(port=peer.port))) == [Ending.RELAYED]
    assert peer.commands[:2] == ["EHLO out.a.test", "HELO out.a.test"]


async def test_each_recipient_has_a_result_of_its_own() -> None:
    replies = [b"250 ok", b"550 5.1.1 no such user", b"451 4.7.1 greylisted", b"250 ok"]
    async with Peer("PIPELINING", "DSN", RCPT=replies).listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel("a@b.test", "b@b.test", "c@b.test", "d@b.test", port=peer.port))
    assert endings(attempt) == [Ending.DELIVERED, Ending.FAILED, Ending.DEFERRED, Ending.DELIVERED]
    assert statuses(attempt) == ["2.0.0", "5.1.1", "4.7.1", "2.0.0"]
    assert [result.number for result in attempt.results] == [0, 1, 2, 3]
    assert len(peer.letters[0].rcpts) == 2


async def test_in_as_many_transactions_as_it_takes() -> None:
    addresses = [f"u{n}@b.test" for n in range(7)]
    async with Peer("PIPELINING").listen() as peer, outbound(max_recipients=3) as out:
        attempt = await out.attempt(parcel(*addresses, port=peer.port))
    assert endings(attempt) == [Ending.RELAYED] * 7
    assert [len(letter.rcpts) for letter in peer.letters] == [3, 3, 1]
    assert peer.connections == 1


async def test_their_limits_hold() -> None:
    addresses = [f"u{n}@b.test" for n in range(7)]
    async with Peer("LIMITS RCPTMAX=2 MAILMAX=2").listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(*addresses, port=peer.port))
    assert endings(attempt) == [Ending.RELAYED] * 7
    assert [len(letter.rcpts) for letter in peer.letters] == [2, 2, 2, 1]
    assert peer.connections == 2


@pytest.mark.parametrize("reply", [b"452 too many", b"552 too many", b"452 4.5.3 too many"])
async def test_one_too_many_goes_in_the_next_transaction(reply: bytes) -> None:
    class Few:
        def __init__(self) -> None:
            self.seen = 0

        def __call__(self, _: bytes) -> bytes:
            self.seen += 1
            return reply if self.seen == 3 else b"250 ok"

    async with Peer("PIPELINING", RCPT=Few()).listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel("a@b.test", "b@b.test", "c@b.test", port=peer.port))
    assert endings(attempt) == [Ending.RELAYED] * 3
    assert [len(letter.rcpts) for letter in peer.letters] == [2, 1]


@pytest.mark.parametrize(("reply", "ending"), [(b"452 full", "deferred"), (b"552 5.2.2 full", "failed")])
async def test_the_first_cannot_be_one_too_many(reply: bytes, ending: str) -> None:
    async with Peer("PIPELINING", RCPT=reply).listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert endings(attempt) == [Ending(ending)]


async def test_too_large_is_not_even_tried() -> None:
    async with Peer("SIZE 10").listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert (endings(attempt), statuses(attempt), attempt.health) == ([Ending.FAILED], ["5.3.4"], Health.GOOD)
    assert not any(command.startswith("MAIL") for command in peer.commands)


@pytest.mark.parametrize("offers", [("SIZE",), ("SIZE 0",)])
async def test_a_size_without_a_limit(offers: tuple[str, ...]) -> None:
    async with Peer(*offers).listen() as peer, outbound() as out:
        assert endings(await out.attempt(parcel(port=peer.port))) == [Ending.RELAYED]
    assert peer.letters[0].mail.endswith(b" SIZE=%d" % len(LETTER))


async def test_smtputf8_needed() -> None:
    utf8 = parcel("gr\u00fc\u00dfe@b.test", needs_smtputf8=True, sender=Address.of("\u00e4nn", "a.test"))
    async with Peer().listen() as plain, Peer("SMTPUTF8", "8BITMIME").listen() as able, outbound() as out:
        refused = await out.attempt(replace(utf8, route=Route(port=plain.port)))
        taken = await out.attempt(replace(utf8, route=Route(port=able.port)))
    assert (endings(refused), statuses(refused)) == ([Ending.FAILED], ["5.6.7"])
    assert endings(taken) == [Ending.RELAYED]
    assert able.letters[0].mail == "MAIL FROM:<\u00e4nn@a.test> SMTPUTF8".encode()


BINARY = bytes(range(256)) * 40 + b"\r\n.\r\n\n"


@pytest.mark.parametrize("offers", [("BINARYMIME", "CHUNKING"), ("BINARYMIME", "CHUNKING", "PIPELINING")])
async def test_binary_goes_in_chunks(offers: tuple[str, ...]) -> None:
    content = Octets(BINARY, BodyType.BINARY, step=1000)
    async with Peer(*offers).listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel("a@b.test", "b@b.test", port=peer.port, content=content))
        empty = await out.attempt(parcel(port=peer.port, content=Octets(b"", BodyType.BINARY)))
    assert endings(attempt) == [Ending.RELAYED] * 2
    assert [letter.content for letter in peer.letters] == [BINARY, b""]
    assert endings(empty) == [Ending.RELAYED]
    assert peer.letters[0].mail == b"MAIL FROM:<ann@a.test> BODY=BINARYMIME"


async def test_binary_needs_both() -> None:
    async with Peer("BINARYMIME").listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port, content=Octets(BINARY, BodyType.BINARY)))
    assert (endings(attempt), statuses(attempt)) == ([Ending.FAILED], ["5.6.3"])


async def test_a_chunk_refused() -> None:
    content = Octets(BINARY * 60, BodyType.BINARY, step=100_000)
    async with Peer("BINARYMIME", "CHUNKING", BDAT=b"552 5.3.4 too much").listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port, content=content))
        again = await out.attempt(parcel(port=peer.port))
    assert (endings(attempt), statuses(attempt)) == ([Ending.FAILED], ["5.3.4"])
    assert endings(again) == [Ending.RELAYED]
    assert (peer.connections, "RSET" in peer.commands) == (1, True)


@pytest.mark.parametrize("bad", [b"a\nb\r\n", b"a\rb\r\n", b"a\r"])
async def test_bare_line_ends_do_not_leave(bad: bytes) -> None:
    async with Peer("PIPELINING").listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port, content=Octets(bad, step=1)))
    assert (endings(attempt), statuses(attempt)) == ([Ending.FAILED], ["5.6.11"])
    assert not peer.letters


async def test_nobody_accepted_and_yet_it_waits_for_content() -> None:
    """RFC 2920 §3.1."""
    async with Peer("PIPELINING", RCPT=[b"550 no", b"250 ok"]).listen() as peer, outbound() as out:
        refused = await out.attempt(parcel(port=peer.port))
        taken = await out.attempt(parcel(port=peer.port))
    assert (endings(refused), endings(taken)) == ([Ending.FAILED], [Ending.RELAYED])
    assert peer.connections == 1
    assert len(peer.letters) == 1


async def test_lost_after_the_end_nobody_else_is_asked() -> None:
    from mailstead.net.dns import Mx
    from tests.support.names import Names

    names = Names().add("mx", "b.test", Mx(1, "h"), Mx(2, "i")).add("a", "h", "127.0.0.1").add("a", "i", "127.0.0.1")
    async with Peer(content=Act.CLOSE).listen() as peer, outbound(names) as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert (endings(attempt), statuses(attempt), peer.connections) == ([Ending.DEFERRED], ["4.4.2"], 1)


async def test_lmtp_answers_for_each(tmp_path: Path) -> None:
    path = str(tmp_path / "lmtp")
    replies = [b"250 2.1.5 a", b"452 4.2.2 full", b"550 5.2.1 off"]
    route = Route(protocol=Speech.LMTP, host=path)
    async with Peer("PIPELINING", "DSN", lmtp=True, content=replies).listen(path) as peer, outbound() as out:
        attempt = await out.attempt(parcel("a@b.test", "b@b.test", "c@b.test", route=route))
    assert endings(attempt) == [Ending.DELIVERED, Ending.DEFERRED, Ending.FAILED]
    assert attempt.results[1].diagnostic == "452 4.2.2 full"
    assert attempt.results[0].host == path
    assert peer.commands[0] == "LHLO out.a.test"


async def test_lmtp_breaks_between_the_answers(tmp_path: Path) -> None:
    path = str(tmp_path / "lmtp")
    route = Route(protocol=Speech.LMTP, host=path)
    async with Peer(lmtp=True, content=[b"250 a", Act.CLOSE]).listen(path), outbound() as out:
        attempt = await out.attempt(parcel("a@b.test", "b@b.test", route=route))
    assert endings(attempt) == [Ending.RELAYED, Ending.DEFERRED]


def wish(seconds: int, *, late: bool) -> Wishes:
    return Wishes(by=DeliverBy(Instant(FakeClock().now() + seconds * 1000), may_be_late=late, is_traced=True))


@pytest.mark.parametrize(
    ("offers", "seconds", "late", "outcome"),
    [
        (("DELIVERBY",), 90, False, b"BY=90;RT"),
        (("DELIVERBY 60",), 90, True, b"BY=90;NT"),
        (("DELIVERBY",), -30, True, b"BY=-30;NT"),
        ((), 90, True, b"<ann@a.test>"),
        (("DELIVERBY 120",), 90, False, "5.4.7"),
        ((), 90, False, "5.4.7"),
        (("DELIVERBY",), -1, False, "5.4.7"),
    ],
)
async def test_deliver_by(offers: tuple[str, ...], seconds: int, late: bool, outcome: Any) -> None:
    async with Peer(*offers).listen() as peer, outbound(clock=FakeClock()) as out:
        attempt = await out.attempt(parcel(port=peer.port, wishes=wish(seconds, late=late)))
    if isinstance(outcome, str):
        assert (endings(attempt), statuses(attempt)) == ([Ending.FAILED], [outcome])
    else:
        assert peer.letters[0].mail.endswith(outcome)


async def test_last_words_in_the_middle_of_the_content() -> None:
    """It refuses while we still send, and closes: its words count, not the broken line."""

    class Endless(Octets):
        async def _chunks(self) -> Any:
            for _ in range(400):
                yield b"x" * 65534 + b"\r\n"

    class Abrupt(Peer):
        async def _serve(self, connection: Any) -> None:
            connection.write(b"220 x\r\n250 x\r\n250 ok\r\n250 ok\r\n354 go\r\n552 5.3.4 enough\r\n")
            while b"DATA" not in await connection.read(20):
                pass
            connection.abort()

    async with Abrupt().listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port, content=Endless()))
    assert (endings(attempt), statuses(attempt)) == ([Ending.FAILED], ["5.3.4"])
    assert attempt.results[0].diagnostic == "552 5.3.4 enough"


async def test_a_host_that_takes_nothing() -> None:
    class Endless(Octets):
        async def _chunks(self) -> Any:
            for _ in range(400):
                yield b"x" * 65534 + b"\r\n"

    class Stuck(Peer):
        async def _serve(self, connection: Any) -> None:
            connection.write(b"220 x\r\n250 x\r\n250 ok\r\n250 ok\r\n354 go\r\n")
            while b"DATA" not in await connection.read(20):
                pass
            connection._transport.pause_reading()
            await asyncio.get_running_loop().create_future()

    async with Stuck().listen() as peer, outbound(timeouts=replace(PATIENT, block=0.05)) as out:
        attempt = await out.attempt(parcel(port=peer.port, content=Endless()))
    assert (endings(attempt), statuses(attempt)) == ([Ending.DEFERRED], ["4.4.2"])


async def test_a_fault_of_ours_loses_nothing() -> None:
    class Broken(Octets):
        async def render(self, *, eight_bit: bool, binary: bool) -> Any:
            raise ZeroDivisionError

    async with Peer().listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port, content=Broken()))
    assert (endings(attempt), statuses(attempt)) == ([Ending.DEFERRED], ["4.3.0"])


async def test_cancelling_leaves_nothing_behind() -> None:
    async with Peer(MAIL=Act.STALL).listen() as peer, outbound(timeouts=PATIENT, max_per_destination=1) as out:
        task = asyncio.create_task(out.attempt(parcel(port=peer.port)))
        while not any(command.startswith("MAIL") for command in peer.commands):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        peer.script["MAIL"] = b"250 ok"
        assert endings(await out.attempt(parcel(port=peer.port))) == [Ending.RELAYED]


async def test_strange_words_are_made_presentable() -> None:
    async with Peer(RCPT=b"550 \x1b[31m\x00" + b"x" * 900).listen() as peer, outbound() as out:
        attempt = await out.attempt(parcel(port=peer.port))
    assert attempt.results[0].diagnostic.startswith("550 ?[31m?xxx")
    assert len(attempt.results[0].diagnostic) == 500
