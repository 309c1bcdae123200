"""Who is not heard, and who always is: the entries of the block list and of the allow list, and what they come to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant

EVERYBODY: Final = ""
"""The scope of an entry that holds for all our domains."""
WIDEST: Final = {4: 8, 6: 16}
"""Prefix lengths: a wider network is a slip of the finger."""
PARENTS_MAX: Final = 10
HOW: Final = "write an address, *@domain, *@*.domain, an IP address or a network like 192.0.2.0/24"


class Side(Enum):
    """Which list. What is on the allow list is heard, whatever else is said of it."""

    BLOCK = "block"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`pattern` as `read_pattern` gives it; `scope` is a domain of ours, or everybody."""

    side: Side
    scope: str = EVERYBODY
    pattern: str
    reason: str = ""
    who: str = ""
    added_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing
    expires_at: Instant | None = None

    def holds(self, now: Instant) -> bool:
        """Whether its time has not passed."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True)
class Standing:
    """What is said of a client and a sender, by scope: the nearest pattern of each list."""

    allowed: Mapping[str, str]
    blocked: Mapping[str, str]

    def is_allowed(self, domain: str = EVERYBODY) -> bool:
        """By all, or by this domain of ours."""
        return EVERYBODY in self.allowed or domain in self.allowed

    def objection(self, domain: str = EVERYBODY) -> str:
        """The pattern that blocks here; "" if none does, or one of the allow list says otherwise."""
        if self.is_allowed(domain):
            return ""
        return self.blocked.get(domain) or self.blocked.get(EVERYBODY, "")

    @property
    def objection_of_all(self) -> str:
        """The pattern that blocks whoever the recipient is; "" if a domain of ours may think otherwise."""
        return "" if self.allowed else self.blocked.get(EVERYBODY, "")

    @property
    def is_shared(self) -> bool:
        """True if it is the same for all domains of ours."""
        return self.allowed.keys() | self.blocked.keys() <= {EVERYBODY}


NOTHING_SAID: Final = Standing({}, {})


def read_pattern(text: str) -> str:
    """The one form of what people write; Invalid says what could be written instead."""
    word = text.strip()
    if "@" not in word:
        return _read_network(word)
    local, _, domain = word.rpartition("@")
    if local not in ("", "*"):
        return Address.parse(word).key
    if domain.startswith("*."):
        return f"*@*.{canonical_domain(domain[2:])}"
    return f"*@{canonical_domain(domain)}"


def is_network(pattern: str) -> bool:
    """Whether it means clients; else senders."""
    return "@" not in pattern


def _read_network(word: str) -> str:
    try:
        network = ip_network(word, strict=False)
    except ValueError:
        raise Invalid(f"{word[:80]!r} is neither a sender nor an address: {HOW}") from None
    if isinstance(network, IPv6Network) and (mapped := network.network_address.ipv4_mapped) is not None:
        network = ip_network((mapped, max(0, network.prefixlen - 96)), strict=False)
    if network.prefixlen < WIDEST[network.version]:
        raise Invalid(f"{network} is half the world: /{WIDEST[network.version]} is the widest network")
    return _show(network)


def key_of(pattern: str) -> str:
    """What it is looked up by: a sender's pattern is its own key, a network goes by its length and its bits."""
    if not is_network(pattern):
        return pattern
    network = ip_network(pattern)
    return _key(network.version, network.prefixlen, int(network.network_address))


def keys_of(ip: str, sender: Address | None) -> tuple[str, ...]:
    """Of all patterns that could mean this client and this sender, the nearest first. `ip` may be empty."""
    return (*_senders(sender), *_networks(ip))


def _senders(sender: Address | None) -> Iterator[str]:
    if sender is None:
        return
    yield sender.key
    yield f"*@{sender.domain}"
    labels = sender.domain.split(".")[-PARENTS_MAX:]
    for at in range(1, len(labels)):
        yield f"*@*.{'.'.join(labels[at:])}"


def _networks(ip: str) -> Iterator[str]:
    if not ip:
        return
    address = ip_address(ip)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    bits, version, most = int(address), address.version, address.max_prefixlen
    for length in range(most, WIDEST[version] - 1, -1):
        yield _key(version, length, bits >> (most - length) << (most - length))


def _key(version: int, length: int, bits: int) -> str:
    """Numbers, since to write an address out for each length would cost more than to look it up."""
    return f"{version}/{length}/{bits:x}"


def _show(network: IPv4Network | IPv6Network) -> str:
    first = network.network_address
    return str(first) if network.prefixlen == first.max_prefixlen else str(network)


def weigh(entries: Sequence[Entry], keys: Sequence[str], now: Instant) -> Standing:
    """What entries that were found by these keys come to now."""
    sides: dict[Side, dict[str, str]] = {Side.ALLOW: {}, Side.BLOCK: {}}
    for entry in sorted(entries, key=lambda one: keys.index(key_of(one.pattern))):
        if entry.holds(now):
            sides[entry.side].setdefault(entry.scope, entry.pattern)
    return Standing(sides[Side.ALLOW], sides[Side.BLOCK])
