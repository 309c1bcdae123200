"""rspamd as it should be, and as it should not."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from mailstead.ground.model.envelope import Client
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.opinion import Opinion, Symptom, Wish
from mailstead.ground.model.policy import Policy, Spam
from mailstead.net.guarded import GuardedClient
from mailstead.services.checks.specimen import Octets
from mailstead.services.filters.actions import USUAL, read_actions
from mailstead.services.filters.asking import Silent
from mailstead.services.filters.rspamd import Rspamd, RspamdSettings
from tests.support.fake_clock import FakeClock
from tests.support.filters.daemons import RSPAMD_PASSWORD, Daemon, rspamd
from tests.support.filters.letters import HAM, SPAM, letter
from tests.support.filters.scene import specimen, stage
from tests.support.known_names import KnownNames

PILLS = letter("pills", b"cheap tablets shipped discreetly overnight without prescription order today\r\n")


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with rspamd() as running:
        yield running


@pytest.fixture
async def client() -> AsyncIterator[GuardedClient]:
    made = GuardedClient(KnownNames())
    yield made
    await made.close()


def asking(client: GuardedClient, port: int, clock: FakeClock | None = None, **more: object) -> Rspamd:
    url = f"http://localhost:{port}"
    settings: dict[str, object] = {
        "url": url, "learn_url": url, "hostname": "mx.test", "timeout": 20.0, "max_size": 1 << 20,
        "password": RSPAMD_PASSWORD,
    }  # fmt: skip
    return Rspamd(client, clock or FakeClock(), RspamdSettings(**settings | more))  # type: ignore[arg-type]


async def opinion(filter_: Rspamd, content: bytes) -> Opinion:
    (one,) = await filter_.ask(specimen(content))
    return one


async def test_gtube_counts_as_refused(daemon: Daemon, client: GuardedClient) -> None:
    spam = await opinion(asking(client, daemon.port), SPAM)
    assert (spam.score, spam.wish) == (10.0, Wish.NOTHING)
    assert await opinion(asking(client, daemon.port), HAM) == Opinion(source="rspamd", concern=spam.concern)


@pytest.mark.parametrize(
    ("weight", "wish", "score"),
    [
        (3, Wish.NOTHING, 2.0),
        (5, Wish.PUT_OFF, 10 / 3),
        (6, Wish.TAG, 4.0),
        (12, Wish.TAG, 8.0),
        (30, Wish.NOTHING, 20),
    ],
)
async def test_scores(daemon: Daemon, client: GuardedClient, weight: int, wish: Wish, score: float) -> None:
    found = await opinion(asking(client, daemon.port), letter(f"weight {weight}"))
    assert found.wish is wish
    assert found.score == pytest.approx(score)
    assert found.symptoms == (Symptom("TEST_WEIGHT", weight, "Weight that the subject names"),)


@pytest.mark.parametrize("action", ["soft reject", "add header", "rewrite subject"])
async def test_actions(daemon: Daemon, client: GuardedClient, action: str) -> None:
    assert (await opinion(asking(client, daemon.port), letter(f"action {action}"))).wish is USUAL[action]
    other = asking(client, daemon.port, actions=read_actions([f"{action} = junk"]))
    assert (await opinion(other, letter(f"action {action}"))).wish is Wish.SET_ASIDE


async def test_what_it_is_told(daemon: Daemon, client: GuardedClient) -> None:
    """Address, HELO, sender, and each recipient counts one."""
    both = {"a.test": Policy(), "b.test": Policy()}
    (found,) = await asking(client, daemon.port).ask(specimen(letter("way"), both))
    assert found.symptoms == (Symptom("TEST_WAY", 5.0),)


async def test_it_learns(daemon: Daemon, client: GuardedClient) -> None:
    real = asking(client, daemon.port)
    await real.learn(Octets(PILLS), is_spam=True)
    await real.learn(Octets(PILLS), is_spam=True)  # it says that it knows
    with pytest.raises(Silent, match="it answered 401"):
        await asking(client, daemon.port, password="wrong").learn(Octets(PILLS), is_spam=True)


async def test_greylisting_ends(daemon: Daemon, client: GuardedClient) -> None:
    """Without Redis it asks for it at every try; two minutes later the score decides."""
    clock = FakeClock()
    real = asking(client, daemon.port, clock)
    assert [(await opinion(real, letter("weight 5"))).wish for _ in range(2)] == [Wish.PUT_OFF] * 2
    clock.advance(120.0)
    assert (await opinion(real, letter("weight 5"))).wish is Wish.NOTHING


def test_nobody_wants_it(daemon: Daemon) -> None:
    filter_ = asking(None, 1)  # type: ignore[arg-type]
    assert filter_.is_wanted(specimen(HAM))
    assert not filter_.is_wanted(specimen(HAM, {"dev.localhost": Policy(spam=Spam(enabled=False))}))


@asynccontextmanager
async def answering(status: int, body: bytes, heard: list[web.Request] | None = None) -> AsyncIterator[int]:
    """A server that says the same to everyone."""

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        if heard is not None:
            heard.append(request)
        return web.Response(status=status, body=body)

    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    yield int(site._server.sockets[0].getsockname()[1])  # type: ignore[attr-defined]
    await runner.cleanup()


def reply(**values: object) -> bytes:
    return json.dumps({"action": "no action", "score": 0, "required_score": 15, "symbols": {}} | values).encode()


async def test_nothing_a_stranger_says_breaks_a_header(client: GuardedClient) -> None:
    """Else a HELO would be enough to be let in unseen."""
    heard: list[web.Request] = []
    evil = Client(ip="192.0.2.7", helo="x\r\nPass: all\r\n\0\ud800\N{SNOWMAN}" + "y" * 5000, session="7")
    async with answering(200, reply(), heard) as port:
        await asking(client, port).ask(specimen(HAM, client=evil))
    (request,) = heard
    assert "Pass" not in request.headers
    assert request.headers["Helo"].startswith("x?Pass: all?")
    assert (request.headers["Queue-Id"], request.headers["MTA-Name"]) == ("7", "mx.test")
    assert request.headers["Password"] == RSPAMD_PASSWORD


async def test_so_much_of_a_long_letter(client: GuardedClient) -> None:
    heard: list[web.Request] = []
    async with answering(200, reply(), heard) as port:
        await asking(client, port, max_size=200_000).ask(specimen(HAM + b"x" * 500_000))
    assert heard[0].headers["Content-Length"] == "200000"


@pytest.mark.parametrize(
    ("body", "wish", "score"),
    [
        ({"action": "discard"}, Wish.DISCARD, 0.0),
        ({"action": "quarantine", "score": 20, "required_score": 0}, Wish.SET_ASIDE, 20.0),
        ({"action": "reject", "score": 15, "required_score": 1000}, Wish.NOTHING, 10.0),
        ({"action": "made up", "score": -30}, Wish.NOTHING, -20.0),
    ],
)
async def test_rarer_answers(client: GuardedClient, body: Mapping[str, object], wish: Wish, score: float) -> None:
    async with answering(200, reply(**body)) as port:
        found = await opinion(asking(client, port), HAM)
    assert (found.wish, found.score) == (wish, score)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, b"", "it answered 500"),
        (302, b"", "it answered 302"),
        (200, b"", "its answer is none of rspamd's"),
        (200, b"<html>", "its answer is none of rspamd's"),
        (200, b"[" * 500_000, "its answer is none of rspamd's"),
        (200, b'{"action": "reject"}', "its answer is none of rspamd's"),
        (200, reply(score="many"), "its answer is none of rspamd's"),
        (200, reply(symbols=[1]), "its answer is none of rspamd's"),
        (200, b" " * 5_000_000 + reply(), "is longer than 1048576 bytes"),
    ],
)
async def test_it_misbehaves(client: GuardedClient, status: int, body: bytes, words: str) -> None:
    async with answering(status, body) as port:
        with pytest.raises(Silent, match=words):
            await opinion(asking(client, port), HAM)


async def test_it_breaks_off(client: GuardedClient) -> None:
    async def play(reader: object, writer: object) -> None:
        """Close at once."""

    async with stage(play) as there:
        with pytest.raises(Silent, match="checkv2"):
            await opinion(asking(client, there.port), HAM + b"x" * 900_000)


def test_actions_that_nobody_knows() -> None:
    assert read_actions(["Reject=junk", "add_header=score", "my own=discard"]) == {
        **USUAL, "reject": Wish.SET_ASIDE, "add header": Wish.NOTHING, "my own": Wish.DISCARD,
    }  # fmt: skip
    for text in ("reject", "=junk", "reject=delete"):
        with pytest.raises(Invalid, match="write action=meaning"):
            read_actions([text])
