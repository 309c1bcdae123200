"""What outbound is told once: who we are, how long we wait, how much we do at once."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """In seconds, as RFC 5321 §4.5.3.2 asks; each is for a whole reply, or until some octets are taken."""

    connect: float = 30.0
    greeting: float = 300.0
    hello: float = 300.0
    tls: float = 60.0
    login: float = 300.0
    mail: float = 300.0
    rcpt: float = 300.0
    data: float = 120.0
    block: float = 180.0
    done: float = 600.0
    reset: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundSettings:
    """See `OutboundConfig`, where people set most of it."""

    hostname: str  # said in EHLO
    timeouts: Timeouts = Timeouts()
    bind_ipv4: str = ""
    bind_ipv6: str = ""
    own_names: frozenset[str] = frozenset()  # of our MX: canonical
    own_addresses: frozenset[str] = frozenset()
    max_hosts: int = 10
    max_addresses: int = 20
    max_recipients: int = 100  # of a transaction
    max_connections: int = 200
    max_per_destination: int = 20
    max_waiting: int = 1000  # attempts, for a connection to one destination
    idle: float = 5.0  # seconds a connection is kept for the next letter
    max_uses: int = 100  # transactions of one connection
