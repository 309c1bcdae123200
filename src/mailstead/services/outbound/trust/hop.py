"""One next hop for one attempt: which policy each of its hosts is under, and what became of it, for the reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from mailstead.ground.formats.mtasts import Mode
from mailstead.ground.formats.tlsrpt import PolicyFound, PolicyType, ResultType
from mailstead.ground.model.tls_rule import TlsDemand, TlsRule
from mailstead.net.clock import Clock
from mailstead.net.dns import DnsError, Resolver
from mailstead.services.outbound.tls_policy import (
    Excluded,
    Facts,
    Flaw,
    Hop,
    HostFacts,
    HostPolicy,
    RouteHopTrust,
    TlsReport,
    TlsUse,
)
from mailstead.services.outbound.trust.counting import TlsCounts
from mailstead.services.outbound.trust.dane import DaneJudge, TlsaFound, find_tlsa
from mailstead.services.outbound.trust.sts import StsFound
from mailstead.store.port.trust import DAY_MS, TlsCount

WORDS_MAX: Final = 255

_DEMANDS: Final[Mapping[TlsDemand, HostPolicy]] = {
    TlsDemand.NONE: HostPolicy(use=TlsUse.NEVER, source="rule"),
    TlsDemand.MAY: HostPolicy(use=TlsUse.MAY, source="rule"),
    TlsDemand.ENCRYPT: HostPolicy(use=TlsUse.MUST, source="rule"),
    TlsDemand.SECURE: HostPolicy(use=TlsUse.MUST, is_webpki=True, source="rule"),
}


@dataclass(frozen=True, slots=True)
class _Told:
    """How sessions with a host are reported; `flaw`: it counts as failed even where the line was good enough."""

    policy: PolicyFound
    flaw: Flaw | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainHopTrust:
    """`HopTrust` with all that the domain and the operator say."""

    hop: Hop
    rule: TlsRule | None
    sts: StsFound
    is_dane_honoured: bool
    resolver: Resolver
    counts: TlsCounts
    clock: Clock
    _told: dict[str, _Told] = field(default_factory=dict, init=False, repr=False)

    @property
    def facts(self) -> Facts:
        """For the story."""
        facts: dict[str, str | int] = {}
        if self.rule is not None:
            facts["rule"] = self.rule.demand.value
        if self.sts.policy is not None:
            facts |= {"mta-sts": self.sts.policy.mode.value, "mta-sts id": self.sts.policy_id}
        if self.sts.flaw is not None:
            facts |= {"mta-sts": self.sts.flaw.result.value, "mta-sts error": self.sts.flaw.detail}
        return facts

    async def judge_host(self, host: HostFacts) -> HostPolicy | Excluded:
        """The operator's rule, else DANE, else MTA-STS (which must not save a host that DANE refuses, RFC 8461 §2)."""
        self._told[host.name] = _Told(self._no_policy())
        level = await RouteHopTrust(self.hop).judge_host(host)
        if self.rule is not None and self.rule.demand is not TlsDemand.DANE_ONLY:
            return replace(_DEMANDS[self.rule.demand], is_name_vouched=level.is_name_vouched)
        is_dane_only = self.rule is not None
        if is_dane_only or self.is_dane_honoured:
            found = await find_tlsa(self.resolver, self.hop, host)
            if isinstance(found, DnsError):
                return self._exclude(host, Flaw(ResultType.DNSSEC_INVALID, str(found)))
            if found is not None and found.usable:
                return self._by_tlsa(host, found)
            if is_dane_only:
                return self._exclude(host, Flaw(ResultType.DANE_REQUIRED, "it has no TLSA records that could be used"))
            if found is not None:
                return self._by_unusable_tlsa(host, found, level)
        return self._by_sts(host, level)

    def report(self, report: TlsReport) -> None:
        """Counted under the policy that the host is under; a line that was not to be encrypted is none."""
        if not self.hop.is_counted or (report.policy is not None and report.policy.use is TlsUse.NEVER):
            return
        told = self._told.get(report.host) or _Told(self._no_policy())
        flaw = told.flaw if report.result is None else Flaw(report.result, report.detail)
        count = TlsCount(day=report.at // DAY_MS, domain=self.hop.domain, policy=told.policy)
        if flaw is not None:
            count = replace(
                count, result=flaw.result, local_ip=_clean(report.local_ip), host=_clean(report.host),
                peer_ip=_clean(report.peer_ip), greeting=_clean(report.greeting), detail=_clean(flaw.detail),
            )  # fmt: skip
        self.counts.note(count)

    def _by_tlsa(self, host: HostFacts, found: TlsaFound) -> HostPolicy:
        """RFC 7672 §2.2: authenticated or not at all. §3.2.2: the names that count under DANE-TA."""
        self._told[host.name] = _Told(_of_tlsa(found))
        names = tuple(dict.fromkeys((found.base, host.name, self.hop.domain)))
        return HostPolicy(
            use=TlsUse.MUST, judge=DaneJudge(found.usable, names, self.clock), server_name=found.base,
            is_name_vouched=True, source="dane", facts=_tlsa_facts(found),
        )  # fmt: skip

    def _by_unusable_tlsa(self, host: HostFacts, found: TlsaFound, level: HostPolicy) -> HostPolicy | Excluded:
        """RFC 7672 §2.2: TLS is a must; that nobody is verified by DANE leaves the rest in force."""
        policy = self._by_sts(host, level)
        if isinstance(policy, Excluded):
            return policy
        self._told[host.name] = _Told(_of_tlsa(found), Flaw(ResultType.TLSA_INVALID, "no TLSA record can be used"))
        return replace(
            policy, use=TlsUse.MUST, is_webpki=policy.is_webpki and policy.is_enforced, is_enforced=True,
            source="dane", facts=_tlsa_facts(found),
        )  # fmt: skip

    def _by_sts(self, host: HostFacts, level: HostPolicy) -> HostPolicy | Excluded:
        """RFC 8461 §5: a host that the policy does not name is not used under `enforce`, and reported under both."""
        policy = self.sts.policy
        if self.sts.flaw is not None:
            self._told[host.name] = _Told(self._of_sts(), self.sts.flaw)
        if policy is None or policy.mode is Mode.NONE:
            return level
        is_covered = policy.covers(host.name)
        unlisted = Flaw(ResultType.VALIDATION_FAILURE, f"the MTA-STS policy does not name {host.name}")
        self._told[host.name] = _Told(self._of_sts(), None if is_covered else unlisted)
        if policy.mode is Mode.ENFORCE and not is_covered:
            return self._exclude(host, unlisted)
        level = replace(level, is_name_vouched=level.is_name_vouched or is_covered)
        is_enforced = policy.mode is Mode.ENFORCE
        if not is_covered or (not is_enforced and level.use is not TlsUse.MAY):
            return level  # testing asks for nothing, so what the route says stays
        return replace(level, use=TlsUse.MUST, is_webpki=True, is_enforced=is_enforced, source="mta-sts")

    def _exclude(self, host: HostFacts, flaw: Flaw) -> Excluded:
        if flaw.result in (ResultType.DNSSEC_INVALID, ResultType.DANE_REQUIRED):
            self._told[host.name] = _Told(PolicyFound(policy_type=PolicyType.TLSA, policy_domain=host.canonical))
        return Excluded(flaw.result, flaw.detail)

    def _no_policy(self) -> PolicyFound:
        return PolicyFound(policy_type=PolicyType.NO_POLICY_FOUND, policy_domain=self.hop.domain)

    def _of_sts(self) -> PolicyFound:
        """RFC 8460 §4.4."""
        policy = self.sts.policy
        lines, hosts = (policy.lines(), policy.mx) if policy else ((), ())
        return PolicyFound(
            policy_type=PolicyType.STS, policy_string=lines, policy_domain=self.hop.domain, mx_host=hosts
        )


def _of_tlsa(found: TlsaFound) -> PolicyFound:
    """RFC 8460 §1.1: for DANE the policy domain is the TLSA base domain."""
    return PolicyFound(policy_type=PolicyType.TLSA, policy_string=found.lines, policy_domain=found.base)


def _tlsa_facts(found: TlsaFound) -> Facts:
    return {"tlsa": ", ".join(found.lines), "base": found.base}


def _clean(words: str) -> str:
    """What peers say, fit for a report."""
    return "".join(char for char in words[:WORDS_MAX] if char.isprintable())
