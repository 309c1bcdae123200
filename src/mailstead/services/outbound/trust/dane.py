"""DANE for SMTP (RFC 7672): TLSA records of one host, and the judge that holds certificates against them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.chain import Flaw as CertificateFlaw
from mailstead.ground.formats.chain import check_dane
from mailstead.ground.formats.tlsa import Tlsa, usable
from mailstead.ground.formats.tlsrpt import ResultType
from mailstead.net.clock import Clock
from mailstead.net.dns import DnsError, Resolver
from mailstead.services.outbound.tls_policy import Flaw, Hop, HostFacts

SHOWN_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class TlsaFound:
    """A secure answer with records; `usable` may be empty (RFC 7672 §2.2)."""

    base: str  # the TLSA base domain (RFC 7672 §2.2.3)
    records: tuple[Tlsa, ...]
    usable: tuple[Tlsa, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """As stories and reports show them."""
        return tuple(sorted(map(str, self.records))[:SHOWN_MAX])


async def find_tlsa(resolver: Resolver, hop: Hop, host: HostFacts) -> TlsaFound | DnsError | None:
    """None: the host has none that count. DnsError: that cannot be known now, so the host must not be used (§2.1.2).

    Asked only where every answer that led here is validated (§2.2): else an attacker on the way chose the host.
    """
    if not host.is_secure or (hop.route.is_direct and not hop.is_secure):
        return None
    for base in dict.fromkeys((host.canonical, host.name)):  # §2.2.3: where the aliases led comes first
        try:
            answer = await resolver.tlsa(f"_{host.port}._tcp.{base}")
        except DnsError as error:
            return error
        if answer.is_secure and answer.records:
            return TlsaFound(base, answer.records, usable(answer.records))
    return None


_RESULTS: Final[Mapping[CertificateFlaw, ResultType]] = {
    CertificateFlaw.NONE_SHOWN: ResultType.VALIDATION_FAILURE,
    CertificateFlaw.NOT_MEANT: ResultType.CERTIFICATE_NOT_TRUSTED,
    CertificateFlaw.NOT_TRUSTED: ResultType.CERTIFICATE_NOT_TRUSTED,
    CertificateFlaw.OUT_OF_DATE: ResultType.CERTIFICATE_EXPIRED,
    CertificateFlaw.OTHER_HOST: ResultType.CERTIFICATE_HOST_MISMATCH,
}


@dataclass(frozen=True, slots=True)
class DaneJudge:
    """Holds a chain of certificates against the records of a host."""

    records: tuple[Tlsa, ...]
    names: tuple[str, ...]
    clock: Clock

    def __call__(self, chain: Sequence[bytes]) -> Flaw | None:
        """None: it is the host that was meant."""
        flaw = check_dane(self.records, chain, self.names, self.clock.now())
        return None if flaw is None else Flaw(_RESULTS[flaw], flaw.value)
