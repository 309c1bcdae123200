"""Names by asking recursive name servers, each question once at a time, with a cache in memory (RFC 2308).

Whether an answer is validated is the server's word, so it counts only from servers on this machine or from such as
the operator trusts. Nobody is asked but those that are configured.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar, cast

import dns.exception
import dns.name
import dns.reversename
from dns.rdatatype import RdataType

from mailstead.ground.formats.tlsa import Tlsa
from mailstead.net import dns_records
from mailstead.net.clock import Clock
from mailstead.net.dns import Answer, DnsError, Mx, Trouble
from mailstead.net.dns_exchange import PATIENCE, Exchange, Servers
from mailstead.net.dns_wire import Found, Question

ENTRIES_MAX: Final = 10_000
IN_FLIGHT_MAX: Final = 200
TTL_MAX: Final = 86_400
NEGATIVE_TTL_MAX: Final = 10_800  # RFC 2308 §5: three hours at most
FAILURE_TTL: Final = 5  # RFC 9520 §3.2: at least one second, at most five minutes
DEADLINE: Final = 30.0
ALIASES_MAX: Final = 8
PROBE: Final = "."
"""Signed everywhere: who validates says so of the root's name servers."""

T = TypeVar("T")
_Key = tuple[str, RdataType]
_Read = Callable[[Any], T]


@dataclass(frozen=True, slots=True)
class _Known:
    """What was answered, and until when it holds."""

    what: Answer[Any] | Trouble
    until: float


class CachingResolver:
    """`net.dns.Resolver` for one worker. `close` it."""

    def __init__(self, servers: Servers, clock: Clock, *, patience: tuple[float, ...] = PATIENCE) -> None:
        self._exchange = Exchange(servers, patience)
        self._are_trusted = servers.are_trusted
        self._clock = clock
        self._known: OrderedDict[_Key, _Known] = OrderedDict()
        self._flights: dict[_Key, asyncio.Task[Answer[Any]]] = {}
        self._room = asyncio.Semaphore(IN_FLIGHT_MAX)

    async def mx(self, name: str) -> Answer[Mx]:
        """RFC 5321 §5.1."""
        return await self._ask(name, RdataType.MX, dns_records.read_mx)

    async def a(self, name: str) -> Answer[str]:
        """Addresses of IPv4."""
        return await self._ask(name, RdataType.A, dns_records.read_a)

    async def aaaa(self, name: str) -> Answer[str]:
        """Addresses of IPv6."""
        return await self._ask(name, RdataType.AAAA, dns_records.read_aaaa)

    async def txt(self, name: str) -> Answer[bytes]:
        """Each record with its strings joined."""
        return await self._ask(name, RdataType.TXT, dns_records.read_txt)

    async def tlsa(self, name: str) -> Answer[Tlsa]:
        """RFC 6698 §3: of `_25._tcp.<host>`."""
        return await self._ask(name, RdataType.TLSA, dns_records.read_tlsa)

    async def ptr(self, ip: str) -> Answer[str]:
        """The names that an address gives itself."""
        return await self._ask(str(dns.reversename.from_address(ip)), RdataType.PTR, dns_records.read_ptr)

    async def validates(self, probe: str = PROBE) -> bool:
        """Do our servers check DNSSEC, as far as can be told? `probe` is a signed zone; DnsError."""
        return (await self._ask(probe, RdataType.NS, dns_records.read_ns)).is_secure

    async def close(self) -> None:
        """Ask no more."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    async def _ask(self, name: str, kind: RdataType, read: _Read[T]) -> Answer[T]:
        key = (name, kind)
        known = self._known.get(key)
        if known is not None and self._clock.monotonic() < known.until:
            self._known.move_to_end(key)
            if isinstance(known.what, Trouble):
                raise DnsError(name, kind.name, known.what)
            return known.what
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._look_up(key, read))
            flight.add_done_callback(partial(self._land, key))
        return cast("Answer[T]", await asyncio.shield(flight))  # a caller that gives up takes nothing from the others

    def _land(self, key: _Key, flight: asyncio.Task[Answer[Any]]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # looked at, also if nobody waits any longer

    async def _look_up(self, key: _Key, read: _Read[T]) -> Answer[T]:
        name, kind = key
        try:
            wanted = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError):
            return Answer(name, (), exists=False)  # no name of the DNS, so nobody has it
        try:
            async with asyncio.timeout(DEADLINE), self._room:
                found = await self._follow(wanted, kind)
        except TimeoutError:
            found = Trouble.TIMEOUT
        if isinstance(found, Trouble):
            self._remember(key, found, FAILURE_TTL)
            raise DnsError(name, kind.name, found)
        answer = Answer(
            dns_records.read_name(found.name),
            tuple(map(read, found.records)),
            found.is_secure and self._are_trusted,
            found.exists,
        )
        self._remember(key, answer, min(found.ttl, TTL_MAX if found.records else NEGATIVE_TTL_MAX))
        return answer

    async def _follow(self, name: dns.name.Name, kind: RdataType) -> Found | Trouble:
        """Recursive servers follow aliases to their end; where one stops half way we ask on."""
        is_secure, ttl = True, TTL_MAX
        for _ in range(ALIASES_MAX):
            found = await self._exchange.ask(Question.of(name, kind))
            if isinstance(found, Trouble):
                return await self._name_trouble(found, name, kind)
            is_secure, ttl = is_secure and found.is_secure, min(ttl, found.ttl)
            if found.is_whole:
                return Found(found.name, found.records, ttl, is_secure, found.exists, is_whole=True)
            name = found.name
        return Trouble.SERVFAIL

    async def _name_trouble(self, trouble: Trouble, name: dns.name.Name, kind: RdataType) -> Trouble:
        """Not all validators say why (RFC 8914 is young): what comes without validation only is bogus."""
        if trouble is not Trouble.SERVFAIL or not self._are_trusted:
            return trouble
        unchecked = await self._exchange.ask(Question.of(name, kind, unchecked=True))
        return Trouble.BOGUS if isinstance(unchecked, Found) else trouble

    def _remember(self, key: _Key, what: Answer[Any] | Trouble, ttl: int) -> None:
        if ttl <= 0:
            return
        self._known[key] = _Known(what, self._clock.monotonic() + ttl)
        self._known.move_to_end(key)
        while len(self._known) > ENTRIES_MAX:
            self._known.popitem(last=False)
