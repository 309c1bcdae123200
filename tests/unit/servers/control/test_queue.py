"""The queue over the control socket: the same words as on the command line."""

import base64
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Denied
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import State
from mailstead.net.ids import IdSource
from mailstead.servers.control.desk import Desk, Sent
from mailstead.servers.control.server import ControlServer
from mailstead.services.accounts.login import Authenticator
from mailstead.services.dispatch.routes import parse_route
from mailstead.services.policy.concealing import Concealing
from mailstead.services.spool.hand import Hand
from mailstead.services.spool.terms import Terms
from mailstead.services.spool.tracing import Tracing
from tests.support.fake_clock import START_MS, FakeClock
from tests.support.spooled import letter, recipient, spool
from tests.unit.servers.control.conftest import Admin

NOW = Instant(START_MS)


@dataclass
class Post:
    """Implements `Mailing`."""

    taken: list[tuple[str, list[str], bytes, bool]] = field(default_factory=list)

    async def send(self, sender: Address, recipients: Sequence[Address], content: bytes, *, dry_run: bool) -> Sent:
        if sender.local == "eve":
            raise Denied("eve@example.com is nobody's here")
        self.taken.append((str(sender), [str(one) for one in recipients], content, dry_run))
        return Sent(77, tuple((str(one), "spooled") for one in recipients))


@pytest.fixture
async def admin(desk: Desk) -> AsyncIterator[Admin]:
    store, clock = desk.directory.store, desk.directory.clock
    hand = Hand(store, clock, IdSource(clock, 1), Terms(), returning=None, check_route=parse_route)
    tracing = Tracing(store, clock, hand, Concealing(store))
    authenticator = Authenticator(store, desk.directory.hasher, clock, default_domain="example.com")
    full = replace(desk, hand=hand, tracing=tracing, authenticator=authenticator, mailing=Post())
    for number, to in ((1, "a@far.test"), (2, "b@near.test"), (3, "c@far.test")):
        one = letter(number, created_at=NOW, size=50)
        await spool(store, one, recipient(number, 0, to, due_at=NOW), body=b"Subject: %d\r\n\r\n" % number)  # type: ignore[arg-type]
    made = Admin(ControlServer(full), FakeClock())
    yield made
    made.peer.end()
    await made.session


async def test_looking(admin: Admin) -> None:
    assert await admin.ask("queue.list", recipient="@far.test", limit=1) == {"schema": "mailstead.list.v1", "count": 1}
    (row,) = admin.news
    assert (row["id"], row["queue_type"], row["from"], row["to"], row["priority"], row["domain"]) == (
        "1", "active", "ann@home.test", ["a@far.test"], 2, "far.test",
    )  # fmt: skip
    assert (await admin.ask("queue.list"))["count"] == 3
    stats = await admin.ask("queue.stats", destination="far.test")
    assert (stats["active_count"], stats["hold_count"], stats["total_size"]) == (2, 0, 100)
    assert stats["total"] == {"letters": 2, "recipients": 2, "bytes": 100, "oldest": "2027-01-15T08:00:00Z"}
    shape = await admin.ask("queue.shape")
    assert [(row["destination"], row["total"]) for row in admin.news] == [("far.test", 2), ("near.test", 1)]
    assert len(shape["ages"]) + 1 == len(admin.news[0]["ages"])
    assert (await admin.ask("queue.lanes"))["count"] == 0
    assert (await admin.ask("queue.lanes", all=True))["count"] == 2
    shown = await admin.ask("queue.show", id="2")
    assert [one["address"] for one in shown["recipients"]] == ["b@near.test"]
    assert await admin.ask("queue.view", id="2") == {"schema": "mailstead.content.v1", "id": "2", "size": 50}
    octets = b"".join(base64.b64decode(row["base64"]) for row in admin.news)
    assert octets == b"Received: x\r\nSubject: 2\r\n\r\n"
    trace = await admin.ask("message.trace", id="3@home.test")
    assert [one["id"] for one in trace["letters"]] == ["3"]


async def test_moving(admin: Admin) -> None:
    admin.by = "ann"
    held = await admin.ask("queue.hold", ids=["1", "2"], hold_reason="look")
    admin.by = ""
    assert (held["letters"], held["recipients"], held["undo"]) == (2, 2, "mailstead queue release 1 2")
    rehearsed = await admin.ask("queue.release", reason="look", dry_run=True)
    assert (rehearsed["letters"], rehearsed["undo"]) == (2, None)
    assert (await admin.ask("queue.stats"))["hold_count"] == 2
    assert (await admin.ask("queue.release", reason="look"))["letters"] == 2
    moved = await admin.ask("queue.reroute", ids=["1"], route="smtp://relay.test")
    assert moved["undo"] == "mailstead queue reroute policy 1"
    story = (await admin.ask("message.trace", id="1"))["letters"][0]["chapters"]
    assert [chapter["words"] for chapter in story] == [
        ["held by ann (look): a@far.test"],
        ["released by control socket: a@far.test"],
        ["sent another way to smtp://relay.test by control socket: a@far.test"],
    ]
    assert (await admin.ask("queue.process"))["recipients"] == 3
    assert (await admin.ask("queue.drop", every=True, expected=3))["letters"] == 3
    assert (await admin.ask("queue.list"))["count"] == 0


@pytest.mark.parametrize(
    ("command", "args", "kind"),
    [
        ("queue.hold", {"hold_reason": "x"}, "invalid"),
        ("queue.hold", {"every": True}, "invalid"),
        ("queue.drop", {"every": True}, "invalid"),
        ("queue.drop", {"every": True, "expected": 2}, "conflict"),
        ("queue.drop", {"ids": ["1"], "expected": 2}, "invalid"),
        ("queue.drop", {"ids": ["x"]}, "invalid"),
        ("queue.drop", {"ids": ["9"]}, "not_found"),
        ("queue.release", {"ids": ["1"]}, "not_found"),
        ("queue.bounce", {"ids": ["1"]}, "invalid"),
        ("queue.reroute", {"ids": ["1"], "route": "nowhere"}, "invalid"),
        ("queue.list", {"queue": "lost"}, "invalid"),
        ("queue.list", {"account": "nobody@example.com"}, "not_found"),
        ("queue.list", {"older_than": -1}, "usage"),
        ("queue.show", {"id": "9"}, "not_found"),
        ("message.trace", {"id": "<x@y>"}, "not_found"),
        ("message.send", {"sender": "ann@example.com", "recipients": ["b@c.test"], "base64": "?"}, "invalid"),
        ("message.send", {"sender": "eve@example.com", "recipients": ["b@c.test"], "base64": "eA=="}, "denied"),
    ],
)
async def test_what_is_refused_changes_nothing(admin: Admin, command: str, args: dict[str, object], kind: str) -> None:
    assert await admin.ask(command, **args) == kind
    stats = await admin.ask("queue.stats")
    assert (stats["active_count"], stats["hold_count"]) == (3, 0)


async def test_sent_by_an_account(admin: Admin, desk: Desk) -> None:
    await admin.ask("user.add", address="ann", password="long enough")
    account = await desk.directory.store.read(lambda tx: tx.directory.find_account(Address("ann", "example.com")))
    assert account is not None
    one = letter(9, created_at=NOW, account_id=account.id)
    await spool(desk.directory.store, one, recipient(9, 0, state=State.DEFERRED, due_at=NOW))  # type: ignore[arg-type]
    await admin.ask("queue.list", account="ann")
    assert [row["id"] for row in admin.news] == ["9"]


async def test_a_letter_is_handed_in(admin: Admin) -> None:
    content = base64.b64encode(b"Subject: x\r\n\r\n").decode()
    sent = await admin.ask("message.send", sender="ann@example.com", recipients=["b@c.test"], base64=content)
    assert sent == {
        "schema": "mailstead.sent.v1", "id": "77", "recipients": [{"address": "b@c.test", "result": "spooled"}],
    }  # fmt: skip


async def test_a_login_is_tried(admin: Admin) -> None:
    await admin.ask("user.add", address="ann", password="long enough")
    good = await admin.ask("auth.verify", name="ann", password="long enough")
    assert (good["verified"], good["login"], good["account"]) == (True, "ann@example.com", "ann@example.com")
    bad = await admin.ask("auth.verify", name="ann", password="long enouhg")
    assert (bad["verified"], bad["reason"]) == (False, "authentication failed")


async def test_where_there_is_no_queue(desk: Desk) -> None:
    bare = Admin(ControlServer(desk), FakeClock())
    for command, args in (
        ("queue.list", {}), ("message.trace", {"id": "1"}), ("auth.verify", {"name": "a", "password": "b"}),
        ("message.send", {"sender": "a@b.test", "recipients": ["c@d.test"], "base64": ""}),
    ):  # fmt: skip
        assert await bare.ask(command, **args) == "unavailable"
    bare.peer.end()
    await bare.session
