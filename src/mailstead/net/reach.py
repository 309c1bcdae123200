"""Whom a fetch may reach: the world, and what the operator allows. Never what lies behind our own walls.

Whoever can name a URL that we fetch could else speak to our neighbours through us (SSRF).
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from mailstead.net.origin import Networks

Address = IPv4Address | IPv6Address

PORTS: Final = frozenset({80, 443, 8080, 8443})
"""Where the world serves HTTP; at others some other protocol might take our words for its own."""

_CLOSED: Final[Networks] = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        ),
    )
)  # fmt: skip
"""RFC 6890 and the registries of IANA that it began: this network, private, shared (RFC 6598), loopback, link-local, of
protocols, of examples, 6to4, of benchmarks, multicast and reserved."""
_WORLD_V6: Final = IPv6Network("2000::/3")  # RFC 4291 §2.4: all unicast that is given out
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1: an IPv4 address in another coat


class Reach:
    """`allowed`: hosts, addresses and networks of the operator's, as text."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        networks: list[IPv4Network | IPv6Network] = []
        names: set[str] = set()
        for text in allowed:
            try:
                networks.append(ip_network(text, strict=False))
            except ValueError:
                names.add(text.lower().rstrip("."))
        self._networks = tuple(networks)
        self._names = frozenset(names)

    def knows(self, host: str) -> bool:
        """Is it one that the operator named?"""
        return host.lower().rstrip(".") in self._names

    def covers(self, ip: str) -> bool:
        """Does it lie in a network that the operator named?"""
        address = _unwrap(ip)
        return any(address in network for network in self._networks)

    def object_to(self, host: str, ip: str, port: int) -> str:
        """What stands against speaking to this host at this address; "" if nothing does."""
        if self.knows(host) or self.covers(ip):
            return ""
        if not is_public(ip):
            return f"{host} leads to {ip}, which is not of the world, and security.allow_fetch names neither"
        if port not in PORTS:
            return f"{host}: {port} is no port of HTTP, and security.allow_fetch does not name the host"
        return ""


def is_public(ip: str) -> bool:
    """An address of the world."""
    address = _unwrap(ip)
    if isinstance(address, IPv6Address) and address not in _WORLD_V6:
        return False
    return not any(address in network for network in _CLOSED)


def is_misspelt_address(host: str) -> bool:
    """`2130706433`, `0x7f.1`, `127.1`, `0177.0.0.1`: some read an address there, and no name ends so."""
    last = host.rstrip(".").rpartition(".")[2]
    return last.isdecimal() or last[:2] in ("0x", "0X")


def _unwrap(ip: str) -> Address:
    """What an address in IPv6's coat really leads to."""
    address = ip_address(ip)
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
