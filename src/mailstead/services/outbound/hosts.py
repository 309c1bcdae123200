"""Which hosts take a domain's mail, in which order, and where they are (RFC 5321 §5.1, RFC 7505)."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, zip_longest
from operator import attrgetter

from mailstead.net.dns import Answer, DnsError, Mx, Resolver
from mailstead.services.outbound.settings import OutboundSettings
from mailstead.services.outbound.story import Setback, Story

Shuffle = Callable[[list[str]], None]


@dataclass(frozen=True, slots=True)
class Exchanger:
    """A host by its name, or by its address if that is all there is."""

    name: str
    preference: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchangers:
    """In the order in which they are to be tried."""

    hosts: tuple[Exchanger, ...]
    has_mx: bool
    is_secure: bool


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Of one host: addresses of both families in turn."""

    canonical: str
    addresses: tuple[str, ...]
    is_secure: bool


class Finder:
    """Asks the DNS for one attempt. Every method: `Setback`."""

    def __init__(self, resolver: Resolver, settings: OutboundSettings, shuffle: Shuffle, story: Story) -> None:
        self._resolver = resolver
        self._settings = settings
        self._shuffle = shuffle
        self._story = story

    async def find_exchangers(self, domain: str) -> Exchangers:
        """RFC 5321 §5.1: by preference, at random among equals; without MX the domain itself."""
        if (literal := address_of_literal(domain)) is not None:
            return Exchangers(hosts=(Exchanger(literal),), has_mx=False, is_secure=False)
        try:
            answer = await self._resolver.mx(domain)
        except DnsError as error:
            self._story.tell("mx", domain=domain, error=error.trouble.value)
            raise Setback("4.4.3", f"MX of {domain}: {error.trouble.value}") from None
        self._tell_mx(domain, answer)
        if not answer.exists:
            raise Setback("5.1.2", f"{domain} does not exist")
        if not answer.records:
            return Exchangers(hosts=(Exchanger(domain),), has_mx=False, is_secure=answer.is_secure)
        if all(record.host in (".", "") for record in answer.records):  # RFC 7505 §3
            raise Setback("5.1.10", f"{domain} takes no mail (null MX)")
        return Exchangers(hosts=self._order(domain, answer.records), has_mx=True, is_secure=answer.is_secure)

    def _order(self, domain: str, records: Sequence[Mx]) -> tuple[Exchanger, ...]:
        known = [record for record in records if record.host not in (".", "")]
        ours = [record.preference for record in known if record.host in self._settings.own_names]
        # RFC 5321 §5.1: we and all that are no nearer than we are drop out
        nearer = [record for record in known if not ours or record.preference < min(ours)]
        if not nearer:
            raise Setback("5.4.6", f"mail for {domain} loops back to us")
        ordered = []
        for preference, equals in groupby(sorted(nearer, key=attrgetter("preference")), attrgetter("preference")):
            names = sorted({record.host for record in equals})
            self._shuffle(names)
            ordered += [Exchanger(name, preference) for name in names]
        return tuple(ordered[: self._settings.max_hosts])

    async def locate(self, name: str) -> Whereabouts:
        """Its addresses; one that cannot be a host's is none."""
        if _is_address(name):
            return Whereabouts(name, _usable([name]), is_secure=False)
        v6, v4 = await asyncio.gather(self._ask(self._resolver.aaaa, name), self._ask(self._resolver.a, name))
        found = [answer for answer in (v6, v4) if isinstance(answer, Answer)]
        errors = [answer for answer in (v6, v4) if isinstance(answer, DnsError)]
        in_turn = zip_longest(*(answer.records for answer in found))
        addresses = _usable([ip for ip in chain.from_iterable(in_turn) if ip is not None])
        self._story.tell("address", host=name, addresses=" ".join(addresses), error=_troubles(errors))
        if not addresses and errors:
            raise Setback("4.4.3", f"address of {name}: {errors[0].trouble.value}")
        if not addresses:
            raise Setback("5.4.4", f"{name} has no address")
        canonical = next((answer.name for answer in found if answer.records), name)
        is_secure = all(answer.is_secure for answer in found if answer.records)
        return Whereabouts(canonical, addresses, is_secure)

    async def _ask(self, method: Callable[[str], Awaitable[Answer[str]]], name: str) -> Answer[str] | DnsError:
        try:
            return await method(name)
        except DnsError as error:
            return error

    def _tell_mx(self, domain: str, answer: Answer[Mx]) -> None:
        records = " ".join(f"{record.preference}:{record.host}" for record in answer.records[:20])
        self._story.tell("mx", domain=domain, records=records, exists=int(answer.exists), secure=int(answer.is_secure))


def address_of_literal(domain: str) -> str | None:
    """RFC 5321 §4.1.3: [192.0.2.1] and [IPv6:2001:db8::1]; None for a name. `Setback` for another literal."""
    if not domain.startswith("["):
        return None
    text = domain[1:-1]
    text = text[5:] if text[:5].lower() == "ipv6:" else text
    if not _is_address(text):
        raise Setback("5.1.3", f"{domain} is no address that we know")
    return text


def _usable(addresses: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ip for ip in addresses if _may_be_host(ip)))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _may_be_host(text: str) -> bool:
    """Private ones may; what means "any" or "many" reaches nobody, or ourselves."""
    ip = ipaddress.ip_address(text)
    mapped = getattr(ip, "ipv4_mapped", None) or ip
    return not (mapped.is_unspecified or mapped.is_multicast)


def _troubles(errors: Sequence[DnsError]) -> str:
    return "; ".join(f"{error.kind}: {error.trouble.value}" for error in errors)
