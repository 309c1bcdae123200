"""One letter under examination: from the beginning of its content to the judgement of each recipient's domain."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from mailstead.ground.formats.authres import Results, render, render_reason
from mailstead.ground.formats.dkim.header import Field
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.opinion import Opinion
from mailstead.ground.model.policy import Action, Policy
from mailstead.net.clock import Clock
from mailstead.net.dns import Resolver
from mailstead.services.checks.asking import Inquiry
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.gathering import NOTHING, Origin, Wanted, complete, look_at_origin
from mailstead.services.checks.judging import Judgement, judge
from mailstead.services.checks.reading import Copy, Reader
from mailstead.services.checks.specimen import Content, NoPanel, Panel, Specimen
from mailstead.services.checks.telling import tell, tell_found, tell_judged


class PolicySource(Protocol):
    """What domains want."""

    async def of(self, domain: str) -> Policy: ...


@dataclass(frozen=True, slots=True)
class Report:
    """What came out. `field` is Authentication-Results, the same for all; a judgement for each recipient. The last
    three are what it came out of."""

    field: bytes
    judgements: tuple[Judgement, ...]
    evidence: Evidence
    header: tuple[Field, ...]
    policies: Mapping[str, Policy]


class Audience(Protocol):
    """Hears what became of letters; must not block."""

    def hear(self, envelope: Envelope, client: Client, report: Report, judgements: Sequence[Judgement]) -> None: ...


def fields_of(judgement: Judgement) -> bytes:
    """Why it is where it is, and what filters found, for those who are to see it."""
    reason = render_reason(judgement.words) if judgement.action is not Action.ACCEPT else b""
    return reason + judgement.scan_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What has to be known to conclude."""

    envelope: Envelope
    client: Client
    policies: Mapping[str, Policy]
    content: Content
    accounts: tuple[tuple[AccountId, ...], ...]
    is_neighbour: bool = False
    heard: tuple[Opinion, ...] = ()  # before all filters


class Checks:
    """One for a worker. `names` are those under which we write Authentication-Results, and have ever written it."""

    def __init__(
        self,
        resolver: Resolver,
        clock: Clock,
        policies: PolicySource,
        *,
        hostname: str,
        names: Iterable[str] = (),
        panel: Panel | None = None,
        audience: Audience | None = None,
    ) -> None:
        self._resolver = resolver
        self._clock = clock
        self._policies = policies
        self._hostname = hostname
        self._panel = panel or NoPanel()
        self.audience = audience
        self._ours = frozenset(name.lower().encode() for name in (hostname, *names))

    def begin(self, envelope: Envelope, client: Client, *, is_neighbour: bool = False) -> "Examination":
        """At the beginning of the content. What the world's names say of an origin is not said of a neighbour's: of its
        letters filters alone have an opinion."""
        return Examination(self, envelope, client, Reader(self._ours), is_neighbour=is_neighbour)

    async def look(
        self, inquiry: Inquiry, envelope: Envelope, client: Client, *, is_neighbour: bool
    ) -> tuple[Mapping[str, Policy], Origin]:
        """While the content comes."""
        domains = dict.fromkeys(recipient.address.domain for recipient in envelope.recipients)
        policies = {domain: await self._policies.of(domain) for domain in domains}
        if is_neighbour:
            return policies, Origin()
        origin = await look_at_origin(
            inquiry, envelope, client, Wanted.of(policies.values()), receiver=self._hostname, now=self._now()
        )
        return policies, origin

    async def conclude(self, inquiry: Inquiry, origin: Origin, copy: Copy, case: Case) -> Report:
        """When all of it is here. Filters are asked unless its origin alone has it refused by everyone."""
        policies, envelope = case.policies, case.envelope
        wanted = NOTHING if case.is_neighbour else Wanted.of(policies.values())
        evidence = replace(await complete(inquiry, origin, copy, wanted, self._now()), opinions=case.heard)
        field = b"" if case.is_neighbour else render(Results(self._hostname, evidence.findings()))
        judgements = _judge_all(evidence, envelope, policies)
        if any(judgement.action is not Action.REJECT for judgement in judgements):
            specimen = Specimen(
                envelope=envelope, client=case.client, evidence=evidence, field=field, content=case.content,
                accounts=case.accounts, policies=policies,
            )  # fmt: skip
            opinions = await self._panel.examine(specimen)
            if opinions:
                evidence = replace(evidence, opinions=case.heard + opinions)
                judgements = _judge_all(evidence, envelope, policies)
        tell(evidence, case.client)
        tell_judged(envelope, judgements, case.client)
        tell_found(evidence, envelope, judgements, case.client)
        return Report(
            field=field, judgements=judgements, evidence=evidence, header=copy.fields, policies=policies,
        )  # fmt: skip

    async def judge_again(
        self, evidence: Evidence, field: bytes, envelope: Envelope, client: Client, content: Content,
        accounts: tuple[tuple[AccountId, ...], ...],
    ) -> tuple[Evidence, tuple[Judgement, ...]]:  # fmt: skip
        """By filters, and by what its domains want now; what its origin showed is known."""
        domains = dict.fromkeys(one.address.domain for one in envelope.recipients)
        policies = {domain: await self._policies.of(domain) for domain in domains}
        specimen = Specimen(
            envelope=envelope, client=client, evidence=evidence, field=field, content=content, accounts=accounts,
            policies=policies,
        )  # fmt: skip
        found = replace(evidence, opinions=evidence.opinions + await self._panel.examine(specimen))
        judgements = _judge_all(found, envelope, policies)
        tell_judged(envelope, judgements, client)
        tell_found(found, envelope, judgements, client)
        return found, judgements

    def inquire(self) -> Inquiry:
        """For one letter."""
        return Inquiry(self._resolver, self._clock)

    def _now(self) -> int:
        return self._clock.now() // 1000


def _judge_all(evidence: Evidence, envelope: Envelope, policies: Mapping[str, Policy]) -> tuple[Judgement, ...]:
    return tuple(judge(evidence, policies[one.address.domain], str(one.address)) for one in envelope.recipients)


class Examination:
    """Takes the letter in pieces. `report` it, or `abort`."""

    def __init__(
        self, checks: Checks, envelope: Envelope, client: Client, reader: Reader, *, is_neighbour: bool
    ) -> None:
        self._is_neighbour = is_neighbour
        self._checks = checks
        self._envelope = envelope
        self._client = client
        self._reader = reader
        self._copy = Copy()
        self._inquiry = checks.inquire()
        self._looking = asyncio.create_task(checks.look(self._inquiry, envelope, client, is_neighbour=is_neighbour))

    def feed(self, data: bytes) -> bytes:
        """What may be stored of it by now."""
        return self._reader.feed(data)

    def finish(self) -> bytes:
        """What else is to be stored."""
        kept, self._copy = self._reader.finish()
        return kept

    async def report(
        self, content: Content, accounts: tuple[tuple[AccountId, ...], ...], heard: tuple[Opinion, ...] = ()
    ) -> Report:
        """After the last byte. `accounts`: of each recipient; `heard`: what others have said of it already."""
        policies, origin = await self._looking
        case = Case(
            envelope=self._envelope, client=self._client, policies=policies, content=content, accounts=accounts,
            is_neighbour=self._is_neighbour, heard=heard,
        )  # fmt: skip
        return await self._checks.conclude(self._inquiry, origin, self._copy, case)

    def close(self, report: Report, judgements: Sequence[Judgement]) -> None:
        """What was done in the end, for each recipient."""
        if self._checks.audience is not None and not self._is_neighbour:
            self._checks.audience.hear(self._envelope, self._client, report, judgements)

    def abort(self) -> None:
        """Nobody wants to know any more. May be called twice."""
        self._looking.cancel()
        with suppress(asyncio.CancelledError, asyncio.InvalidStateError):
            self._looking.exception()
