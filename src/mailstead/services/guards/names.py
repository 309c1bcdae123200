"""The DNS guard: a domain whose records are not in place does not send yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from mailstead.ground.model.ids import Instant
from mailstead.net.clock import Clock
from mailstead.net.dns import DnsError, Resolver
from mailstead.services.guards.spf import spf_fault
from mailstead.services.guards.words import MINUTE

REMEMBERED_FOR: Final = 5 * MINUTE
REMEMBERED_MAX: Final = 1000
ADDRESSES_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class KeyName:
    """Where the record of a signing key is looked for, and what its p= must hold, in base64."""

    name: str
    public: str


class SigningKeys(Protocol):
    """The keys that sign for a domain now."""

    async def names(self, domain: str) -> Sequence[KeyName]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRules:
    """What must be in place. `hosts`: whose addresses our mail leaves from; `addresses`: more of them."""

    spf: bool = False
    dkim: bool = False
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


class NameGuard:
    """One for a worker. What it found holds for five minutes."""

    def __init__(self, resolver: Resolver, clock: Clock, keys: SigningKeys, rules: NameRules) -> None:
        self._resolver = resolver
        self._clock = clock
        self._keys = keys
        self._rules = rules
        self._found: dict[str, tuple[Instant, str]] = {}

    async def fault(self, domain: str) -> str:
        """What is missing in the DNS before this domain of ours may send; empty if nothing is."""
        now = self._clock.now()
        remembered = self._found.get(domain)
        if remembered is not None and remembered[0] > now:
            return remembered[1]
        try:
            fault = await self._look(domain)
        except DnsError as error:
            return f"the DNS does not say whether {domain} may send: {error}"
        if len(self._found) >= REMEMBERED_MAX:
            self._found.clear()
        self._found[domain] = Instant(now + REMEMBERED_FOR), fault
        return fault

    async def _look(self, domain: str) -> str:
        faults = []
        if self._rules.spf:
            faults.append(await spf_fault(self._resolver, domain, await self._addresses()))
        if self._rules.dkim:
            faults.append(await self._dkim_fault(domain))
        return "; ".join(filter(None, faults))

    async def _addresses(self) -> list[str]:
        """Ours, as the world sees them."""
        found = list(self._rules.addresses)
        for host in self._rules.hosts:
            found += (await self._resolver.a(host)).records
            found += (await self._resolver.aaaa(host)).records
        return list(dict.fromkeys(found))[:ADDRESSES_MAX]

    async def _dkim_fault(self, domain: str) -> str:
        keys = await self._keys.names(domain)
        if not keys:
            return f"{domain} has no DKIM key"
        for key in keys:
            records = (await self._resolver.txt(key.name)).records
            if not records:
                return f"the DKIM record {key.name} is missing"
            if not any(_public_of(record) == key.public for record in records):
                return f"the DKIM record {key.name} holds another key"
        return ""


def _public_of(record: bytes) -> str:
    """RFC 6376 §3.6.1: the p= of a key record, without white space."""
    for part in record.decode("ascii", "replace").split(";"):
        name, _, value = part.partition("=")
        if name.strip() == "p":
            return "".join(value.split())
    return ""
