"""The protocol of the control socket: what is answered, and what bad input costs."""

import json

import pytest

from mailstead.ground.model import errors
from mailstead.ground.model.errors import Busy, MailError
from mailstead.servers.control.desk import Desk, Json, Say
from mailstead.servers.control.kinds import KINDS, kind_of
from mailstead.servers.control.operations import OPERATIONS
from mailstead.servers.control.server import IDLE_TIMEOUT, LINE_MAX, ControlServer
from mailstead.services.accounts.directory import NoSuchUser
from tests.support.fake_clock import FakeClock
from tests.unit.servers.control.conftest import Admin


async def test_a_request_and_its_answer(admin: Admin) -> None:
    admin.peer.send(b'{"id": 3, "command": "domain.show", "args": {"name": "example.com"}}\n')
    message = await admin.line()
    assert message["id"] == 3
    assert message["ok"]["schema"] == "mailstead.domain.v1"
    assert message["ok"]["name"] == "example.com"


async def test_many_requests_however_they_are_cut(admin: Admin) -> None:
    request = json.dumps({"id": 1, "command": "domain.list"}).encode() + b"\n"
    admin.peer.send(request * 3, cut=7)
    for _ in range(3):
        assert (await admin.line())["row"]["name"] == "example.com"
        assert (await admin.line())["ok"] == {"schema": "mailstead.list.v1", "count": 1}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"hello", "usage"),
        (b"{}", "usage"),
        (b'{"id": "x", "command": "status"}', "usage"),
        (b'{"id": 1, "command": "status", "extra": 1}', "usage"),
        (b"[" * 100_000, "usage"),
        (b"\xff\xfe", "usage"),
    ],
)
async def test_what_is_no_request_ends_the_session(admin: Admin, line: bytes, kind: str) -> None:
    admin.peer.send(line + b"\n")
    assert (await admin.line())["error"]["kind"] == kind
    await admin.session
    assert admin.peer.is_closed


async def test_a_line_without_end(admin: Admin) -> None:
    for _ in range(LINE_MAX // 65536 + 2):
        admin.peer.send(b"x" * 65536)
    assert "at most" in (await admin.line())["error"]["message"]
    await admin.session


async def test_one_who_says_nothing(desk: Desk) -> None:
    clock = FakeClock()
    silent = Admin(ControlServer(desk), clock)
    silent.peer.send(b'{"id": 1')
    while not clock._waits:
        await __import__("asyncio").sleep(0)
    clock.advance(IDLE_TIMEOUT + 1)
    await silent.session
    assert silent.peer.is_closed


async def test_what_is_wrong_with_arguments(admin: Admin) -> None:
    assert await admin.ask("nothing.such") == "usage"
    assert await admin.ask("domain.show") == "usage"
    assert "required" in admin.error["message"]
    assert await admin.ask("domain.show", name=5) == "usage"
    assert await admin.ask("domain.show", name="x", more=1) == "usage"
    assert await admin.ask("domain.show", name="x" * 2000) == "usage"
    assert await admin.ask("user.import", rows=[{"address": "x"}] * 501) == "usage"
    assert await admin.ask("domain.show", name="nowhere.test") == "not_found"
    assert await admin.ask("domain.show", name="a b") == "invalid"
    assert await admin.ask("user.show", name="nobody") == "no_such_user"
    assert await admin.ask("domain.add", name="example.com") == "exists"


async def test_the_supervisor_is_asked(admin: Admin) -> None:
    assert await admin.ask("status") == {"asked": "status"}
    assert await admin.ask("stop") == {"asked": "stop"}
    assert await admin.ask("db.check") == "unavailable"


async def test_a_fault_of_ours_is_told_with_its_incident(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(say: Say) -> Json:
        raise ZeroDivisionError("secret detail")

    admin = Admin(ControlServer(Desk(directory=desk.directory, check_store=broken)), FakeClock())
    assert await admin.ask("db.check") == "fault"
    assert "incident" in admin.error["message"]
    assert "secret" not in admin.error["message"]
    assert await admin.ask("status") == "unavailable"


async def test_rows_and_progress_come_before_the_answer(desk: Desk) -> None:
    async def check(say: Say) -> Json:
        await say({"row": {"what": "lost"}})
        await say({"progress": {"done": 1, "total": 2}})
        raise Busy("later")

    admin = Admin(ControlServer(Desk(directory=desk.directory, check_store=check)), FakeClock())
    assert await admin.ask("db.check") == "busy"
    assert admin.news == [{"what": "lost"}, {"done": 1, "total": 2}]
    assert admin.error["fix"] == "try again in a moment"


def test_every_fact_has_a_kind() -> None:
    facts = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, MailError)}
    assert facts - {MailError} <= KINDS.keys()
    assert kind_of(NoSuchUser("x")) == "no_such_user"
    assert len(set(KINDS.values())) == len(KINDS)


def test_every_operation_stands_under_its_name() -> None:
    assert all(name == operation.name for name, operation in OPERATIONS.items())
