"""Reception: judges mail from others at the cheapest stage, and takes what passes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, Protocol

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.outcome import Deferred, Delivered, Failed, Outcome
from mailstead.ground.model.policy import Action
from mailstead.ground.model.spool import JUDGING
from mailstead.ground.model.verdict import PASS, Defer, Pass, Reason, Refuse, Verdict
from mailstead.services.accounts.resolve import Abroad, Resolution, Reverser, look_up
from mailstead.services.checks.checks import Examination, Report
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.judging import Judgement, soften
from mailstead.services.checks.waiting import write_case
from mailstead.services.delivery.deliver import Delivery, Receipt
from mailstead.services.delivery.filing import has_room
from mailstead.services.delivery.plan import Accepted, Manner
from mailstead.services.delivery.treating import treat
from mailstead.services.folders.incoming import Letter
from mailstead.services.milters.round import Milled, MilterRound
from mailstead.services.outbound.verification import Verification
from mailstead.services.reception.admission import Admission
from mailstead.services.reception.body import Body, Examined
from mailstead.services.reception.refusals import Refusals
from mailstead.services.spool.spooling import Held
from mailstead.store.port import Store

DEFAULT_MAX_SIZE: Final = 52_428_800

Network = IPv4Network | IPv6Network

NEIGHBOURS: Final = tuple(
    map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"))
)
"""RFC 1918, RFC 3927, RFC 4193, RFC 4291 §2.5.6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceptionRules:
    """What the operator decides."""

    max_message_size: int = DEFAULT_MAX_SIZE
    relay_networks: tuple[Network, ...] = ()
    examines_neighbours: bool = False  # SPF, DKIM and DMARC of hosts on this machine and in private networks, too


class Examiner(Protocol):
    """Looks into letters: see `services.checks`."""

    def begin(self, envelope: Envelope, client: Client, *, is_neighbour: bool = False) -> Examination:
        """At the beginning of the content. Of a neighbour's letter filters alone have an opinion: what SPF says is said
        of the world's addresses, and neighbours have none of their own there."""


class Steps(Protocol):
    """Asks others at MAIL and RCPT: see `services.hooks`."""

    async def judge_sender(self, envelope: Envelope, client: Client) -> Verdict: ...
    async def judge_recipient(self, envelope: Envelope, recipient: Address, client: Client) -> Verdict: ...


class Reception:
    """For listeners that take mail from strangers (MX) or from another mail server of ours (LMTP), which examined it:
    there `examiner` and `admission` are None."""

    def __init__(  # noqa: PLR0913 - every room that has a part in it
        self,
        store: Store,
        delivery: Delivery,
        rules: ReceptionRules,
        refusals: Refusals,
        reverser: Reverser,
        verification: Verification | None = None,
        examiner: Examiner | None = None,
        *,
        admission: Admission | None = None,
        steps: Steps | None = None,
        milters: MilterRound | None = None,
    ) -> None:
        self._milters = milters
        self._admission = admission
        self._steps = steps
        self._examiner = examiner
        self._store = store
        self._verification = verification
        self._reverser = reverser
        self.refusals = refusals
        self._delivery = delivery
        self.rules = rules

    async def judge_connection(self, client: Client) -> Verdict:
        """Before the greeting. Hosts that may relay are ours, and not counted."""
        if self._admission is None or self._may_relay(client.ip):
            return PASS
        return await self._admission.judge_connection(client)

    async def judge_sender(self, envelope: Envelope, client: Client) -> Verdict:
        """At MAIL: what is known before any recipient."""
        if self._admission is not None:
            try:
                verdict = await self._admission.judge_sender(envelope, client)
            except Busy:
                return Defer(Reason.BUSY)
            if not isinstance(verdict, Pass):
                return verdict
        if envelope.declared_size > self.rules.max_message_size:
            return Refuse(Reason.MESSAGE_TOO_LARGE, f"declared {envelope.declared_size} octets")
        if not self._store.has_room():
            return Defer(Reason.NO_SPACE)
        if self._steps is not None and self._is_examined(client):
            return await self._steps.judge_sender(envelope, client)
        return PASS

    async def judge_recipient(
        self, envelope: Envelope, recipient: Recipient, client: Client, *, is_proxied: bool
    ) -> Accepted | Refuse | Defer:
        """At RCPT. The accounts found are kept for the delivery, which looks no address up again."""
        address, admission = recipient.address, self._admission
        try:
            verdict = PASS if admission is None else await admission.judge_recipient(envelope, address, client)
            if not isinstance(verdict, Pass):
                return verdict
            found = await self._find(envelope, recipient, client, is_proxied=is_proxied)
            if not isinstance(found, Accepted):
                return found
            verdict = await self._judge_accepted(envelope, address, client)
        except Busy:
            return Defer(Reason.BUSY)
        return found if isinstance(verdict, Pass) else verdict

    async def _find(
        self, envelope: Envelope, recipient: Recipient, client: Client, *, is_proxied: bool
    ) -> Accepted | Refuse | Defer:
        resolution = await look_up(self._store, self._reverser, recipient.address)
        if isinstance(resolution, Resolution) and self._verification is not None:
            resolution = await self._verification.sift(resolution)
        match resolution:
            case Resolution():
                return _judge_room(recipient, resolution, envelope.declared_size)
            case Refuse(Reason.RELAY_DENIED) if not is_proxied and self._may_relay(client.ip):
                return Accepted(recipient, (), abroad=(Abroad(recipient.address),))
            case Refuse() | Defer():
                return resolution

    async def _judge_accepted(self, envelope: Envelope, address: Address, client: Client) -> Verdict:
        """Who is here would take it. Others are asked last: what is free comes first."""
        verdict: Verdict = PASS
        if self._admission is not None and self._is_stranger(client):
            verdict = await self._admission.judge_newness(envelope, address, client)
        if self._admission is not None and isinstance(verdict, Pass) and not self._may_relay(client.ip):
            verdict = await self._admission.judge_rate(envelope, address, client)
        if self._steps is not None and isinstance(verdict, Pass) and self._is_examined(client):
            verdict = await self._steps.judge_recipient(envelope, address, client)
        return verdict

    def begin_body(self, envelope: Envelope, client: Client) -> Body:
        """For the content of one transaction. Hosts that may relay are ours, and not examined."""
        examination = None
        if self._examiner is not None and self._is_examined(client):
            examination = self._examiner.begin(envelope, client, is_neighbour=not self._is_stranger(client))
        return Body(self._store.blobs, self.rules.max_message_size, examination)

    def _is_examined(self, client: Client) -> bool:
        return bool(client.ip) and not self._may_relay(client.ip)

    def _is_stranger(self, client: Client) -> bool:
        return self._is_examined(client) and (self.rules.examines_neighbours or not _is_neighbour(client.ip))

    async def accept(
        self, letter: Letter, envelope: Envelope, accepted: Sequence[Accepted], client: Client, *, each_is_told: bool
    ) -> Receipt:
        """After the last byte."""
        if not isinstance(letter, Examined):
            return await self._delivery.deliver(letter, envelope, accepted, client, Manner(each_is_told=each_is_told))
        examination, milled = letter.examination, await self._mill(letter, envelope, client)
        letter = milled.letter
        content = self._store.blobs.reopen(letter.staged)
        accounts = tuple(tuple(target.account.id for target in one.targets) for one in accepted)
        try:
            report = await examination.report(content, accounts, milled.opinions)
        except Busy:
            return Receipt(0, (Deferred(Reason.BUSY),) * len(accepted))
        judgements: Sequence[Judgement] = report.judgements
        name = letter.rendered.message_id
        verdicts = [judgement.verdict for judgement in judgements]
        if against := [verdict for verdict in verdicts if not isinstance(verdict, Pass)]:
            is_taken = len(against) < len(accepted)
            self._note(envelope, accepted, client, report, verdicts, name=name, is_taken=is_taken)
            if len(against) == len(accepted):
                if all(isinstance(verdict, Refuse) for verdict in against):  # else it comes again
                    examination.close(report, judgements)
                return Receipt(0, tuple(_outcome(verdict) for verdict in against), is_noted=True)
            judgements = [soften(judgement) for judgement in judgements]
        examination.close(report, judgements)
        held = _keep_case(milled, report, judgements, client)
        manner = Manner(each_is_told=each_is_told, added=milled.added + report.field, held=held)
        treated = _treat_all(accepted, judgements, report.evidence)
        if len(treated) == len(accepted):
            return await self._delivery.deliver(letter, envelope, treated, client, manner)
        thrown = [_throw(judgement) for judgement in judgements]
        self._note(envelope, accepted, client, report, thrown, name=name, is_taken=False)
        receipt = Receipt(letter.staged.id, ())
        if treated:
            receipt = await self._delivery.deliver(letter, envelope, treated, client, manner)
        outcomes = iter(receipt.outcomes)
        return Receipt(receipt.id, tuple(next(outcomes) if one is PASS else Delivered() for one in thrown))

    async def _mill(self, letter: Letter, envelope: Envelope, client: Client) -> Milled:
        return Milled(letter) if self._milters is None else await self._milters.visit(letter, envelope, client)

    def _note(
        self,
        envelope: Envelope,
        accepted: Sequence[Accepted],
        client: Client,
        report: Report,
        verdicts: Sequence[Verdict],
        *,
        name: str,
        is_taken: bool,
    ) -> None:
        """Who would not have it, though others may: then it is set aside for them (`taken`)."""
        for one, judgement, verdict in zip(accepted, report.judgements, verdicts, strict=True):
            recipient = str(one.recipient.address)
            if not isinstance(verdict, Pass):
                checks = {**report.evidence.facts(recipient), **judgement.facts()}
                checks |= {"taken": True} if is_taken else {}
                self.refusals.note(
                    verdict, client, sender=str(envelope.sender or ""), recipient=recipient, message_id=name,
                    checks=checks,
                )  # fmt: skip

    def _may_relay(self, ip: str) -> bool:
        if not self.rules.relay_networks:
            return False
        address = ip_address(ip)
        return any(address in network for network in self.rules.relay_networks)


def _treat_all(
    accepted: Sequence[Accepted], judgements: Sequence[Judgement], evidence: Evidence
) -> tuple[Accepted, ...]:
    """Those who get it, and those for whom it waits to be judged again."""
    return tuple(
        _hold(one)
        if judgement.action is Action.HOLD
        else replace(one, treatment=treat(judgement, evidence, one.recipient))
        for one, judgement in zip(accepted, judgements, strict=True)
        if judgement.action is not Action.DISCARD
    )


def _hold(accepted: Accepted) -> Accepted:
    """Who is behind the address is looked up when it is let go."""
    return Accepted(accepted.recipient, (), abroad=(Abroad(accepted.recipient.address, JUDGING),))


def _keep_case(milled: Milled, report: Report, judgements: Sequence[Judgement], client: Client) -> Held | None:
    """For later, if anyone waits. What milters said of it stays said; filters are asked again."""
    why = next((judgement.words for judgement in judgements if judgement.action is Action.HOLD), None)
    if why is None:
        return None
    heard = tuple(opinion for opinion in milled.opinions if not opinion.recipient)
    return Held(write_case(replace(report.evidence, opinions=heard), client, report.field), why)


def _throw(judgement: Judgement) -> Verdict:
    """Taken and thrown away is told as refused, to us alone."""
    if judgement.action is not Action.DISCARD:
        return PASS
    return Refuse(judgement.charges[0].reason, judgement.words)


def _outcome(verdict: Refuse | Defer) -> Outcome:
    match verdict:
        case Refuse(reason, _, words):
            return Failed(reason, words)
        case Defer(reason, _, words):
            return Deferred(reason, words)


def _is_neighbour(ip: str) -> bool:
    address = ip_address(ip)
    return address.is_loopback or any(address in network for network in NEIGHBOURS)


def _judge_room(recipient: Recipient, resolution: Resolution, size: int) -> Accepted | Defer:
    """Full is who has no room for what was declared; one member of an alias does not stop the others."""
    fitting = tuple(target for target in resolution.targets if has_room(target.account, max(size, 1)))
    if not fitting and not resolution.abroad:
        return Defer(Reason.MAILBOX_FULL, str(recipient.address))
    if len(fitting) == len(resolution.targets):
        return Accepted(recipient, fitting, abroad=resolution.abroad)
    full = tuple(target for target in resolution.targets if target not in fitting)
    return Accepted(recipient, fitting, full, resolution.abroad)
