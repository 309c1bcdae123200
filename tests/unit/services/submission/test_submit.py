"""What leaves in whose name, what guards are asked, and what is refused at the end."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from mailstead.ground.formats.repair import Fault
from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Role, User
from mailstead.ground.model.envelope import BodyType, Client, Envelope, Recipient
from mailstead.ground.model.errors import Busy
from mailstead.ground.model.ids import UserId
from mailstead.ground.model.outcome import Deferred, Delivered, Failed
from mailstead.ground.model.spool import Origin
from mailstead.ground.model.verdict import PASS, Defer, Reason, Refuse
from mailstead.services.accounts.attempt import Principal
from mailstead.services.accounts.resolve import Abroad
from mailstead.services.delivery.plan import Accepted
from mailstead.services.submission.submit import FAULTS, Options, Outbox, Submission, SubmissionRules
from tests.support.fake_clock import FakeClock
from tests.unit.services.accounts.test_resolve import account, directory
from tests.unit.services.submission.support import NoBlobs, Post

ANN = account(1, "ann@a.test")
PRINCIPAL = Principal(User(id=UserId(1), login="ann@a.test", password_hash=""), ((ANN, Role.ADMIN),), ANN)
CLIENT = Client(ip="192.0.2.1", helo="laptop", protocol="ESMTPSA", tls="TLSv1.3 X", login="ann@a.test", session="5")
ENVELOPE = Envelope(sender=ANN.address)
NOTHING_BESIDE = Options()
BOB = Recipient(Address("bob", "elsewhere.test"))


@dataclass
class House:
    """A store of dicts."""

    directory: Any = field(default_factory=directory)
    blobs: NoBlobs = field(default_factory=NoBlobs)
    room: bool = True
    is_busy: bool = False

    def has_room(self) -> bool:
        return self.room

    async def read(self, unit: Any) -> Any:
        if self.is_busy:
            raise Busy("busy")
        return await unit(self)


def outbox(post: Post, *, options: Options = NOTHING_BESIDE, **rules: Any) -> Outbox:
    submission = Submission(House(), FakeClock(), post, post, post, post, SubmissionRules(**rules))  # type: ignore[arg-type]
    return submission.open(PRINCIPAL, options)


async def send(box: Outbox, data: bytes, envelope: Envelope = ENVELOPE) -> Any:
    letter = await box.begin_body(envelope).finish(data)
    return await box.accept(letter, envelope, [Accepted(BOB, ())], CLIENT, each_is_told=False)


async def test_what_the_mailroom_is_told() -> None:
    post = Post()
    box = outbox(post, options=Options(origin=Origin.SUBMITTED, keeps_copy=True))
    receipt = await send(box, b"Subject: x\r\nBcc: boss@a.test\r\n\r\nhello\r\n")
    assert (receipt.id, receipt.outcomes) == (7, (Delivered(),))
    ((letter, client, sending),) = post.accepted
    assert (sending.account, sending.login, sending.domain) == (ANN, "ann@a.test", "a.test")
    assert (sending.origin, sending.keeps_copy) == (Origin.SUBMITTED, True)
    assert sending.shown == Client(ip="", protocol="ESMTPSA", tls="TLSv1.3 X")
    assert client == CLIENT
    assert b"From: <ann@a.test>" in letter.rendered.header
    assert b"Bcc" not in letter.rendered.header
    assert letter.rendered.message_id.endswith("@a.test")


async def test_the_client_may_be_shown() -> None:
    post = Post()
    await send(outbox(post, hide_client=False), b"\r\nhello")
    assert post.accepted[0][2].shown == CLIENT


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"From: bob@a.test\r\n\r\n", Reason.AUTHOR_NOT_OWNED),
        (b"From: ann@a.test\r\nSender: bob@a.test\r\n\r\n", Reason.AUTHOR_NOT_OWNED),
        (b"From: ann@a.test, bob@a.test\r\nSender: ann@a.test\r\n\r\n", Reason.AUTHOR_UNCLEAR),
        (b"From: ann@a.test, bob@a.test\r\n\r\n", Reason.AUTHOR_UNCLEAR),
        (b"From: ann@a.test\r\nFrom: ann@a.test\r\n\r\n", Reason.AUTHOR_UNCLEAR),
        (b"From: x\r\n\r\n", Reason.AUTHOR_UNCLEAR),
        (b"Subject: " + b"x" * 1000 + b"\r\n\r\n", Reason.HEADER_INVALID),
        (b"X: y\0\r\n\r\n", Reason.HEADER_INVALID),
        (b"X: y\r\n" * 50_000 + b"\r\n", Reason.MESSAGE_TOO_LARGE),
        (b"Received: x\r\n" * 101 + b"\r\n", Reason.TOO_MANY_HOPS),
    ],
)
async def test_what_must_not_leave(data: bytes, reason: Reason) -> None:
    post = Post()
    receipt = await send(outbox(post), data)
    assert receipt.outcomes == (Failed(reason),)
    assert not post.accepted
    assert [note.reason for note in post.notes] == [reason]


def test_every_fault_has_its_reason() -> None:
    assert FAULTS.keys() == set(Fault)


async def test_binary_headers_have_lines() -> None:
    post = Post()
    binary = Envelope(sender=ANN.address, body=BodyType.BINARY)
    receipt = await send(outbox(post), b"From: ann@a.test\r\nX: y\nZ: z\r\n\r\na\nb", binary)
    assert receipt.outcomes == (Failed(Reason.HEADER_INVALID),)
    assert (await send(outbox(post), b"From: ann@a.test\r\n\r\na\nb", binary)).outcomes == (Delivered(),)


async def test_senders() -> None:
    box = outbox(Post(), max_message_size=1000)
    assert await box.judge_sender(ENVELOPE, CLIENT) == PASS
    assert await box.judge_sender(Envelope(sender=None), CLIENT) == PASS
    verdict = await box.judge_sender(Envelope(sender=Address("bob", "a.test")), CLIENT)
    assert isinstance(verdict, Refuse)
    assert verdict.reason is Reason.SENDER_NOT_OWNED
    large = await box.judge_sender(Envelope(sender=ANN.address, declared_size=1001), CLIENT)
    assert isinstance(large, Refuse)
    assert large.reason is Reason.MESSAGE_TOO_LARGE
    box._submission.store.room = False  # type: ignore[attr-defined]
    assert await box.judge_sender(ENVELOPE, CLIENT) == Defer(Reason.NO_SPACE)


async def test_a_busy_store_puts_it_off() -> None:
    post = Post()
    box = outbox(post)
    box._submission.store.is_busy = True  # type: ignore[attr-defined]
    other = Envelope(sender=Address("info", "a.test"))
    assert await box.judge_sender(other, CLIENT) == Defer(Reason.BUSY)
    assert await box.judge_recipient(other, BOB, CLIENT, is_proxied=False) == Defer(Reason.BUSY)
    assert (await send(box, b"\r\n", other)).outcomes == (Deferred(Reason.BUSY),)


async def test_a_right_that_went_within_the_transaction() -> None:
    post = Post()
    box = outbox(post)
    letter = await box.begin_body(ENVELOPE).finish(b"\r\nhello")
    box._rights._take(())
    receipt = await box.accept(letter, ENVELOPE, [Accepted(BOB, ())], CLIENT, each_is_told=False)
    assert receipt.outcomes == (Failed(Reason.SENDER_NOT_OWNED),)
    assert not post.accepted


async def test_guards_are_asked_of_what_leaves_alone() -> None:
    post = Post(verdict=Defer(Reason.SENDING_LIMIT))
    box = outbox(post)
    inside = Recipient(Address("bob", "a.test"))
    assert await box.judge_recipient(ENVELOPE, inside, CLIENT, is_proxied=False) == Accepted(inside, ())
    assert not post.asked
    assert await box.judge_recipient(ENVELOPE, BOB, CLIENT, is_proxied=False) == Defer(Reason.SENDING_LIMIT)
    ((sending, abroad),) = post.asked
    assert (sending.account, abroad) == (ANN, [BOB.address])
    post.verdict = PASS
    assert await box.judge_recipient(ENVELOPE, BOB, CLIENT, is_proxied=False) == Accepted(
        BOB, (), abroad=(Abroad(BOB.address),)
    )
