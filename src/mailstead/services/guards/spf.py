"""Does the SPF record of a domain let us send (RFC 7208)? Asked of our own addresses, before others ask."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mailstead.net.dns import Resolver

LOOKUPS_MAX: Final = 10
"""RFC 7208 §4.6.4: terms that cost a query, in all records together."""
HOSTS_MAX: Final = 10
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class SpfError(Exception):
    """The record cannot be used as it is; the text says why."""


async def spf_fault(resolver: Resolver, domain: str, addresses: Sequence[str]) -> str:
    """What is wrong with it for mail from these addresses of ours; empty if all may send. DnsError."""
    for text in addresses:
        search = _Search(resolver, ipaddress.ip_address(text))
        try:
            verdict = await search.check(domain)
        except SpfError as trouble:
            return str(trouble)
        if verdict is None:
            return f"{domain} has no SPF record"
        if not verdict:
            return f"the SPF record of {domain} does not let {text} send"
    return ""


@dataclass(slots=True)
class _Search:
    """For one address. What depends on macros is let be: it cannot be told without a letter."""

    resolver: Resolver
    ip: Address
    lookups: int = field(default=0)

    async def check(self, domain: str) -> bool | None:
        """None: no record there (RFC 7208 §4.5)."""
        found = [
            text for record in (await self.resolver.txt(domain)).records
            if (text := record.decode("ascii", "replace")).lower().split(" ", 1)[0] == "v=spf1"
        ]  # fmt: skip
        if not found:
            return None
        if len(found) > 1:
            raise SpfError(f"{domain} has {len(found)} SPF records, and may have one")
        terms = found[0].split()[1:]
        for term in terms:
            if "=" not in term.partition(":")[0].partition("/")[0]:
                sign, mechanism = (term[0], term[1:]) if term[0] in "+-~?" else ("+", term)
                if await self._matches(mechanism, domain):
                    return sign == "+"
        target = next((term[9:] for term in terms if term.lower().startswith("redirect=")), "")
        if not target:
            return False  # RFC 7208 §4.7: neutral
        if "%" in target:
            return True
        self._count(domain)
        return await self._must(target)

    async def _matches(self, mechanism: str, domain: str) -> bool:
        """RFC 7208 §5."""
        name, _, rest = mechanism.partition(":")
        name, slash, lengths = name.partition("/")
        name = name.lower()
        if name == "all":
            return True
        if name in ("ip4", "ip6"):
            return self._is_in(rest, domain)
        if name not in ("include", "a", "mx", "exists", "ptr"):
            raise SpfError(f"the SPF record of {domain} has {mechanism!r}, which nobody knows")
        self._count(domain)
        if not slash:
            rest, _, lengths = rest.partition("/")
        if "%" in rest or name in ("exists", "ptr"):
            return "%" in rest
        match name:
            case "include":
                return await self._must(rest)
            case "a":
                return await self._has(rest or domain, lengths)
            case _:
                hosts = [mx.host for mx in (await self.resolver.mx(rest or domain)).records][:HOSTS_MAX]
                return any([await self._has(host, lengths) for host in hosts])

    async def _must(self, domain: str) -> bool:
        verdict = await self.check(domain)
        if verdict is None:
            raise SpfError(f"{domain} is named by an SPF record and has none")  # RFC 7208 §5.2: permerror
        return verdict

    async def _has(self, host: str, lengths: str) -> bool:
        """RFC 7208 §5.3: `/24//64` are the lengths for IPv4 and IPv6."""
        four, _, six = lengths.partition("//")
        is_four = self.ip.version == 4
        answer = await (self.resolver.a(host) if is_four else self.resolver.aaaa(host))
        length = four.strip("/") if is_four else six
        return any(self._is_in(f"{record}/{length}" if length else record, host) for record in answer.records)

    def _is_in(self, network: str, domain: str) -> bool:
        try:
            parsed = ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise SpfError(f"the SPF record of {domain} has {network!r}, which is no network") from error
        return self.ip in parsed

    def _count(self, domain: str) -> None:
        self.lookups += 1
        if self.lookups > LOOKUPS_MAX:
            raise SpfError(f"the SPF record of {domain} asks for more than {LOOKUPS_MAX} look-ups")
