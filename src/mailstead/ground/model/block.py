"""Who is not heard at logins for a while."""

from dataclasses import dataclass
from ipaddress import ip_network

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginBlock:
    """`subject` is an address or a network. It holds for the logins of `domain`; "": of names in no domain of ours."""

    subject: str
    domain: str
    began_at: Instant
    until: Instant
    failures: int

    @property
    def kind(self) -> str:
        """A /64 of IPv6 is what one customer has: no more than one address of IPv4."""
        return "network" if "/" in self.subject and ":" not in self.subject else "address"


def subjects_of(ip: str) -> tuple[str, ...]:
    """Under which names an address may be blocked, the nearest first: itself and its /24, or its /64 (IPv6)."""
    if ":" in ip:
        return (str(ip_network((ip, 64), strict=False)),)
    return ip, str(ip_network((ip, 24), strict=False))


def read_subject(text: str) -> str:
    """As `subjects_of` writes it; Invalid."""
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise Invalid(f"{text[:100]!r} is no address: write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/64") from None
    if network.version == 6:
        return str(ip_network((network.network_address, min(network.prefixlen, 64)), strict=False))
    return str(network.network_address) if network.prefixlen == 32 else str(network)
