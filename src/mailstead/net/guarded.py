"""The one HTTP client of the program: no fetch may be led behind our walls, and none may cost more than it was given.

A name is looked up once, by our own resolver, and its address judged before it is spoken to; no second look-up can
lead elsewhere (DNS rebinding). No redirects, cookies, compression, proxies of the environment; TLS is verified.
"""

import socket
import ssl
from collections.abc import AsyncIterable, Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from mailstead.net.dns import DnsError, Resolver
from mailstead.net.reach import Reach, is_misspelt_address
from mailstead.net.tls import BadCertificate

CONNECTIONS_MAX: Final = 100
CONNECT_SECONDS: Final = 10.0
TOTAL_SECONDS: Final = 30.0
HEADER_LINE_MAX: Final = 8190
SOCKETS_MAX: Final = 50
_LOOPBACK: Final = ("127.0.0.1", "::1")


class FetchFailed(Exception):  # noqa: N818 - a fact about the other side
    """There is no answer to be had now. `is_certificate`: it is their certificate that fails."""

    def __init__(self, words: str, *, is_certificate: bool = False) -> None:
        super().__init__(words)
        self.is_certificate = is_certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked. `is_ours`: the operator's configuration names the target, so it may be anywhere.

    `path`: of a Unix socket, which is ours too. `size`: of a body that comes in pieces.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | AsyncIterable[bytes] = b""
    size: int | None = None
    limit: int
    seconds: float = TOTAL_SECONDS
    is_ours: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered, whatever its status."""

    status: int
    headers: Mapping[str, str]  # by any case
    content_type: str
    body: bytes


class GuardedClient:
    """One for a worker. `close` it. `context`: which CAs vouch for hosts; those of the system if it is not given."""

    def __init__(
        self,
        resolver: Resolver,
        reach: Reach | None = None,
        *,
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._resolver = resolver
        self._reach = reach or Reach()
        self._context = context
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def ask(self, request: Request) -> Response:
        """FetchFailed: whoever is not there, may not be reached, takes too long or says too much."""
        url = _read_url(request.url)
        if not request.is_ours and not request.path:
            self._check(url)
        shown = f"{url.scheme}://{url.authority}{url.path}"  # queries may hold secrets
        try:
            return await self._exchange(url, shown, request)
        except BadCertificate as error:
            raise FetchFailed(str(error)) from error
        except aiohttp.ClientSSLError as error:
            raise FetchFailed(f"{shown}: {error}", is_certificate=True) from error
        except TimeoutError as error:
            raise FetchFailed(f"{shown}: no answer in time") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchFailed(f"{shown}: {type(error).__name__} {error}") from error

    def allows(self, host: str) -> bool:
        """Has the operator named this host, or a network that its address lies in?"""
        return self._reach.knows(host) or (_is_address(host) and self._reach.covers(host))

    async def close(self) -> None:
        """Let go of the connections."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()

    def _check(self, url: URL) -> None:
        """What can be told before a name is looked up. aiohttp asks no resolver about an address."""
        host, port = url.raw_host or "", url.port or 0
        if _is_address(host):
            if objection := self._reach.object_to(host, host, port):
                raise FetchFailed(objection)
        elif is_misspelt_address(host):
            raise FetchFailed(f"{host} is no host")

    async def _exchange(self, url: URL, shown: str, request: Request) -> Response:
        headers = {"Accept-Encoding": "identity", "User-Agent": "Mailstead", **request.headers}
        if request.size is not None:
            headers["Content-Length"] = str(request.size)
        async with self._open(request).request(
            request.method, url, headers=headers, data=request.body or None, allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=request.seconds, connect=min(CONNECT_SECONDS, request.seconds)),
        ) as response:  # fmt: skip
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise FetchFailed(f"{shown} answers compressed, unasked")  # a small answer might become a huge one
            body = await _read(response, shown, request.limit)
            return Response(response.status, response.headers.copy(), response.content_type, body)

    def _open(self, request: Request) -> aiohttp.ClientSession:
        """Made at the first need: it belongs to the running loop."""
        key = request.path or ("ours" if request.is_ours else "")
        session = self._sessions.get(key)
        if session is None:
            if len(self._sessions) >= SOCKETS_MAX:
                raise FetchFailed(f"more than {SOCKETS_MAX} Unix sockets")
            session = self._sessions[key] = self._make(request)
        return session

    def _make(self, request: Request) -> aiohttp.ClientSession:
        connector: aiohttp.BaseConnector
        if request.path:
            connector = aiohttp.UnixConnector(request.path, limit=CONNECTIONS_MAX, force_close=True)
        else:
            names = _Names(self._resolver, None if request.is_ours else self._reach)
            connector = aiohttp.TCPConnector(
                resolver=names, use_dns_cache=False, limit=CONNECTIONS_MAX, force_close=True, ssl=self._context()
            )
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False,
            max_line_size=HEADER_LINE_MAX, max_field_size=HEADER_LINE_MAX,
        )  # fmt: skip


def _read_url(text: str) -> URL:
    """One reader for what is judged and what is asked."""
    try:
        url = URL(text)
        host, port = url.raw_host, url.port
    except ValueError as error:
        raise FetchFailed("no URL") from error
    if url.scheme not in ("http", "https") or not host or port is None:
        raise FetchFailed("no URL of HTTP")
    if url.raw_user is not None or url.raw_password is not None:
        raise FetchFailed(f"{host}: a URL with a password in it is shown to too many")
    return url


async def _read(response: aiohttp.ClientResponse, shown: str, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise FetchFailed(f"{shown} is longer than {limit} bytes")
    return bytes(body)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class _Names(AbstractResolver):
    """Our resolver as aiohttp wants one: it connects to what is found here and asks nobody else."""

    def __init__(self, resolver: Resolver, reach: Reach | None) -> None:
        self._resolver = resolver
        self._reach = reach

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        name = host.lower().rstrip(".")
        found = await self._look_up(name, family)
        if not found:
            raise OSError(None, f"{host} has no address")  # its words are `strerror`
        if self._reach is not None:
            for address in found:
                if objection := self._reach.object_to(name, address, port):  # one is enough: a mixture means no good
                    raise OSError(None, objection)
        return [
            ResolveResult(
                hostname=host, host=address, port=port, proto=0, flags=socket.AI_NUMERICHOST,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
            )
            for address in found
        ]  # fmt: skip

    async def _look_up(self, name: str, family: socket.AddressFamily) -> list[str]:
        if name == "localhost" or name.endswith(".localhost"):
            return list(_LOOPBACK)  # RFC 6761 §6.3: no question for the DNS
        found: list[str] = []
        trouble: DnsError | None = None
        for ask, kind in ((self._resolver.aaaa, socket.AF_INET6), (self._resolver.a, socket.AF_INET)):
            if family in (socket.AF_UNSPEC, kind):
                try:
                    found += (await ask(name)).records
                except DnsError as error:
                    trouble = error
        if trouble is not None and not found:
            raise OSError(None, str(trouble))
        return found

    async def close(self) -> None:
        """It is the worker's."""
