"""Texts by HTTPS from a real server on loopback: verified, limited, not led elsewhere."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from mailstead.net.dns import Trouble
from mailstead.net.guarded import FetchFailed, GuardedClient
from mailstead.net.https import HttpsFetcher
from mailstead.net.reach import Reach
from mailstead.net.tls import ClientContexts
from tests.support.chains import Issued, issue
from tests.support.known_names import KnownNames

HOST = "mta-sts.example.test"
Start = Callable[..., Awaitable[HttpsFetcher]]


@pytest.fixture(scope="module")
def root() -> Issued:
    return issue("Root", ca=True)


@pytest.fixture
async def start(root: Issued, tmp_path: Path) -> AsyncIterator[Start]:
    """A server that answers with `handler`, and who asks it."""
    runners: list[web.AppRunner] = []
    clients: list[GuardedClient] = []

    async def make(handler: object, *, host: str = HOST, days: tuple[float, float] = (-1, 1)) -> HttpsFetcher:
        app = web.Application()
        app.router.add_get("/.well-known/mta-sts.txt", handler)  # type: ignore[arg-type]
        app.router.add_get("/elsewhere", handler)  # type: ignore[arg-type]
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        context = issue("x", root, hosts=(host,), days=days).context(tmp_path)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        names = KnownNames()
        names.put("A", HOST, "127.0.0.1")
        names.fail("AAAA", HOST, Trouble.SERVFAIL)
        trusted = ssl.create_default_context(cadata=root.certificate.public_bytes(Encoding.PEM).decode())
        port = runner.addresses[0][1]
        clients.append(GuardedClient(names, Reach(["127.0.0.0/8"]), context=lambda: trusted))
        return HttpsFetcher(clients[-1], port=port)

    yield make
    for client in clients:
        await client.close()
    for runner in runners:
        await runner.cleanup()


async def fetch(fetcher: HttpsFetcher, host: str = HOST) -> bytes:
    return await fetcher.fetch(host, "/.well-known/mta-sts.txt", content_type="text/plain", limit=1000)


def says(text: str, **options: object) -> object:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(text=text, **options)  # type: ignore[arg-type]

    return handler


async def test_a_text(start: Start) -> None:
    seen: dict[str, str] = {}

    async def handler(request: web.Request) -> web.Response:
        seen.update(request.headers)
        return web.Response(text="version: STSv1")

    fetcher = await start(handler)
    assert await fetch(fetcher) == b"version: STSv1"
    assert seen["Host"].startswith(HOST)
    assert await fetch(fetcher) == b"version: STSv1"


async def test_redirects_are_not_followed(start: Start) -> None:
    """RFC 8461 §3.3."""

    async def handler(request: web.Request) -> web.Response:
        if request.path == "/elsewhere":
            return web.Response(text="no")
        raise web.HTTPFound("/elsewhere")

    with pytest.raises(FetchFailed, match="302"):
        await fetch(await start(handler))


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (says("x", status=404), "404"),
        (says("x", content_type="text/html"), "text/html"),
        (says("x" * 1001), "longer"),
    ],
)
async def test_what_is_not_taken(start: Start, handler: object, words: str) -> None:
    with pytest.raises(FetchFailed, match=words) as caught:
        await fetch(await start(handler))
    assert not caught.value.is_certificate


async def test_a_stream_without_end_is_cut(start: Start) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        while True:
            await response.write(b"x" * 500)

    with pytest.raises(FetchFailed, match="longer"):
        await fetch(await start(handler))


@pytest.mark.parametrize(("host", "days"), [("other.test", (-1, 1)), (HOST, (-9, -8))])
async def test_certificates_are_verified(start: Start, host: str, days: tuple[float, float]) -> None:
    with pytest.raises(FetchFailed) as caught:
        await fetch(await start(says("x"), host=host, days=days))
    assert caught.value.is_certificate


async def test_names_come_from_our_resolver(start: Start) -> None:
    fetcher = await start(says("x"))
    with pytest.raises(FetchFailed, match="no address"):
        await fetch(fetcher, "nowhere.test")


async def test_cas_that_cannot_be_read(tmp_path: Path) -> None:
    """No text, and no fault of ours."""
    contexts = ClientContexts(tmp_path / "missing.pem")
    client = GuardedClient(KnownNames(), context=lambda: contexts.get(is_verified=True))
    with pytest.raises(FetchFailed, match=r"missing\.pem does not exist"):
        await fetch(HttpsFetcher(client))
    await client.close()
