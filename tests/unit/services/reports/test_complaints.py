"""Complaints count against who sent the letter: once each, and of letters that really left."""

from collections.abc import AsyncIterator

import pytest

from mailstead.ground.formats.feedback.complaint import Complaint, read_complaint
from mailstead.ground.model.attempt import Ending, Result
from mailstead.ground.model.ids import SpoolId
from mailstead.ground.model.spool import Origin
from mailstead.services.guards.breaker import BreakerRules
from mailstead.services.guards.observer import GuardObserver
from mailstead.services.guards.suppression import SuppressionRules
from mailstead.store.port import ReadTx
from tests.support.reporting import Scene
from tests.support.spooled import letter as spooled
from tests.support.spooled import recipient, spool
from tests.unit.services.reports.test_intake import Post

FEEDBACK = (
    "From: <feedback@they.test>\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain\r\n\r\nSomebody pressed the button.\r\n"
    "--b\r\nContent-Type: message/feedback-report\r\n\r\n"
    "Feedback-Type: {kind}\r\nUser-Agent: They/1\r\nVersion: 1\r\nOriginal-Rcpt-To: <bob@far.test>\r\n\r\n"
    "--b\r\nContent-Type: {media}\r\n\r\n"
    "From: ann@home.test\r\nMessage-ID: <{message_id}>\r\nSubject: Offer\r\n\r\nBuy.\r\n--b--\r\n"
)


def feedback(message_id: str, kind: str = "abuse", media: str = "message/rfc822") -> bytes:
    return FEEDBACK.format(kind=kind, media=media, message_id=message_id).encode()


@pytest.fixture
async def post(scene: Scene) -> AsyncIterator[Post]:
    yield await Post(scene).open()


async def deliver(scene: Scene, number: int) -> None:
    """A letter that the other side took."""
    one, to = spooled(number), recipient(number)
    await spool(scene.store, one, to)
    seen = [(to, Result(to.number, Ending.DELIVERED, "2.0.0", "taken"))]
    observer, now = GuardObserver(BreakerRules(), SuppressionRules()), scene.clock.now()
    await scene.store.write(lambda tx: observer.within(tx, one, seen, now))


async def complaints(scene: Scene, number: int) -> int:
    async def unit(tx: ReadTx) -> int:
        return sum(row.kind == "complaint" for row in await tx.spool.list_story(SpoolId(number)))

    return await scene.store.read(unit)


async def paused(scene: Scene) -> list[str]:
    found = await scene.store.read(lambda tx: tx.guards.list_breakers())
    return [one.subject.name for one in found]


@pytest.mark.parametrize("media", ["message/rfc822", "text/rfc822-headers"])
async def test_two_of_two_pause_their_domain(post: Post, scene: Scene, media: str) -> None:
    for number in (1, 2):
        await deliver(scene, number)
    for number in (1, 1, 2):
        await post.file(feedback(f"{number}@home.test", media=media))
    await post.intake().run()
    await post.intake().run()
    assert [await complaints(scene, number) for number in (1, 2)] == [1, 1]
    assert await paused(scene) == ["home.test"]


@pytest.mark.parametrize(
    ("data", "origin"),
    [
        (feedback("guessed@home.test"), Origin.SUBMITTED),
        (feedback("1@home.test", kind="not-spam"), Origin.SUBMITTED),
        (feedback("1@home.test", media="text/plain"), Origin.SUBMITTED),
        (feedback("1@home.test"), Origin.FORWARDED),
    ],
    ids=["of no letter", "the opposite", "without the letter", "of a letter that others wrote"],
)
async def test_what_counts_against_nobody(post: Post, scene: Scene, data: bytes, origin: Origin) -> None:
    await spool(scene.store, spooled(1, origin=origin), recipient(1))
    await post.file(data)
    await post.intake().run()
    assert await complaints(scene, 1) == 0


def test_values_are_cut_and_cleaned() -> None:
    report = b"Feedback-Type: Abuse\r\nOriginal-Rcpt-To: <x@\x07" + b"y" * 1000 + b">\r\n"
    found = read_complaint(report, b"Message-ID:\r\n <a@b>\r\n\r\n")
    assert isinstance(found, Complaint)
    assert (found.kind, found.message_id) == ("abuse", "a@b")
    assert len(found.recipient) <= 255
    assert found.recipient.isprintable()
