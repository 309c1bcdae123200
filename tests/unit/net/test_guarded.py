"""The one HTTP client, against servers that mean no good."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from mailstead.net.dns import Answer
from mailstead.net.guarded import FetchFailed, GuardedClient, Request, Response
from mailstead.net.reach import Reach
from tests.support.known_names import KnownNames

HOST = "hooks.example.test"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[int]]


@pytest.fixture
def names() -> KnownNames:
    """One name, on this machine."""
    names = KnownNames()
    names.put("A", HOST, "127.0.0.1")
    return names


@pytest.fixture
async def clients() -> AsyncIterator[Callable[..., GuardedClient]]:
    """To be closed."""
    made: list[GuardedClient] = []

    def make(names: KnownNames, *allowed: str) -> GuardedClient:
        made.append(GuardedClient(names, Reach(allowed)))
        return made[-1]

    yield make
    for client in made:
        await client.close()


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """A server, at a port and at a Unix socket."""
    runners: list[web.AppRunner] = []

    async def make(handler: Handler) -> int:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, handler_cancellation=True)
        runners.append(runner)
        await runner.setup()
        await web.UnixSite(runner, str(tmp_path / "http.sock")).start()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        return int(site._server.sockets[0].getsockname()[1])  # type: ignore[attr-defined]

    yield make
    for runner in runners:
        await runner.cleanup()


def request(port: int, host: str = HOST, **more: object) -> Request:
    return Request(**{"url": f"http://{host}:{port}/x?token=secret", "limit": 1000, **more})  # type: ignore[arg-type]


async def echo(asked: web.Request) -> web.Response:
    return web.Response(body=asked.method.encode() + b" " + await asked.read(), headers={"X-Host": asked.host})


async def test_an_allowed_host(serve: Serve, names: KnownNames, clients: Callable[..., GuardedClient]) -> None:
    port = await serve(echo)
    response = await clients(names, HOST).ask(request(port, method="POST", body=b"letter"))
    assert (response.status, response.body) == (200, b"POST letter")
    assert response.headers["x-host"] == f"{HOST}:{port}"


async def test_a_name_that_leads_behind_our_walls(
    serve: Serve, names: KnownNames, clients: Callable[..., GuardedClient]
) -> None:
    asked: list[str] = []

    async def handler(told: web.Request) -> web.Response:
        asked.append(told.path)
        return web.Response()

    await serve(handler)
    names.put("AAAA", HOST, "2606:4700::1111")
    with pytest.raises(FetchFailed, match=r"leads to 127\.0\.0\.1"):
        await clients(names).ask(Request(url=f"http://{HOST}/", limit=10))
    assert not asked


async def test_the_address_that_was_judged_is_the_one_spoken_to(
    serve: Serve, clients: Callable[..., GuardedClient]
) -> None:
    """DNS rebinding: the second answer would be another."""

    class Rebinding(KnownNames):
        def _find(self, kind: str, name: str) -> Answer[str]:
            self.asked.append((kind, name))
            first = ("A", name) not in self.asked[:-1]
            return Answer(name, (("127.0.0.1" if first else "127.0.0.2"),) if kind == "A" else ())

    names = Rebinding()
    peers: list[object] = []

    async def handler(told: web.Request) -> web.Response:
        assert told.transport is not None
        peers.append(told.transport.get_extra_info("sockname")[0])
        return web.Response()

    port = await serve(handler)
    await clients(names, "127.0.0.1").ask(request(port))
    assert peers == ["127.0.0.1"]
    assert names.asked == [("AAAA", HOST), ("A", HOST)]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://127.0.0.1./", "http://①②⑦.⓪.⓪.①/",
        "http://localhost/", "http://sub.localhost/", "http://hooks.example.test:25/", "http://1.1.1.1:6379/",
        "http://user:password@hooks.example.test/", "http://evil.test@127.0.0.1/", "file:///etc/passwd",
        "gopher://hooks.example.test/", "http://", "http:///x", "//hooks.example.test/", "http://[fe80::1%25lo]/",
        "unix:/run/x.sock", "http://hooks.example.test:99999/",
    ],
)  # fmt: skip
async def test_urls_that_lead_where_they_may_not(
    url: str, names: KnownNames, clients: Callable[..., GuardedClient]
) -> None:
    with pytest.raises(FetchFailed) as caught:
        await clients(names).ask(Request(url=url, limit=10))
    assert "password" not in str(caught.value).partition("a password in it")[0]


async def test_targets_of_the_configuration_may_be_anywhere(
    serve: Serve, names: KnownNames, clients: Callable[..., GuardedClient], tmp_path: Path
) -> None:
    client = clients(names)
    port = await serve(echo)
    for host in ("127.0.0.1", "localhost", HOST):
        assert (await client.ask(request(port, host, is_ours=True))).status == 200
    response = await client.ask(request(80, path=str(tmp_path / "http.sock"), method="POST", body=b"by socket"))
    assert response.body == b"POST by socket"
    with pytest.raises(FetchFailed):
        await client.ask(request(port))


async def test_redirects_and_cookies_are_left_alone(
    serve: Serve, names: KnownNames, clients: Callable[..., GuardedClient]
) -> None:
    seen: list[tuple[str, str | None]] = []

    async def handler(asked: web.Request) -> web.Response:
        seen.append((asked.path, asked.headers.get("Cookie")))
        return web.Response(status=302, headers={"Location": "/elsewhere", "Set-Cookie": "a=b"})

    client, port = clients(names, HOST), await serve(handler)
    for _ in range(2):
        assert (await client.ask(request(port))).status == 302
    assert seen == [("/x", None)] * 2


async def fails(client: GuardedClient, asked: Request, words: str) -> None:
    with pytest.raises(FetchFailed, match=words) as caught:
        await client.ask(asked)
    assert "secret" not in str(caught.value)


async def test_a_bomb_is_not_unpacked(serve: Serve, names: KnownNames, clients: Callable[..., GuardedClient]) -> None:
    async def handler(asked: web.Request) -> web.Response:
        assert asked.headers["Accept-Encoding"] == "identity"
        return web.Response(body=gzip.compress(bytes(1 << 20)), headers={"Content-Encoding": "gzip"})

    await fails(clients(names, HOST), request(await serve(handler), limit=1 << 22), "compressed")


async def test_too_much(serve: Serve, names: KnownNames, clients: Callable[..., GuardedClient]) -> None:
    async def handler(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(asked)
        while True:
            await response.write(bytes(500))

    await fails(clients(names, HOST), request(await serve(handler)), "longer than 1000")


async def test_too_slow(serve: Serve, names: KnownNames, clients: Callable[..., GuardedClient]) -> None:
    async def handler(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(asked)
        while asked.transport is not None and not asked.transport.is_closing():
            await response.write(b"x")
            await asyncio.sleep(0.02)
        return response

    await fails(clients(names, HOST), request(await serve(handler), seconds=0.2), "no answer in time")


async def test_a_body_in_pieces_has_its_length_told(
    serve: Serve, names: KnownNames, clients: Callable[..., GuardedClient]
) -> None:
    lengths: list[int | None] = []

    async def handler(asked: web.Request) -> web.Response:
        lengths.append(asked.content_length)
        return web.Response(body=await asked.read())

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    response: Response = await clients(names, HOST).ask(
        request(await serve(handler), method="POST", body=pieces(), size=7)
    )
    assert (response.body, lengths) == (b"one two", [7])


async def test_a_header_cannot_be_cut_open(
    serve: Serve, names: KnownNames, clients: Callable[..., GuardedClient]
) -> None:
    port = await serve(echo)
    await fails(clients(names, HOST), request(port, headers={"X-Recipient": "a\r\nX-Evil: b"}), "ValueError")


async def test_nobody_there(names: KnownNames, clients: Callable[..., GuardedClient], tmp_path: Path) -> None:
    client = clients(names, HOST)
    await fails(client, request(80, "nowhere.example.test"), "no address")
    await fails(client, request(80, path=str(tmp_path / "none.sock")), "Cannot connect")
