"""Gathers the evidence: SPF and the name of the address while the letter comes, the rest when all of it is here."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from mailstead.ground.formats import arc
from mailstead.ground.formats.addresslist import parse_mailboxes
from mailstead.ground.formats.dkim.record import KeyRecord, find_record
from mailstead.ground.formats.dkim.verify import Check, Claim, Result, judge
from mailstead.ground.formats.dmarc import Alignment, Evaluation, Evaluator, Vouchers, Wish
from mailstead.ground.formats.dmarc import Result as DmarcResult
from mailstead.ground.formats.headers import unfold
from mailstead.ground.formats.spf.evaluate import Evaluation as SpfEvaluation
from mailstead.ground.formats.spf.evaluate import Result as SpfResult
from mailstead.ground.formats.spf.evaluate import Sender, evaluate
from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.policy import Policy
from mailstead.ground.model.question import Kind, Question
from mailstead.services.checks.asking import Inquiry
from mailstead.services.checks.evidence import Evidence, Identity, Reverse, SpfCheck
from mailstead.services.checks.reading import Copy

AUTHORS_MAX: Final = 4
"""Domains in From that are looked into (RFC 9989 §11.5); most letters have one."""
NAMES_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the policies of all recipients' domains need to know together."""

    spf: bool
    dkim: bool
    dmarc: bool
    spf_seconds: float
    dmarc_seconds: float
    spf_terms: int
    reports: bool = False  # to tell the author's domain of

    @classmethod
    def of(cls, policies: Iterable[Policy]) -> "Wanted":
        """DMARC is made of the other two."""
        all_ = tuple(policies)
        dmarc = any(one.dmarc.enabled for one in all_)
        return cls(
            spf=dmarc or any(one.spf.enabled for one in all_),
            dkim=dmarc or any(one.dkim.verify_enabled for one in all_),
            dmarc=dmarc,
            spf_seconds=max((one.spf.dns_timeout for one in all_), default=0),
            dmarc_seconds=max((one.dmarc.dns_timeout for one in all_), default=0),
            spf_terms=max((one.spf.max_lookups for one in all_), default=0),
            reports=any(one.dmarc.report_enabled or one.failures.enabled for one in all_),
        )


NOTHING: Final = Wanted(spf=False, dkim=False, dmarc=False, spf_seconds=0, dmarc_seconds=0, spf_terms=0)


@dataclass(frozen=True, slots=True)
class Origin:
    """What the session alone shows."""

    helo: SpfCheck | None = None
    mail_from: SpfCheck | None = None
    reverse: Reverse | None = None


async def look_at_origin(
    inquiry: Inquiry, envelope: Envelope, client: Client, wanted: Wanted, *, receiver: str, now: int
) -> Origin:
    """SPF of both identities, and the name of the address."""
    until = inquiry.deadline(wanted.spf_seconds)
    if not wanted.spf:
        return Origin(reverse=await _reverse(inquiry, client.ip, until))
    sender = envelope.sender
    senders = [_sender(client, "", client.helo, wanted, receiver, now)]
    if sender is not None:
        senders.append(_sender(client, sender.local, sender.domain, wanted, receiver, now))
    *checks, reverse = await asyncio.gather(
        *(inquiry.run(evaluate(one), until) for one in senders),
        _reverse(inquiry, client.ip, until),
    )
    assert isinstance(reverse, Reverse)
    results = [one for one in checks if isinstance(one, SpfEvaluation)]
    helo = SpfCheck(Identity.HELO, client.helo, senders[0].domain, results[0])
    if sender is None:
        return Origin(helo, None, reverse)
    return Origin(helo, SpfCheck(Identity.MAIL_FROM, str(sender), sender.domain, results[1]), reverse)


def _sender(client: Client, local: str, domain: str, wanted: Wanted, receiver: str, now: int) -> Sender:
    return Sender(
        ip=ip_address(client.ip), domain=_canonical(domain), local=local, helo=client.helo,
        receiver=receiver, now=now, terms=wanted.spf_terms,
    )  # fmt: skip


def _canonical(name: str) -> str:
    try:
        return canonical_domain(name)
    except Invalid:
        return name


async def _reverse(inquiry: Inquiry, ip: str, until: float) -> Reverse:
    """RFC 8601 §3: by its names to its addresses."""
    found = await inquiry.ask(Question(Kind.PTR, ip), until)
    if found is None:
        return Reverse("temperror", ip)
    if not found.records:
        return Reverse("permerror", ip)
    address = ip_address(ip)
    kind = Kind.A if address.version == 4 else Kind.AAAA
    for name in found.records[:NAMES_MAX]:
        hosts = await inquiry.ask(Question(kind, name), until)
        if hosts is not None and any(ip_address(host) == address for host in hosts.records):
            return Reverse("pass", ip, name)
    return Reverse("fail", ip, found.records[0])


async def complete(inquiry: Inquiry, origin: Origin, copy: Copy, wanted: Wanted, now: int) -> Evidence:
    """With the letter itself. One deadline for all of it: the client waits for its reply."""
    until = inquiry.deadline(wanted.dmarc_seconds)
    checks: tuple[Check, ...] = ()
    if wanted.dkim and copy.claims:
        checks = await _verify_all(inquiry, copy, until, now)
    sealed = None
    if wanted.dkim:
        sealed = await inquiry.run(arc.verify(copy.chain, copy.fields, copy.chain_digest, now), until)
    judged: list[Evaluation] = []
    alignments: list[Alignment] = []
    if wanted.dmarc:
        evaluator, vouchers = Evaluator(), _vouchers(origin, checks)
        authors = find_authors(copy)
        judged = [await inquiry.run(evaluator.evaluate(author, vouchers), until) for author in authors[:AUTHORS_MAX]]
        if wanted.reports:
            alignments = [await inquiry.run(evaluator.align(one, vouchers), until) for one in judged]
        judged += [_unasked(author) for author in authors[AUTHORS_MAX : AUTHORS_MAX + 1]]
    return Evidence(
        helo=origin.helo,
        mail_from=origin.mail_from,
        dkim=checks if wanted.dkim else None,
        dmarc=tuple(judged),
        alignments=tuple(alignments),
        arc=sealed,
        reverse=origin.reverse,
    )


async def _verify_all(inquiry: Inquiry, copy: Copy, until: float, now: int) -> tuple[Check, ...]:
    """Several at a time; most letters have one, which needs no task of its own."""
    waiting = [
        _verify(inquiry, claim, digest, copy, until, now)
        for claim, digest in zip(copy.claims, copy.digests, strict=True)
    ]
    return (await waiting[0],) if len(waiting) == 1 else tuple(await asyncio.gather(*waiting))


async def _verify(inquiry: Inquiry, claim: Claim, digest: bytes, copy: Copy, until: float, now: int) -> Check:
    record: KeyRecord | None = None
    if claim.signature is not None:
        found = await inquiry.ask(Question(Kind.TXT, claim.key_name), until)
        if found is None:
            return Check(Result.TEMPERROR, "no answer for its key", claim)
        record = find_record(found.records)
    return judge(claim, copy.fields, digest, record, now)


def _vouchers(origin: Origin, checks: Iterable[Check]) -> Vouchers:
    """RFC 9989 §4.4.2: of SPF only MAIL FROM counts; a bounce has its HELO there (RFC 7208 §2.4)."""
    spf = origin.mail_from or origin.helo
    verified = tuple(checks)
    return Vouchers(
        spf=spf.domain if spf is not None and spf.evaluation.result is SpfResult.PASS else "",
        dkim=tuple(
            _canonical(check.claim.signature.domain)
            for check in verified
            if check.result is Result.PASS and check.claim.signature is not None
        ),
        is_spf_pending=spf is not None and spf.evaluation.result is SpfResult.TEMPERROR,
        is_dkim_pending=any(check.result is Result.TEMPERROR for check in verified),
    )


def find_authors(copy: Copy) -> list[str]:
    """The domains of all From fields, each once: who writes several is not let off for it."""
    authors: dict[str, None] = {}
    for field in copy.fields:
        if field.name == b"from":
            value = unfold(field.raw.partition(b":")[2])
            for box in parse_mailboxes(value):
                if box.host:
                    authors[_canonical(box.host.decode("utf-8", "replace")).lower()] = None
    return list(authors)


def _unasked(author: str) -> Evaluation:
    """RFC 9989 §11.5: whoever names that many hides the one that counts behind the others."""
    why = f"From names more than {AUTHORS_MAX} domains"
    return Evaluation(result=DmarcResult.FAIL, author=author, wish=Wish.REJECT, why=why)
