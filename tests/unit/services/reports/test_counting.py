"""Letters from their evidence to the rows that reports are made of."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailstead.ground.formats.feedback.aggregate import Disposition, Override, Record
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.policy import Action, Dmarc, Policy
from mailstead.services.checks.checks import Checks
from mailstead.services.checks.judging import soften
from mailstead.services.reports import counting
from mailstead.services.reports.counting import DmarcCounts
from mailstead.services.reports.feedback import Feedback
from mailstead.services.reports.forgetting import COUNTS_KEPT, Forgetting
from tests.support.dkim import ED25519, RSA, sign
from tests.support.known_names import KnownNames
from tests.support.reporting import TODAY, Scene

LETTER = b"From: Ann <ann@x.test>\r\nSubject: hi\r\n\r\nhello\r\n"
CLIENT = Client(ip="192.0.2.1", helo="mail.x.test")
ANN = Address.parse("ann@x.test")
TELLING = Policy(dmarc=Dmarc(report_enabled=True, dns_timeout=1))


NOBODY: Any = None  # whom failures would be told to


class OnePolicy:
    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    async def of(self, _domain: str) -> Policy:
        return self.policy


def names(policy: bytes = b"v=DMARC1; p=reject; rua=mailto:a@x.test") -> KnownNames:
    known = KnownNames()
    known.put("TXT", "_dmarc.x.test", policy)
    known.put("TXT", "s._domainkey.x.test", RSA.record)
    return known


async def judge(
    scene: Scene,
    known: KnownNames,
    letter: bytes = LETTER,
    *,
    policy: Policy = TELLING,
    sender: Address | None = ANN,
    to: tuple[str, ...] = ("bob@example.com",),
    softened: bool = False,
) -> DmarcCounts:
    counts = DmarcCounts(scene.store, scene.clock)
    checks = Checks(known, scene.clock, OnePolicy(policy), hostname="us.test", audience=Feedback(counts, NOBODY))
    recipients = tuple(Recipient(Address.parse(one)) for one in to)
    examination = checks.begin(Envelope(sender=sender, recipients=recipients), CLIENT)
    examination.feed(letter)
    examination.finish()
    report = await examination.report(None, tuple(() for _ in to))  # type: ignore[arg-type]
    judgements = [soften(one) for one in report.judgements] if softened else report.judgements
    examination.close(report, judgements)
    await counts.flush()
    return counts


async def records(scene: Scene) -> list[tuple[Record, int]]:
    rows = await scene.store.read(lambda tx: tx.reports.list_dmarc_counts(TODAY, "example.com", "x.test"))
    return [(one.record, one.letters) for _, one in rows]


async def only(scene: Scene) -> Record:
    [(record, letters)] = await records(scene)
    assert letters == 1
    return record


async def test_who_vouches_for_it(scene: Scene) -> None:
    known = names()
    known.put("TXT", "list.test", b"v=spf1 ip4:192.0.2.1 -all")
    letter = sign(sign(LETTER, RSA), ED25519)  # the second one's key is not there
    await judge(scene, known, letter, sender=Address.parse("l@list.test"))
    record = await only(scene)
    assert (record.disposition, record.is_dkim_aligned, record.is_spf_aligned) == (Disposition.PASS, True, False)
    assert (record.header_from, record.envelope_from, record.envelope_to) == ("x.test", "list.test", "example.com")
    assert [(one.domain, one.result) for one in record.dkim] == [("x.test", "pass"), ("x.test", "permerror")]
    assert record.spf is not None
    assert (record.spf.domain, record.spf.result) == ("list.test", "pass")
    policy = await scene.store.read(lambda tx: tx.reports.find_dmarc_policy(TODAY, "x.test"))
    assert (policy.published.policy, policy.addresses) == ("reject", ("a@x.test",))


async def test_below_the_organization_is_aligned(scene: Scene) -> None:
    known = names()
    known.put("TXT", "bounce.x.test", b"v=spf1 ip4:192.0.2.1 -all")
    await judge(scene, known, sign(LETTER, RSA), sender=Address.parse("l@bounce.x.test"))
    record = await only(scene)
    assert (record.is_dkim_aligned, record.is_spf_aligned) == (True, True)


@pytest.mark.parametrize(
    ("published", "action", "disposition", "reason"),
    [
        (b"p=reject", Action.REJECT, Disposition.REJECT, None),
        (b"p=reject", Action.QUARANTINE, Disposition.QUARANTINE, Override.LOCAL_POLICY),
        (b"p=reject", Action.TAG, Disposition.NONE, Override.LOCAL_POLICY),
        (b"p=reject; t=y", Action.REJECT, Disposition.QUARANTINE, Override.TEST_MODE),
        (b"p=none", Action.REJECT, Disposition.NONE, None),
    ],
)
async def test_what_was_done(
    scene: Scene, published: bytes, action: Action, disposition: Disposition, reason: Override | None
) -> None:
    policy = Policy(dmarc=Dmarc(report_enabled=True, dns_timeout=1, reject_action=action))
    await judge(scene, names(b"v=DMARC1; rua=mailto:a@x.test; " + published), policy=policy)
    record = await only(scene)
    assert record.disposition is disposition
    assert [one.type for one in record.reasons] == ([reason] if reason else [])
    assert not record.is_pass


async def test_one_who_had_to_take_it_for_others(scene: Scene) -> None:
    await judge(scene, names(), softened=True)
    record = await only(scene)
    assert (record.disposition, record.reasons[0].type) == (Disposition.QUARANTINE, Override.LOCAL_POLICY)


async def test_a_bounce_and_a_missing_answer(scene: Scene) -> None:
    known = names()
    known.fail("TXT", "s._domainkey.x.test")
    await judge(scene, known, sign(LETTER, RSA), sender=None)
    record = await only(scene)
    assert (record.disposition, record.reasons[0].type, record.envelope_from) == (Disposition.NONE, Override.OTHER, "")
    assert record.spf is not None
    assert record.spf.domain == "mail.x.test"


async def test_letters_that_are_alike_add_up(scene: Scene) -> None:
    for _ in range(2):
        await judge(scene, names(), to=("bob@example.com", "eve@example.com"))
    assert [letters for _, letters in await records(scene)] == [2]


async def test_what_nobody_wants_to_know(scene: Scene) -> None:
    quiet = Policy(dmarc=Dmarc(dns_timeout=1))
    await judge(scene, names(), policy=quiet)
    await judge(scene, names(b"v=DMARC1; p=reject"))
    await judge(scene, names(), to=("postmaster@example.com",))  # reports come there
    assert await records(scene) == []


async def test_a_busy_store_loses_nothing_and_a_flood_is_bounded(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object, **__: object) -> None:
        raise Busy("later")

    told: list[Any] = []
    monkeypatch.setattr(counting, "emit", lambda _event, **fields: told.append(fields["count"]))
    monkeypatch.setattr(counting, "WAITING_MAX", 1)
    with monkeypatch.context() as patch:
        patch.setattr(scene.store, "write", busy)
        counts = await judge(scene, names())
    counts._add(next(iter(counts._waiting)), 2)
    counts._add(replace_ip(next(iter(counts._waiting))), 5)
    flushing = asyncio.create_task(counts.keep_flushing())
    flushing.cancel()
    await counts.flush()
    assert told == [5]
    assert [letters for _, letters in await records(scene)] == [3]


def replace_ip(count: Any) -> Any:
    return replace(count, record=replace(count.record, source_ip="192.0.2.9"))


async def test_old_counts_go(scene: Scene) -> None:
    await judge(scene, names())
    forgetting = Forgetting(scene.store, scene.clock, timedelta(days=400))
    scene.clock.advance(COUNTS_KEPT * 86_400)
    await forgetting.run()
    assert len(await records(scene)) == 1
    scene.clock.advance(86_400)
    await forgetting.run()
    assert await records(scene) == []
