"""Reports of others in the mail: what is taken, what is not, and that nothing is taken twice or left out."""

import base64
import gzip
import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import pytest

from mailstead.ground.formats.feedback.aggregate import Counted, Report
from mailstead.ground.model.flags import Flags
from mailstead.ground.model.folder import INBOX
from mailstead.ground.model.ids import Instant, MessageId
from mailstead.net.ids import IdSource
from mailstead.services.accounts.users import NewUser, add_user
from mailstead.services.folders.append import place, put_letter
from mailstead.services.folders.incoming import Incoming
from mailstead.services.folders.reading import Reading
from mailstead.services.guards.breaker import BreakerRules
from mailstead.services.guards.observer import GuardObserver
from mailstead.services.guards.suppression import SuppressionRules
from mailstead.services.reports import intake as room
from mailstead.services.reports.archive import Archive
from mailstead.services.reports.complaints import Complaints
from mailstead.services.reports.intake import Intake
from mailstead.store.port.reports import ReceivedReport, ReportKind
from mailstead.telemetry import Event
from tests.support.aggregate import ABOUT, BAD, GOOD, PUBLISHED, xml_of
from tests.support.reporting import Scene

REPORT = Report(ABOUT, replace(PUBLISHED, domain="example.com"), (Counted(GOOD, 3), Counted(BAD, 2)))
XML = xml_of(REPORT)
TLS = {
    "organization-name": "They", "contact-info": "a@they.test", "report-id": "t1",
    "date-range": {"start-datetime": "2026-05-31T00:00:00Z", "end-datetime": "2026-05-31T23:59:59Z"},
    "policies": [
        {
            "policy": {"policy-type": "sts", "policy-domain": "example.com", "policy-string": ["version: STSv1"]},
            "summary": {"total-successful-session-count": 5, "total-failure-session-count": 3},
            "failure-details": [{"result-type": "certificate-expired", "failed-session-count": 2}],
        }
    ],
}  # fmt: skip
NO_FLAGS = Flags()
VOUCHED = b"Authentication-Results: us.test; dmarc=pass header.from=they.test\r\n"


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.xml", data)
    return out.getvalue()


def letter(packed: bytes, media: str = "application/gzip", *fields: str) -> bytes:
    body = base64.encodebytes(packed).replace(b"\n", b"\r\n")
    head = ["From: They <noreply@they.test>", *fields, "Subject: Report", f"Content-Type: {media}"]
    return "\r\n".join([*head, "Content-Transfer-Encoding: base64", "", ""]).encode() + body


class Post:
    """Files letters into the account behind the address for reports."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.ids = IdSource(scene.clock, 2)

    async def open(self) -> "Post":
        account = await add_user(self.scene.directory, NewUser(address="dmarc@example.com", password="a long password"))
        self.account = account.id
        await self.scene.want(report_email="dmarc@example.com")
        return self

    async def file(self, data: bytes, prefix: bytes = b"") -> None:
        incoming = Incoming(self.scene.store.blobs, 1 << 25)
        incoming.write(data)
        made = await incoming.finish()

        async def unit(tx: Any) -> None:
            modseq = (await tx.advance(self.account))[self.account]
            inbox = await tx.folders.find_folder(self.account, INBOX)
            now = self.scene.clock.now()
            await place(
                tx, account=self.account, folder=inbox.id, message_id=MessageId(self.ids.next()),
                blob_id=await put_letter(tx, made), prefix=prefix, size=len(prefix) + len(data), flags=NO_FLAGS,
                internal_date=now, now=now, modseq=modseq, may_exceed=True,
            )  # fmt: skip

        await self.scene.store.write(unit)

    def intake(self, store: Any = None) -> Intake:
        store = store or self.scene.store
        observer = GuardObserver(BreakerRules(least=2), SuppressionRules())
        complaints = Complaints(store, self.scene.clock, self.ids, observer)
        return Intake(store, self.scene.clock, self.ids, Reading(store), complaints)

    async def received(self, kind: ReportKind = ReportKind.DMARC) -> list[ReceivedReport]:
        return await Archive(self.scene.store).list_received(kind, "", Instant(0), 100)


@pytest.fixture
async def post(scene: Scene) -> Post:
    return await Post(scene).open()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Event, dict[str, Any]]]:
    events: list[tuple[Event, dict[str, Any]]] = []
    monkeypatch.setattr(room, "emit", lambda event, **fields: events.append((event, fields)))
    return events


@pytest.mark.parametrize(
    ("packed", "media"),
    [
        (gzip.compress(XML), "application/gzip"), (zipped(XML), "application/zip"), (XML, "text/xml"),
        (gzip.compress(XML), "application/octet-stream"),
    ],
)  # fmt: skip
async def test_a_report_is_kept(post: Post, packed: bytes, media: str) -> None:
    await post.file(letter(packed, media), VOUCHED)
    await post.intake().run()
    [report] = await post.received()
    assert (report.organization, report.report_id, report.domain) == ("us.test", ABOUT.report_id, "example.com")
    assert (report.good, report.bad, report.sender, report.is_verified) == (3, 2, "they.test", True)
    rows = [row async for row in Archive(post.scene.store).rows(report.id)]
    assert [(row.source, row.is_good, row.count) for row in rows] == [("192.0.2.1", True, 3), ("2001:db8::1", False, 2)]
    assert json.loads(rows[0].detail)["dkim"][0]["domain"] == "example.com"
    assert json.loads(report.about)["published"]["policy"] == "reject"


@pytest.mark.parametrize("packed", [True, False])
async def test_a_report_of_lines(post: Post, packed: bool) -> None:
    data = json.dumps(TLS).encode()
    media = "application/tlsrpt+gzip" if packed else "application/tlsrpt+json"
    await post.file(letter(gzip.compress(data) if packed else data, media, "TLS-Report-Domain: example.com"))
    await post.intake().run()
    [report] = await post.received(ReportKind.TLS)
    assert (report.organization, report.domain, report.good, report.bad) == ("They", "example.com", 5, 3)
    assert (report.sender, report.is_verified) == ("they.test", False)
    rows = [row async for row in Archive(post.scene.store).rows(report.id)]
    assert [(row.source, row.is_good, row.count) for row in rows] == [
        ("sts example.com", True, 5), ("sts example.com", False, 2), ("sts example.com", False, 1),
    ]  # fmt: skip


FAILED = (
    b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\nMessage-ID: <f1@they.test>\r\n"
    b"From: They <noreply@they.test>\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nA letter failed.\r\n"
    b"--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: auth-failure\r\nVersion: 1\r\n"
    b"Auth-Failure: dmarc\r\nIdentity-Alignment: dkim,\r\n spf\r\nReported-Domain: mail.example.com\r\n"
    b"Source-IP: 192.0.2.7\r\nIncidents: 4\r\n\r\n--b--\r\n"
)


async def test_a_report_of_one_letter(post: Post, told: list[Any]) -> None:
    await post.file(FAILED, VOUCHED)
    await post.file(FAILED.replace(b"auth-failure", b"abuse"))
    await post.intake().run()
    [report] = await post.received(ReportKind.FAILURE)
    assert (report.organization, report.report_id, report.domain, report.bad) == (
        "they.test", "f1@they.test", "mail.example.com", 4,
    )  # fmt: skip
    [row] = [row async for row in Archive(post.scene.store).rows(report.id)]
    assert (row.source, json.loads(row.detail)) == (
        "192.0.2.7", {"auth-failure": "dmarc", "identity-alignment": "dkim, spf"},
    )  # fmt: skip
    assert [fields["detail"] for event, fields in told if event is Event.REPORT_REFUSED] == [
        "feedback that is about no authentication"
    ]


async def test_made_up_reports_keep_no_others_out(post: Post, told: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "UNVERIFIED_MAX", 2)
    for number in range(4):
        await post.file(letter(gzip.compress(xml_of(replace(REPORT, about=replace(ABOUT, report_id=str(number)))))))
    await post.file(letter(gzip.compress(XML)), VOUCHED)
    await post.intake().run()
    assert {one.report_id for one in await post.received()} == {"0", "1", ABOUT.report_id}
    assert len([event for event, _ in told if event is Event.REPORT_REFUSED]) == 2


async def test_only_our_own_word_says_that_it_is_verified(post: Post) -> None:
    forged = VOUCHED + letter(gzip.compress(XML))
    await post.file(forged, b"Received: from them\r\n")
    await post.intake().run()
    assert not (await post.received())[0].is_verified


async def test_the_same_once_more_and_what_came_before(post: Post) -> None:
    for _ in range(2):
        await post.file(letter(gzip.compress(XML)))
    await post.intake().run()
    await post.file(letter(gzip.compress(XML)))
    await post.file(letter(gzip.compress(xml_of(replace(REPORT, about=replace(ABOUT, report_id="2"))))))
    await post.intake().run()
    assert {one.report_id for one in await post.received()} == {ABOUT.report_id, "2"}


NONE = (
    (letter(b"junk"), "neither XML nor JSON"),
    (letter(gzip.compress(bytes(21 << 20))), "neither XML|unpacks"),
    (letter(gzip.compress(b"<feedback/>" + bytes(21 << 20))), "no XML|lacks|unpacks"),
    (letter(gzip.compress(xml_of())[:-9]), "too early|no XML"),
    (letter(gzip.compress(xml_of(replace(REPORT, published=replace(PUBLISHED, domain="b.test"))))), "of others"),
    (letter(b'{"a":1}', "application/tlsrpt+json"), "cannot be read"),
    (letter(json.dumps(TLS).replace("5,", "-5,").encode(), "application/tlsrpt+json"), "cannot be true"),
    (letter(json.dumps(TLS).replace("00:00:00Z", "yesterday").encode(), "application/tlsrpt+json"), "no time"),
    (letter(gzip.compress(XML)).replace(b"base64", b"odd"), "unknown"),
)  # fmt: skip


async def test_what_is_none(post: Post, told: list[Any]) -> None:
    for data, _ in NONE:
        await post.file(data)
    await post.file(letter(gzip.compress(XML)))
    await post.intake().run()
    assert [one.report_id for one in await post.received()] == [ABOUT.report_id]
    refused = [fields["detail"] for event, fields in told if event is Event.REPORT_REFUSED]
    for detail, (_, why) in zip(refused, NONE, strict=True):
        assert any(words in detail for words in why.split("|")), detail


async def test_a_fault_of_ours_stops_nobody(post: Post, told: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(room, "open_report", broken)
        await post.file(letter(gzip.compress(XML)))
        await post.intake().run()
    assert [event for event, _ in told] == [Event.REPORT_REFUSED]
    await post.file(letter(gzip.compress(XML)))
    await post.intake().run()
    assert len(await post.received()) == 1


async def test_mail_of_others_is_not_looked_at(post: Post) -> None:
    await post.scene.want(report_email="")
    await post.file(letter(gzip.compress(XML)))
    await post.intake().run()
    assert await post.received() == []


async def test_postmaster_is_an_address_for_reports(scene: Scene) -> None:
    post = Post(scene)
    user = NewUser(address="ada@example.com", password="a long password", is_admin=True)
    post.account = (await add_user(scene.directory, user)).id
    await post.file(letter(gzip.compress(XML)))
    await post.intake().run()
    assert len(await post.received()) == 1
