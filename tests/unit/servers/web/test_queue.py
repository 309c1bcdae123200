"""The queue over HTTP: who may call, what is answered, what is refused."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from mailstead.ground.model.credential import CredentialKind
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.spool import LastWord, State
from mailstead.net.ids import IdSource
from mailstead.servers.web.app import GUESTS, Sources, build_app
from mailstead.servers.web.login import Gatekeeper
from mailstead.servers.web.queue import CALLS, QueueApi
from mailstead.services.accounts.credentials import NewCredential, add_credential
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.login import Authenticator
from mailstead.services.accounts.users import NewUser, add_user
from mailstead.services.dispatch.routes import parse_route
from mailstead.services.policy.concealing import Concealing
from mailstead.services.spool.hand import Hand
from mailstead.services.spool.terms import Terms
from mailstead.services.spool.tracing import Tracing
from tests.support.directory import open_directory
from tests.support.fake_clock import START_MS, FakeClock
from tests.support.limiting import Limiting
from tests.support.spooled import letter, recipient, spool

NOW = Instant(START_MS)
TOKEN = "the one of the configuration"
KEY = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class Site:
    directory: Directory
    authenticator: Authenticator
    client: "TestClient[Any, Any]"

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON; with the token if nothing else is said."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        async with self.client.request(method, path, data=data, headers=headers or KEY) as response:
            return response.status, await response.json()

    async def put(self, number: int, **other: Any) -> None:
        values = {"due_at": NOW} | other
        body = b"Subject: %d\r\n\r\nx\r\n" % number
        one = letter(number, created_at=NOW, size=60, subject="Hi")
        await spool(self.directory.store, one, recipient(number, 0, **values), body=body)  # type: ignore[arg-type]


async def open_site(directory: Directory, token: str, clock: FakeClock) -> Site:
    store = directory.store
    guard = Limiting(store, clock).guard
    authenticator = Authenticator(store, directory.hasher, clock, default_domain="example.com", guard=guard)
    hand = Hand(store, clock, IdSource(clock, 1), Terms(), returning=None, check_route=parse_route)
    api = QueueApi(hand, Tracing(store, clock, hand, Concealing(store)), Gatekeeper(authenticator, token), clock)

    async def nothing() -> Any:
        return ""

    app = build_app(Sources(nothing, nothing, api))
    app[GUESTS] = {}
    client = TestClient(TestServer(app))
    await client.start_server()
    return Site(directory, authenticator, client)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as directory:
        made = await open_site(directory, TOKEN, clock)
        yield made
        await made.client.close()


async def test_every_call_wants_a_token(site: Site) -> None:
    for call in CALLS:
        path = call.path.replace("{id}", "1").replace("{type}", "active")
        status, said = await site.call(call.method, path, Host="x")
        assert (status, set(said)) == (401, {"error", "why", "fix"}), call.path
        assert "X-API-Key" in said["fix"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": f"bearer {TOKEN}"}, 200),
        ({"X-API-Key": TOKEN}, 200),
        ({"Authorization": "Basic eDp5", "X-API-Key": TOKEN}, 200),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"X-API-Key": "é"}, 401),
        ({"X-API-Key": TOKEN[:-1]}, 401),
    ],
)
async def test_how_the_token_is_shown(site: Site, headers: dict[str, str], status: int) -> None:
    assert (await site.call("GET", "/api/queue", **headers))[0] == status


async def test_without_a_token_of_ours_an_administrator_may_call(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as directory:
        site = await open_site(directory, "", clock)
        tokens = {}
        for name, is_admin in (("ann", True), ("bob", False)):
            await add_user(directory, NewUser(address=name, password="long enough", is_admin=is_admin))
            new = NewCredential(owner=name, kind=CredentialKind.TOKEN, name="api", protocols=("api",))
            tokens[name] = (await add_credential(directory, new)).secret
        status, said = await site.call("GET", "/api/queue", **{"X-API-Key": ""})
        assert (status, "set api.admin_token" in said["fix"]) == (401, True)
        assert (await site.call("GET", "/api/queue", **{"X-API-Key": tokens["bob"]}))[0] == 403
        assert (await site.call("GET", "/api/queue", **{"X-API-Key": tokens["ann"]}))[0] == 200
        await site.put(1)
        await site.call("POST", "/api/queue/message/1/hold", **{"X-API-Key": tokens["ann"]})
        _, shown = await site.call("GET", "/api/queue/message/1", **{"X-API-Key": tokens["ann"]})
        assert shown["hold_reason"] == "held by ann@example.com"
        new = NewCredential(owner="ann", kind=CredentialKind.TOKEN, name="imap", protocols=("imap",))
        other = (await add_credential(directory, new)).secret
        assert (await site.call("GET", "/api/queue", **{"X-API-Key": other}))[0] == 401
        await site.client.close()


@pytest.mark.parametrize("token", ["", "guess me", "your-secure-random-token-here"])
async def test_what_can_be_guessed_opens_nothing(tmp_path: Path, token: str) -> None:
    clock = FakeClock()
    async with open_directory(tmp_path, clock) as directory:
        site = await open_site(directory, token, clock)
        status, said = await site.call("GET", "/api/queue", **{"X-API-Key": token})
        assert (status, "at least 16 characters" in said["fix"]) == (401, True)
        await site.client.close()


async def test_whoever_guesses_is_not_heard_for_a_while(site: Site) -> None:
    wrong = {"X-API-Key": "a guess"}
    assert [(await site.call("GET", "/api/queue", **wrong))[0] for _ in range(3)] == [401] * 3
    seen = set()
    for _ in range(4):
        status, said = await site.call("GET", "/api/queue", **wrong)
        seen.add((status, said["error"]))
    assert (429, "too many failed logins") in seen
    assert (await site.call("GET", "/api/queue"))[0] == 200  # whoever has the token is not shut out by others


async def test_lists_have_the_fields_of_elemta(site: Site) -> None:
    last = LastWord("4.2.2", "452 full", "mx.far.test", NOW)
    await site.put(1, state=State.DEFERRED, last=last, attempts=2, due_at=Instant(NOW + 60_000))
    await site.put(2, state=State.HELD, hold_reason="look")
    status, (first,) = await site.call("GET", "/api/queue/deferred")
    assert status == 200
    assert first.items() >= {
        "id": "1", "queue_type": "deferred", "from": "ann@home.test", "to": ["bob@far.test"], "domain": "far.test",
        "subject": "Hi", "size": 60, "priority": 2, "received_at": "2027-01-15T08:00:00Z",
        "created_at": "2027-01-15T08:00:00Z", "updated_at": "2027-01-15T08:00:00Z",
        "next_retry": "2027-01-15T08:01:00Z", "retry_count": 2, "last_error": "452 full", "hold_reason": "",
        "attempts": [{"time": "2027-01-15T08:00:00Z", "result": "deferred", "error": "452 full"}], "annotations": {},
    }.items()  # fmt: skip
    for word in ("hold", "held"):
        assert [one["queue_type"] for one in (await site.call("GET", f"/api/queue/{word}"))[1]] == ["hold"]
    assert len((await site.call("GET", "/api/queue/all"))[1]) == 2
    assert [one["id"] for one in (await site.call("GET", "/api/queue?recipient=@far.test&sender=@x.test"))[1]] == []
    status, stats = await site.call("GET", "/api/queue/stats")
    assert {name: value for name, value in stats.items() if name.endswith(("_count", "_size"))} == {
        "active_count": 0, "deferred_count": 1, "hold_count": 1, "failed_count": 0, "total_size": 120,
    }  # fmt: skip
    assert stats["last_updated"] == "2027-01-15T08:00:00Z"
    assert (await site.call("GET", "/api/queue/shape"))[1]["destinations"][0]["total"] == 2
    assert (await site.call("GET", "/api/queue/lanes"))[1] == []


async def test_pages_name_the_next_one(site: Site) -> None:
    for number in (1, 2, 3):
        await site.put(number)
    async with site.client.get("/api/queue/active?limit=2", headers=KEY) as first:
        assert [one["id"] for one in await first.json()] == ["1", "2"]
        following = first.links["next"]["url"].relative()
    async with site.client.get(following, headers=KEY) as second:
        assert [one["id"] for one in await second.json()] == ["3"]
        assert "Link" not in second.headers
        assert second.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in second.headers


async def test_one_letter(site: Site) -> None:
    await site.put(1)
    _, shown = await site.call("GET", "/api/queue/message/1")
    assert (shown["id"], shown["queue_type"], shown["recipients"][0]["state"]) == ("1", "active", "active")
    async with site.client.get("/api/queue/message/1?format=raw", headers=KEY) as raw:
        assert (raw.status, raw.content_type) == (200, "message/rfc822")
        assert await raw.read() == b"Received: x\r\nSubject: 1\r\n\r\nx\r\n"
    held = await site.call("POST", "/api/queue/message/1/hold", {"reason": "look"})
    said = {"status": "success", "message": "1 letters to 1 recipients held", "undo": "mailstead queue release 1"}
    assert held == (200, held[1] | said)
    assert (await site.call("POST", "/api/queue/message/1/release", {"dry_run": True}))[1]["message"].endswith(
        "would be released"
    )
    assert (await site.call("POST", "/api/queue/message/1/release"))[0] == 200
    assert (await site.call("POST", "/api/queue/message/1/retry"))[0] == 200
    assert (await site.call("POST", "/api/queue/message/1/reroute", {"route": "smtp://relay.test"}))[0] == 200
    _, trace = await site.call("GET", "/api/queue/message/1/trace")
    assert [one["detail"]["what"] for one in trace["letters"][0]["chapters"]] == ["hold", "release", "retry", "reroute"]
    assert {one["detail"]["by"] for one in trace["letters"][0]["chapters"]} == {"api token"}
    assert (await site.call("DELETE", "/api/queue/message/1"))[1]["message"] == "1 letters to 1 recipients dropped"
    assert (await site.call("GET", "/api/queue/message/1"))[1]["queue_type"] == "dropped"
    assert (await site.call("GET", "/api/queue/message/1?format=raw"))[0] == 404
    assert (await site.call("DELETE", "/api/queue/message/1"))[0] == 404


async def test_flush_tries_and_drop_deletes(site: Site) -> None:
    for number, state in ((1, State.DEFERRED), (2, State.FAILED), (3, State.ACTIVE)):
        await site.put(number, state=state)
    assert (await site.call("POST", "/api/queue/all/flush"))[1]["letters"] == 2
    assert (await site.call("POST", "/api/queue/failed/flush"))[1]["message"] == (
        "1 letters to 1 recipients told to be tried again"
    )
    status, said = await site.call("POST", "/api/queue/hold/flush")
    assert (status, "release" in said["why"]) == (400, True)
    assert (await site.call("POST", "/api/queue/active/drop"))[0] == 400
    assert (await site.call("POST", "/api/queue/active/drop", {"expected": 2}))[0] == 409
    assert (await site.call("GET", "/api/queue/stats"))[1]["active_count"] == 3
    assert (await site.call("POST", "/api/queue/active/drop", {"expected": 3}))[1]["letters"] == 3
    assert (await site.call("GET", "/api/queue"))[1] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/api/queue/lost", None, 400),
        ("GET", "/api/queue?limit=0", None, 400),
        ("GET", "/api/queue?limit=x", None, 400),
        ("GET", "/api/queue?after=1", None, 400),
        ("GET", "/api/queue?after=x.1", None, 400),
        ("GET", "/api/queue?sender=nobody", None, 400),
        ("GET", "/api/queue/message/9", None, 404),
        ("GET", "/api/queue/message/x", None, 400),
        ("GET", "/api/queue/message/9?format=xml", None, 400),
        ("GET", "/api/queue/message/%3Cx@y%3E/trace", None, 404),
        ("POST", "/api/queue/message/1/reroute", {"route": "pigeon"}, 400),
        ("POST", "/api/queue/message/1/bounce", None, 400),
        ("POST", "/api/queue/message/1/hold", b"{", 400),
        ("POST", "/api/queue/message/1/hold", b"[" * 60_000, 400),
        ("POST", "/api/queue/message/1/hold", {"why": "x"}, 400),
        ("POST", "/api/queue/message/1/hold", {"reason": "x" * 2000}, 400),
        ("POST", "/api/queue/message/1/hold", b" " * 70_000, 413),
        ("POST", "/api/queue/active/drop", {"expected": -1}, 400),
        ("PUT", "/api/queue/message/1", None, 405),
        ("POST", "/api/queue", None, 405),
    ],
)
async def test_refusals(site: Site, method: str, path: str, body: Any, status: int) -> None:
    got, said = await site.call(method, path, body)
    assert (got, "error" in said) == (status, True)
    if status != 405:
        assert said["why"]


async def test_a_body_without_end_is_refused(site: Site) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 10_000

    async with site.client.post("/api/queue/all/drop", data=endless(), headers=KEY) as response:
        assert response.status == 413
