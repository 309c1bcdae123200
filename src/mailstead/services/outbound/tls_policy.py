"""What must hold of the line to a host before mail goes over it: the seam between who carries and who judges trust.

`Trust` is asked once for a next hop, and then for each of its hosts that is about to be tried, when its addresses are
known. `RouteTrust` knows only the level of the route; DANE and MTA-STS stand behind the same seam and may ask for more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final, Protocol

from mailstead.ground.formats.tlsrpt import ResultType
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.route import Route, TlsLevel

Facts = Mapping[str, str | int]


class TlsUse(IntEnum):
    """Of one host."""

    NEVER = 0
    MAY = 1  # if it is offered and works; else in the clear (RFC 7435)
    MUST = 2


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a line is not good enough."""

    result: ResultType
    detail: str  # words for the story


class Judge(Protocol):
    """Looks at a certificate after the handshake (DANE)."""

    def __call__(self, chain: Sequence[bytes]) -> Flaw | None:
        """`chain`: DER as the server sent it, its own first. None: it is good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPolicy:
    """What must hold of the line to one host."""

    use: TlsUse
    is_webpki: bool = False  # the world's CAs vouch for `server_name`; OpenSSL judges it in the handshake
    judge: Judge | None = None
    server_name: str = ""  # for SNI, and the name that is_webpki is about; "": the host's own (DANE: RFC 7672 §8.1)
    is_enforced: bool = True  # False (MTA-STS testing): a flaw is reported, and the line then used as under MAY
    is_name_vouched: bool = False  # DNSSEC or MTA-STS says that this host serves the domain (RFC 8689 §4.2.1, 2.)
    source: str = "route"  # who asks for it: route, dane, mta-sts
    facts: Facts = field(default_factory=dict)  # more for the story

    @property
    def is_authenticated(self) -> bool:
        """True if the certificate is looked at."""
        return self.is_webpki or self.judge is not None


@dataclass(frozen=True, slots=True)
class Excluded:
    """This host must not be used now: a policy does not list it, or its TLSA records cannot be known."""

    result: ResultType
    detail: str
    status: str = "4.7.5"  # RFC 3463 §3.8: cryptographic failure; deferred, for policies are mended


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """Where a letter goes next. Of a route with a host `domain` is that host."""

    domain: str
    route: Route
    has_mx: bool = False
    is_secure: bool = False  # the answer about MX, also that there are none, is validated by DNSSEC
    is_counted: bool = True  # False: reports tell nothing of its sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """A host that is about to be tried."""

    name: str  # as the MX record or the route names it: the name its certificate has to hold
    canonical: str  # where CNAMEs led
    is_secure: bool  # its address records are validated by DNSSEC (RFC 7672 §2.2.2)
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsReport:
    """One negotiation, for TLS-RPT (RFC 8460 §4)."""

    at: Instant
    host: str
    policy: HostPolicy | None  # None: the host was excluded
    result: ResultType | None  # None: all went well
    detail: str = ""
    local_ip: str = ""
    peer_ip: str = ""
    greeting: str = ""  # the name the host gives itself


class HopTrust(Protocol):
    """Of one next hop, for one attempt."""

    @property
    def facts(self) -> Facts:
        """What was found out about it, for the story; empty if nothing."""

    async def judge_host(self, host: HostFacts) -> HostPolicy | Excluded:
        """Never raises: what cannot be known now is weighed as the RFCs say."""

    def report(self, report: TlsReport) -> None:
        """How it went, successes too; must not block."""


class Trust(Protocol):
    """Who knows what a domain asks of the lines to it."""

    async def judge_hop(self, hop: Hop) -> HopTrust:
        """Never raises."""


_LEVELS: Final[Mapping[TlsLevel, HostPolicy]] = {
    TlsLevel.NONE: HostPolicy(use=TlsUse.NEVER),
    TlsLevel.MAY: HostPolicy(use=TlsUse.MAY),
    TlsLevel.SECURE: HostPolicy(use=TlsUse.MUST, is_webpki=True),
}


@dataclass(frozen=True, slots=True)
class RouteHopTrust:
    """The level of the route and nothing else."""

    hop: Hop
    facts: Facts = field(default_factory=dict)

    async def judge_host(self, host: HostFacts) -> HostPolicy:
        """The same for all; a relay is named by its operator, and DNSSEC vouches for the others."""
        vouched = not self.hop.route.is_direct or (self.hop.is_secure and host.is_secure)
        return replace(_LEVELS[self.hop.route.level], is_name_vouched=vouched)

    def report(self, report: TlsReport) -> None:
        """Nobody asked for it."""


class RouteTrust:
    """`Trust` without DANE and MTA-STS."""

    async def judge_hop(self, hop: Hop) -> RouteHopTrust:
        """See `RouteHopTrust`."""
        return RouteHopTrust(hop)


def relaxed(policy: HostPolicy) -> HostPolicy:
    """RFC 8689 §4.2.2, TLS-Required: No: negotiate, and do not fail if that is unsuccessful."""
    return replace(policy, use=min(policy.use, TlsUse.MAY), is_webpki=False, judge=None)


def demanding(policy: HostPolicy) -> HostPolicy:
    """RFC 8689 §4.2.1, REQUIRETLS: TLS, and a certificate that was looked at."""
    return replace(
        policy, use=TlsUse.MUST, is_webpki=policy.is_webpki or policy.judge is None, is_enforced=True
    )  # fmt: skip
