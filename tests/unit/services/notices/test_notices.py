"""From a spooled letter to a notice in the spool."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.formats.dsn.reading import Received, parse_notice
from mailstead.ground.formats.dsn.report import Action, Typed
from mailstead.ground.formats.dsn.text import Language
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import BodyType, DsnRequest, Wishes
from mailstead.ground.model.ids import BlobId, Instant, SpoolId
from mailstead.ground.model.spool import LastWord, Origin, SpooledLetter, SpooledRecipient, State
from mailstead.net.ids import IdSource
from mailstead.services.folders.append import put_letter
from mailstead.services.folders.incoming import take
from mailstead.services.notices import notices as notices_module
from mailstead.services.notices.due import Fate
from mailstead.services.notices.notices import Notice, Notices, tell_dropped, tell_written
from mailstead.store.port import Store, Tx
from mailstead.telemetry import Event
from tests.support.fake_clock import START_MS, FakeClock
from tests.support.noticed import CREATED, EXPIRES, letter, recipient
from tests.support.notices import parts, raw, read
from tests.support.stores import sqlite_engine

ORIGINAL = b"Subject: Hi\r\nMessage-ID: <1@a.example>\r\n\r\nHello\r\n"
WORD = LastWord("5.1.1", "550 5.1.1 no such user", "mx1.example.org [192.0.2.1]", Instant(CREATED + 1000))


class Spool:
    """Remembers what was inserted."""

    def __init__(self) -> None:
        self.inserted: list[tuple[SpooledLetter, list[SpooledRecipient]]] = []

    async def insert(self, spooled: SpooledLetter, recipients: Any) -> None:
        self.inserted.append((spooled, list(recipients)))


class Scene:
    """A store with one letter after another in it, and a writer of notices."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.spool = Spool()
        clock = FakeClock()
        self.notices = Notices(
            store.blobs, clock, IdSource(clock, 1), hostname="mail.example.net", life=timedelta(days=2)
        )

    async def put(self, data: bytes = ORIGINAL, **more: Any) -> SpooledLetter:
        staged = take(self.store.blobs, data)

        async def unit(tx: Tx) -> BlobId:
            return await put_letter(tx, staged)

        size = len(data) + len(more.get("prefix", b""))
        return letter(blob_id=await self.store.write(unit), size=size, **more)

    async def settle(self, notice: Notice) -> tuple[SpooledLetter, list[SpooledRecipient], bytes]:
        async def unit(tx: Tx) -> None:
            blob_id = await put_letter(tx, notice.letter)
            await self.spool.insert(replace(notice.spooled, blob_id=blob_id), [notice.recipient])

        await self.store.write(unit)
        spooled, recipients = self.spool.inserted[-1]
        assert spooled.blob_id is not None
        reader = await self.store.blobs.open(spooled.blob_id)
        return spooled, recipients, await reader.read(0, reader.size)

    async def compose(self, about: SpooledLetter, *fates: Fate, **more: Any) -> tuple[Received, bytes]:
        notice = await self.notices.compose(about, fates, **more)
        assert notice is not None
        data = (await self.settle(notice))[2]
        received = parse_notice(data)
        assert received is not None
        return received, data


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sqlite_engine(tmp_path) as engine:
        yield Scene(await engine.open())


def failed(number: int = 0, **more: Any) -> Fate:
    return Fate(recipient(number, **more), Action.FAILED, WORD)


async def test_a_failure_goes_back_with_the_letter(scene: Scene) -> None:
    about = await scene.put(prefix=b"Received: by us\r\n", subject="Hi", message_id="1@a.example", envid="a+2Bb")
    notice = await scene.notices.compose(about, [failed(0, dsn=DsnRequest(original="rfc822;b+2Bx@c.example"))])
    assert notice is not None
    spooled, recipients, data = await scene.settle(notice)
    assert (spooled.origin, spooled.sender, spooled.domain) == (Origin.NOTICE, None, "example.net")
    assert spooled.expires_at - spooled.created_at == 2 * 86_400_000
    assert (spooled.body, spooled.smtputf8, spooled.size) == (BodyType.SEVEN_BIT, False, len(data))
    assert (spooled.subject, spooled.message_id) == ("Not delivered: Hi", f"{spooled.id}.notice@mail.example.net")
    assert recipients == [
        SpooledRecipient(
            letter_id=spooled.id,
            number=0,
            address=Address("ann", "example.net"),
            destination="example.net",
            state=State.ACTIVE,
            due_at=Instant(START_MS),
            dsn=DsnRequest(notify=frozenset({"NEVER"})),
        )
    ]
    received = parse_notice(data)
    assert received is not None
    assert received.message_id == "1@a.example"
    assert received.report.envelope_id == "a+b"
    entry = received.report.entries[0]
    assert entry.original == Typed("rfc822", "b+x@c.example")
    assert entry.remote_mta == Typed("dns", "mx1.example.org")
    assert entry.diagnostic == Typed("smtp", "550 5.1.1 no such user")
    assert entry.last_attempt == WORD.at
    assert b"\r\n\r\nReceived: by us\r\n" + ORIGINAL in data
    assert read(data)["From"] == "Mail delivery <postmaster@example.net>"


async def test_one_notice_for_all_who_failed(scene: Scene) -> None:
    fates = [failed(0), failed(1, notify="NEVER"), Fate(recipient(2), Action.RELAYED, WORD), failed(3)]
    received, _ = await scene.compose(await scene.put(), *fates)
    assert [entry.final.text for entry in received.report.entries] == ["bob0@example.org", "bob3@example.org"]


@pytest.mark.parametrize(
    ("facts", "action", "kind"),
    [
        ({}, Action.FAILED, "message/rfc822"),
        ({"ret": "FULL"}, Action.FAILED, "message/rfc822"),
        ({"ret": "HDRS"}, Action.FAILED, "text/rfc822-headers"),
        ({"body": BodyType.BINARY}, Action.FAILED, "text/rfc822-headers"),
        ({"wishes": Wishes(require_tls=True)}, Action.FAILED, "text/rfc822-headers"),
        ({"ret": "FULL"}, Action.DELAYED, "text/rfc822-headers"),
    ],
)
async def test_how_much_goes_back(scene: Scene, facts: dict[str, Any], action: Action, kind: str) -> None:
    """RFC 3461 §6.2, RFC 8689 §5."""
    _, data = await scene.compose(await scene.put(**facts), Fate(recipient(), action, WORD))
    assert parts(data)[2].get_content_type() == kind


async def test_a_large_letter_gives_its_header(scene: Scene) -> None:
    _, data = await scene.compose(await scene.put(ORIGINAL + b"x" * 70 + b"\r\n" * 40_000), failed())
    assert raw(parts(data)[2]) == ORIGINAL[: ORIGINAL.index(b"Hello")]


async def test_wishes_go_with_the_notice(scene: Scene) -> None:
    about = await scene.put(wishes=Wishes(require_tls=True, priority=4, release_at=EXPIRES))
    notice = await scene.notices.compose(about, [failed()])
    assert notice is not None
    assert notice.spooled.wishes == Wishes(require_tls=True, priority=4)


async def test_where_an_alias_leads_stays_private(scene: Scene) -> None:
    """RFC 3464 §4.2."""
    alias = DsnRequest(original="rfc822;team@example.net")
    fates = [failed(0, dsn=alias), failed(1, dsn=alias)]
    received, data = await scene.compose(await scene.put(origin=Origin.FORWARDED), *fates)
    (entry,) = received.report.entries
    assert entry.final == entry.original == Typed("rfc822", "team@example.net")
    assert (entry.diagnostic, entry.remote_mta, entry.status) == (None, None, "5.1.1")
    assert b"bob" not in data
    assert b"mx1" not in data


async def test_a_warning_says_until_when(scene: Scene) -> None:
    fate = Fate(recipient(), Action.DELAYED, LastWord("4.4.1", "no answer"))
    received, data = await scene.compose(await scene.put(), fate)
    entry = received.report.entries[0]
    assert (entry.will_retry_until, entry.last_attempt) == (EXPIRES, None)
    assert entry.diagnostic == Typed("x-mailstead", "no answer")
    assert read(data)["Subject"] == "Delayed"


async def test_programs_are_not_warned(scene: Scene) -> None:
    """RFC 3834 §2."""
    about = await scene.put(b"Auto-Submitted: auto-generated (by cron)\r\n" + ORIGINAL)
    assert await scene.notices.compose(about, [Fate(recipient(), Action.DELAYED, WORD)]) is None
    assert await scene.notices.compose(about, [failed()]) is not None


async def test_nobody_hears_of_notices_or_spam(scene: Scene) -> None:
    assert await scene.notices.compose(await scene.put(sender=None), [failed()]) is None
    assert await scene.notices.compose(await scene.put(origin=Origin.NOTICE), [failed()]) is None
    assert await scene.notices.compose(await scene.put(), [failed()], is_spam=True) is None


async def test_the_blob_is_gone(scene: Scene) -> None:
    for blob in (None, BlobId(1)):
        received, data = await scene.compose(letter(blob_id=blob), failed())
        assert received.header == b""
        assert len(parts(data)) == 2


async def test_a_lane_of_its_own(scene: Scene) -> None:
    notice = await scene.notices.compose(await scene.put(), [failed()], destination="(local)")
    assert notice is not None
    assert notice.recipient.destination == "(local)"


async def test_utf8_and_language(scene: Scene) -> None:
    original = "Subject: Grüße\r\n\r\nHi\r\n".encode()
    sender = Address("änn", "example.net")
    about = await scene.put(original, sender=sender, smtputf8=True, subject="Grüße")
    notice = await scene.notices.compose(about, [failed()], language=Language.GERMAN)
    assert notice is not None
    spooled, _, data = await scene.settle(notice)
    assert (spooled.smtputf8, spooled.body) == (True, BodyType.EIGHT_BIT)
    assert spooled.subject == "Nicht zugestellt: Grüße"
    assert parts(data)[2].get_content_type() == "message/global"


async def test_events(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[Event, str]] = []

    def emit(event: Event, **fields: Any) -> None:
        assert fields.keys() <= event.fields
        told.append((event, fields["recipient"]))

    monkeypatch.setattr(notices_module, "emit", emit)
    notice = await scene.notices.compose(await scene.put(), [failed(0), failed(1, notify="NEVER")])
    assert notice is not None
    assert notice.about == SpoolId(7)
    tell_written(notice)
    tell_dropped(letter(sender=None), [failed(2), Fate(recipient(3), Action.DELAYED, WORD)])
    tell_dropped(letter(), [failed(4)])
    assert told == [
        (Event.NOTICE_LETTER_WRITTEN, "bob0@example.org"),
        (Event.NOTICE_BOUNCE_DROPPED, "bob2@example.org"),
    ]
