"""Reports of a day: who gets them, when, and once only."""

import gzip
import json
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from email.policy import SMTP

import pytest

from mailstead.ground.formats.feedback.aggregate import Report
from mailstead.ground.formats.feedback.aggregate_reading import AggregateReader
from mailstead.ground.formats.tlsrpt import PolicyFound, PolicyType, ResultType
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.spool import LOCAL, Origin
from mailstead.services.accounts.domains import NewDomain, add_domain
from mailstead.services.reports.dmarc import DmarcSource
from mailstead.services.reports.drafts import Draft
from mailstead.services.reports.reporter import Fate, Order, Outcome, Reporter
from mailstead.store.port.reports import DmarcCount, DmarcPolicy, ReportKey, ReportKind
from mailstead.store.port.trust import TlsCount
from tests.support.aggregate import BAD, GOOD, PUBLISHED
from tests.support.fake_clock import FakeClock
from tests.support.reporting import THEY, TODAY, Scene


def open_aggregate(data: bytes) -> tuple[Message, Report]:
    letter = message_from_bytes(data, policy=SMTP)
    (part,) = [part for part in letter.walk() if part.get_content_type() == "application/gzip"]
    reader = AggregateReader()
    reader.feed(gzip.decompress(part.get_payload(decode=True)))
    assert part.get_filename() == f"example.com!{THEY}!{TODAY * 86_400}!{TODAY * 86_400 + 86_399}.xml.gz"
    return letter, reader.finish()


async def send(reporter: Reporter, **order: object) -> list[Outcome]:
    return [one async for one in reporter.send(Order(**{"day": TODAY, **order}))]  # type: ignore[arg-type]


async def test_a_report_of_yesterday(scene: Scene) -> None:
    await scene.want(report_email="dmarc@example.com")
    await scene.count()
    await scene.reporter().run()
    assert await scene.spooled() == []  # the day is not over
    scene.pass_a_day()
    await scene.reporter().run()
    [(letter, to, data)] = await scene.spooled()
    assert (letter.origin, letter.domain, str(letter.sender), to) == (
        Origin.REPORT, "example.com", "dmarc@example.com", ["reports@they.test"],
    )  # fmt: skip
    told, report = open_aggregate(data)
    assert told["Subject"] == f"Report Domain: {THEY} Submitter: example.com Report-ID: <{report.about.report_id}>"
    assert str(told["From"]) == '"example.com reports" <dmarc@example.com>'
    assert told["Auto-Submitted"] == "auto-generated"
    assert (report.about.organization, report.about.email) == ("example.com", "dmarc@example.com")
    assert (report.about.begin, report.about.end) == (TODAY * 86_400, TODAY * 86_400 + 86_399)
    assert report.published.domain == THEY
    assert {(one.record.source_ip, one.letters) for one in report.records} == {(GOOD.source_ip, 1), (BAD.source_ip, 1)}
    await scene.reporter().run()
    assert len(await scene.spooled()) == 1


async def test_reports_of_a_day_do_not_leave_at_once(scene: Scene) -> None:
    for number in range(20):
        await scene.count(domain=f"d{number}.test")
    counts = []
    scene.clock.advance(23 * 3600 + 5)
    for _ in range(18):
        await scene.reporter().run()
        counts.append(len(await scene.spooled()))
        scene.clock.advance(900)
    assert counts[0] == 0
    assert counts[-1] == 20
    assert len(set(counts)) > 5


async def test_who_is_not_asked_for_it_or_does_not_agree(scene: Scene) -> None:
    await scene.count(to=("a@watch.test",))
    scene.pass_a_day()
    [one] = await send(scene.reporter())
    assert (one.fate, one.note) == (Fate.UNWANTED, f"watch.test does not take reports about {THEY}")
    scene.names.put("TXT", f"{THEY}._report._dmarc.watch.test", b"v=DMARC1")
    [one] = await send(scene.reporter())
    assert one.fate is Fate.UNWANTED  # it was decided
    assert await scene.spooled() == []


async def test_an_answer_that_is_missing_is_waited_for_but_not_for_ever(scene: Scene) -> None:
    await scene.count(to=("a@watch.test", "b@they.test"))
    scene.names.fail("TXT", f"{THEY}._report._dmarc.watch.test")
    scene.pass_a_day()
    await scene.reporter().run()
    assert [one.fate for one in await send(scene.reporter())] == [Fate.WAITING]
    scene.clock.advance(86_400)
    await scene.reporter().run()
    assert [to for _, to, _ in await scene.spooled()] == [["b@they.test"]]


async def test_a_domain_that_tells_nobody(scene: Scene) -> None:
    await scene.count()
    await scene.want(report_enabled=False)
    scene.pass_a_day()
    await scene.reporter().run()
    assert [one.fate for one in await send(scene.reporter())] == [Fate.OFF]
    assert await scene.spooled() == []


async def test_by_hand(scene: Scene) -> None:
    await scene.count()
    await scene.count(domain="other.test")
    with pytest.raises(Invalid, match="not over"):
        await send(scene.reporter())
    rehearsed = await send(scene.reporter(), is_early=True, dry_run=True)
    assert [(one.key.domain, one.fate) for one in rehearsed] == [
        ("other.test", Fate.WOULD_BE), (THEY, Fate.WOULD_BE),
    ]  # fmt: skip
    assert await scene.spooled() == []
    [one] = await send(scene.reporter(), is_early=True, domain=THEY)
    assert (one.fate, one.addresses) == (Fate.WRITTEN, ("reports@they.test",))
    assert [one.fate for one in await send(scene.reporter(), is_early=True)] == [Fate.WRITTEN, Fate.DONE]
    assert await send(scene.reporter(), kind=ReportKind.TLS, is_early=True) == []


async def test_a_report_to_one_of_ours_stays_here(scene: Scene) -> None:
    await scene.count(domain="example.com", to=("postmaster@example.com",))
    scene.pass_a_day()
    await scene.reporter().run()
    [(letter, _, _)] = await scene.spooled()
    [row] = await scene.store.read(lambda tx: tx.spool.list_recipients(letter.id))
    assert (row.destination, row.dsn.notify) == (LOCAL, frozenset({"NEVER"}))


@pytest.mark.parametrize("address", ["dmarc@elsewhere.test", "rückmeldung@example.com"])
async def test_the_address_of_a_report_has_to_be_of_its_domain(scene: Scene, address: str) -> None:
    await scene.want(report_email=address)
    await scene.count()
    scene.pass_a_day()
    await scene.reporter().run()
    [(letter, _, _)] = await scene.spooled()
    assert str(letter.sender) == "postmaster@example.com"


async def test_a_domain_that_is_another_name_of_ours(scene: Scene) -> None:
    """It has no keys: its reports leave from where they can be signed."""
    await add_domain(scene.directory, NewDomain(name="alias.test", alias_of="example.com"))
    policy = DmarcPolicy(TODAY, replace(PUBLISHED, domain=THEY), ("a@they.test",))
    counts = [DmarcCount(TODAY, "alias.test", THEY, GOOD)]
    await scene.store.write(lambda tx: tx.reports.add_dmarc_counts([policy], counts))
    scene.pass_a_day()
    await scene.reporter().run()
    [(letter, _, data)] = await scene.spooled()
    assert (str(letter.sender), letter.domain) == ("postmaster@example.com", "example.com")
    assert b"Submitter: alias.test" in data


TLS = PolicyFound(policy_type=PolicyType.NO_POLICY_FOUND, policy_domain=THEY)


async def count_sessions(scene: Scene, clock: FakeClock | None = None) -> None:
    good = TlsCount(day=TODAY, domain=THEY, policy=TLS, sessions=3)
    bad = TlsCount(
        day=TODAY, domain=THEY, policy=TLS, result=ResultType.CERTIFICATE_EXPIRED, host="mx.they.test",
        local_ip="192.0.2.1", peer_ip="192.0.2.2", detail="why",
    )  # fmt: skip
    await scene.store.write(lambda tx: tx.trust.add_tls_results([good, bad]))


async def test_a_report_of_lines(scene: Scene) -> None:
    await count_sessions(scene)
    scene.names.put("TXT", f"_smtp._tls.{THEY}", b"v=TLSRPTv1; rua=mailto:tls%2Bin@they.test")
    scene.pass_a_day()
    await scene.reporter().run()
    [(letter, to, data)] = await scene.spooled()
    assert (to, letter.wishes.tls_optional) == (["tls+in@they.test"], True)
    told = message_from_bytes(data, policy=SMTP)
    assert (told["TLS-Report-Domain"], told["TLS-Report-Submitter"]) == (THEY, "example.com")
    assert told.get_content_type() == "multipart/report"
    assert told.get_param("report-type") == "tlsrpt"
    (part,) = [part for part in told.walk() if part.get_content_type() == "application/tlsrpt+gzip"]
    shown = json.loads(gzip.decompress(part.get_payload(decode=True)))
    assert shown["date-range"] == {"start-datetime": "2027-01-15T00:00:00Z", "end-datetime": "2027-01-15T23:59:59Z"}
    assert shown["contact-info"] == "postmaster@example.com"
    [policy] = shown["policies"]
    assert policy["summary"] == {"total-successful-session-count": 3, "total-failure-session-count": 1}
    assert policy["failure-details"] == [
        {
            "result-type": "certificate-expired",
            "sending-mta-ip": "192.0.2.1",
            "receiving-mx-hostname": "mx.they.test",
            "receiving-ip": "192.0.2.2",
            "failed-session-count": 1,
            "failure-reason-code": "why",
        }
    ]


async def test_nobody_asked_for_it(scene: Scene) -> None:
    await count_sessions(scene)
    scene.pass_a_day()
    await scene.reporter().run()
    asked = len(scene.names.asked)
    await scene.reporter().run()
    assert len(scene.names.asked) == asked
    assert [one.fate for one in await send(scene.reporter())] == [Fate.UNWANTED]


async def test_the_names_are_silent(scene: Scene) -> None:
    await count_sessions(scene)
    scene.names.fail("TXT", f"_smtp._tls.{THEY}")
    scene.pass_a_day()
    assert [one.fate for one in await send(scene.reporter())] == [Fate.WAITING]


async def test_by_https(scene: Scene) -> None:
    await count_sessions(scene)
    scene.names.put("TXT", f"_smtp._tls.{THEY}", b"v=TLSRPTv1; rua=https://they.test/x,mailto:tls@they.test")
    scene.pass_a_day()
    await scene.reporter().run()
    assert [to for _, to, _ in await scene.spooled()] == [["tls@they.test"]]
    [request] = scene.web.asked
    assert (request.url, request.method, request.is_ours) == ("https://they.test/x", "POST", False)
    assert request.headers["Content-Type"] == "application/tlsrpt+gzip"
    assert isinstance(request.body, bytes)
    assert json.loads(gzip.decompress(request.body))["organization-name"] == "example.com"
    [one] = await send(scene.reporter())
    assert (one.fate, one.addresses) == (Fate.DONE, ("tls@they.test", "https://they.test/x"))
    assert len(scene.web.asked) == 1


@pytest.mark.parametrize("status", [0, 503])
async def test_who_does_not_take_it_is_asked_again_but_not_for_ever(scene: Scene, status: int) -> None:
    await count_sessions(scene)
    scene.names.put("TXT", f"_smtp._tls.{THEY}", b"v=TLSRPTv1; rua=https://they.test/x")
    scene.pass_a_day()
    scene.web.status = status
    [one] = await send(scene.reporter())
    assert (one.fate, bool(one.note)) == (Fate.WAITING, True)
    scene.web.status = 200
    [one] = await send(scene.reporter())
    assert (one.fate, one.addresses) == (Fate.WRITTEN, ("https://they.test/x",))
    assert await scene.spooled() == []
    assert len(scene.web.asked) == 2


async def test_a_report_that_breaks_keeps_no_other_back(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    await scene.count(domain="a.test")
    await scene.count(domain="b.test")
    scene.pass_a_day()
    real = DmarcSource.draft

    async def draft(self: DmarcSource, key: ReportKey) -> Draft | None:
        if key.domain == "a.test":
            raise ZeroDivisionError
        return await real(self, key)

    monkeypatch.setattr(DmarcSource, "draft", draft)
    await scene.reporter().run()
    assert [to for _, to, _ in await scene.spooled()] == [["reports@b.test"]]
