"""Failure reports: who wants which, what they tell, and how many there are."""

from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import SMTP
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Envelope, Recipient
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.policy_columns import read_words
from mailstead.services.checks.checks import Checks
from mailstead.services.policy.editing import edit
from mailstead.services.policy.policies import Policies
from mailstead.services.reports import failures as room
from mailstead.services.reports.counting import DmarcCounts
from mailstead.services.reports.failures import Failures
from mailstead.services.reports.feedback import Feedback
from mailstead.services.reports.posting import Posting
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Terms
from mailstead.telemetry import Event
from tests.support.dkim import RSA, sign
from tests.support.reporting import Scene
from tests.unit.services.reports.test_counting import CLIENT, LETTER

ANN = Address.parse("ann@x.test")


class Teller:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.names = scene.names
        store, clock = scene.store, scene.clock
        posting = Posting(store, clock, scene.ids, Spooling(Terms(), NoOutbox()))
        self.policies = Policies(store)
        self.failures = Failures(store, clock, scene.ids, self.names, self.policies, posting)
        self.feedback = Feedback(DmarcCounts(store, clock), self.failures)

    def publish(self, options: bytes = b"", more: bytes = b"ruf=mailto:f@x.test; ") -> None:
        self.names.put("TXT", "_dmarc.x.test", b"v=DMARC1; p=none; %b%b" % (more, options))
        self.names.put("TXT", "x.test", b"v=spf1 -all")
        self.names.put("TXT", "s._domainkey.x.test", RSA.record)

    async def judge(self, letter: bytes = LETTER, sender: Address | None = ANN, to: str = "bob@example.com") -> None:
        checks = Checks(self.names, self.scene.clock, self.policies, hostname="us.test", audience=self.feedback)
        recipients = (Recipient(Address.parse(to)),)
        examination = checks.begin(Envelope(sender=sender, recipients=recipients), CLIENT)
        examination.feed(letter)
        examination.finish()
        report = await examination.report(None, ((),))  # type: ignore[arg-type]
        examination.close(report, report.judgements)
        while not self.failures._waiting.empty():
            await self.failures.write_next()

    async def told(self) -> list[tuple[list[str], Any]]:
        return [(to, message_from_bytes(data, policy=SMTP)) for _, to, data in await self.scene.spooled()]


@pytest.fixture
async def teller(scene: Scene) -> AsyncIterator[Teller]:
    await edit(scene.directory, "example.com", read_words(["failures.enabled=on", "failures.per_day=2"]))
    made = Teller(scene)
    made.publish()
    yield made


def fields(told: Any) -> Any:
    (part,) = [part for part in told.walk() if part.get_content_type() == "message/feedback-report"]
    (inner,) = part.get_payload()
    return inner


async def test_what_is_told(teller: Teller) -> None:
    teller.names.put("TXT", "x.test", b'v=spf1 exp=a"b -all')
    await teller.judge(b"Subject: secret\r\n" + LETTER)
    [(to, told)] = await teller.told()
    assert to == ["f@x.test"]
    assert told.get_content_type() == "multipart/report"
    assert told.get_param("report-type") == "feedback-report"
    assert told["From"].addresses[0].addr_spec == "postmaster@example.com"
    said = fields(told)
    assert {name: said[name] for name in ("Feedback-Type", "Version", "Auth-Failure", "Identity-Alignment")} == {
        "Feedback-Type": "auth-failure", "Version": "1", "Auth-Failure": "dmarc", "Identity-Alignment": "dkim, spf",
    }  # fmt: skip
    assert (said["Reported-Domain"], said["Source-IP"], said["Delivery-Result"]) == ("x.test", CLIENT.ip, "delivered")
    assert said["SPF-DNS"] == r'txt : x.test : "v=spf1 exp=a\"b -all"'
    assert "dmarc=fail" in said["Authentication-Results"]
    assert "smtp.mailfrom=x.test;" in said["Authentication-Results"]
    whole = told.as_bytes()
    assert b"secret" not in whole
    assert b"ann@" not in whole
    assert b"Ann" not in whole


async def test_a_signature_that_failed(teller: Teller) -> None:
    await teller.judge(sign(LETTER, RSA).replace(b"hello", b"jello"))
    [(_, told)] = await teller.told()
    said = fields(told)
    assert (said["DKIM-Domain"], said["DKIM-Selector"], said["DKIM-Identity"]) == ("x.test", "s", "@x.test")


@pytest.mark.parametrize(
    ("options", "spoilt", "failure", "unaligned"),
    [
        (b"fo=0", False, None, ""), (b"fo=1", False, "dmarc", "spf"), (b"fo=d", False, None, ""),
        (b"fo=d", True, "signature", "dkim, spf"), (b"fo=s", False, "spf", "spf"),
        (b"fo=1:d:s", True, "dmarc", "dkim, spf"),
    ],
)  # fmt: skip
async def test_what_is_asked_for(
    teller: Teller, options: bytes, spoilt: bool, failure: str | None, unaligned: str
) -> None:
    teller.publish(options)
    letter = sign(LETTER, RSA)
    await teller.judge(letter.replace(b"hello", b"jello") if spoilt else letter)
    told = [fields(one) for _, one in await teller.told()]
    assert [(one["Auth-Failure"], one["Identity-Alignment"]) for one in told] == (
        [(failure, unaligned)] if failure else []
    )


async def test_so_many_a_day(teller: Teller) -> None:
    for _ in range(4):
        await teller.judge()
    assert len(await teller.told()) == 2
    asked = len(teller.names.asked)
    await teller.judge()
    assert not [name for _, name in teller.names.asked[asked:] if "_report" in name]
    teller.scene.clock.advance(86_400)
    await teller.judge()
    assert len(await teller.told()) == 3


async def test_who_is_not_told(teller: Teller) -> None:
    await teller.judge(b"Auto-Submitted: auto-replied\r\n" + LETTER)
    await teller.judge(sender=None)
    await teller.judge(to="postmaster@example.com")
    teller.publish(more=b"")
    await teller.judge()
    teller.publish(b"psd=y")
    await teller.judge()
    teller.publish(more=b"ruf=mailto:f@elsewhere.test; ")
    await teller.judge()
    teller.publish()
    await edit(teller.scene.directory, "example.com", read_words(["failures.enabled=off"]))
    await teller.judge()
    assert await teller.told() == []


async def test_a_flood_and_trouble(teller: Teller, monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[Event] = []
    monkeypatch.setattr(room, "emit", lambda event, **_: lost.append(event))

    async def busy(*_: object, **__: object) -> None:
        raise Busy("later")

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    for fault in (busy, broken):
        with monkeypatch.context() as patch:
            patch.setattr(Posting, "prepare", fault)
            await teller.judge()
    assert lost == [Event.REPORT_FACTS_LOST]
    await teller.judge()
    assert len(await teller.told()) == 1
