"""Small texts by HTTPS from hosts that strangers name: verified, without redirects and cookies, with limits."""

import socket
import ssl
from collections.abc import Callable
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from mailstead.net.dns import DnsError, Resolver
from mailstead.net.tls import BadCertificate

CONNECTIONS_MAX: Final = 20
TOTAL_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 10.0
_OK: Final = 200


class FetchFailed(Exception):  # noqa: N818 - a fact about the other side
    """There is no text to be had now. `is_certificate`: it is their certificate that fails."""

    def __init__(self, words: str, *, is_certificate: bool = False) -> None:
        super().__init__(words)
        self.is_certificate = is_certificate


class HttpsFetcher:
    """One for a worker. `close` it. `context`: which CAs vouch for hosts; those of the system if it is not given."""

    def __init__(
        self,
        resolver: Resolver,
        *,
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        port: int = 443,
    ) -> None:
        self._resolver = resolver
        self._context = context
        self._port = port
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, host: str, path: str, *, content_type: str, limit: int) -> bytes:
        """The whole text of a 200 of this type; FetchFailed."""
        url = f"https://{host}:{self._port}{path}"
        try:
            async with self._open().get(url, allow_redirects=False) as response:
                if response.status != _OK:
                    raise FetchFailed(f"{url} answered {response.status}")
                if response.content_type != content_type:
                    raise FetchFailed(f"{url} is {response.content_type[:80]}, not {content_type}")
                return await _read(response, limit)
        except BadCertificate as error:
            raise FetchFailed(str(error)) from error
        except aiohttp.ClientSSLError as error:
            raise FetchFailed(f"{url}: {error}", is_certificate=True) from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise FetchFailed(f"{url}: {type(error).__name__} {error}") from error

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        """Made at the first need: it belongs to the running loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_Names(self._resolver), use_dns_cache=False, limit=CONNECTIONS_MAX, force_close=True,
                ssl=self._context(),
            )  # fmt: skip
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "Mailstead"},
                timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=CONNECT_SECONDS),
            )  # fmt: skip
        return self._session


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise FetchFailed(f"{response.url} is longer than {limit} bytes")
    return bytes(body)


class _Names(AbstractResolver):
    """Our resolver as aiohttp wants one."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found: list[tuple[str, socket.AddressFamily]] = []
        trouble: DnsError | None = None
        for ask, kind in ((self._resolver.aaaa, socket.AF_INET6), (self._resolver.a, socket.AF_INET)):
            if family in (socket.AF_UNSPEC, kind):
                try:
                    found += [(address, kind) for address in (await ask(host)).records]
                except DnsError as error:
                    trouble = error
        if not found:
            raise OSError(None, str(trouble) if trouble else f"{host} has no address")  # its words are `strerror`
        return [
            ResolveResult(
                hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST
            )
            for address, kind in found
        ]  # fmt: skip

    async def close(self) -> None:
        """It is the worker's."""
