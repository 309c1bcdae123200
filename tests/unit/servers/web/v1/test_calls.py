"""What each call does, for an administrator."""

from typing import Any

import pytest

from mailstead.ground.model.address import Address
from tests.support.api_scene import PASSWORD, Scene


async def test_users(scene: Scene) -> None:
    made = await scene.call("POST", "/users", {"email": "eve@one.test", "password": PASSWORD, "quota_bytes": 5})
    assert (made.status, made.body["login"], made.body["quota_bytes"]) == (201, "eve@one.test", 5)
    assert made.headers["Location"] == "/api/v1/users/eve@one.test"
    assert PASSWORD not in str(made.body)
    shown = await scene.call("GET", "/users/eve@one.test")
    assert (shown.body, shown.headers["ETag"]) == (made.body, made.headers["ETag"])
    changed = await scene.call(
        "PATCH", "/users/EVE@one.test", {"quota_bytes": 9, "status": "suspended", "role": "domain-admin",
                                         "domains": ["one.test"]},
    )  # fmt: skip
    assert [changed.body[name] for name in ("quota_bytes", "status", "role", "domains")] == [
        9, "suspended", "domain-admin", ["one.test"],
    ]  # fmt: skip
    lost = await scene.call("PATCH", "/users/eve@one.test", {"role": "user"})
    assert (lost.body["role"], lost.body["domains"]) == ("user", [])
    usage = await scene.call("GET", "/users/eve@one.test/usage")
    assert usage.body == {
        "login": "eve@one.test", "used_bytes": 0, "used_messages": 0, "quota_bytes": 9, "quota_messages": 0,
    }  # fmt: skip
    assert (await scene.call("PUT", "/users/eve@one.test/password", {"password": "another long one"})).status == 204
    gone = await scene.call("DELETE", "/users/eve@one.test")
    assert (gone.status, gone.raw) == (204, b"")
    assert (await scene.call("GET", "/users/eve@one.test")).body == {
        "error": "not found", "why": "there is no user eve@one.test", "fix": "look at the list of what is there",
        "status": 404,
    }  # fmt: skip
    again = await scene.call("POST", "/users", {"email": "ann@one.test", "password": PASSWORD})
    assert (again.status, again.body["error"]) == (409, "there already")


async def test_lists_come_in_pages_without_gaps(scene: Scene) -> None:
    async def walk(path: str, key: str) -> list[str]:
        found, cursor = [], ""
        while True:
            page = await scene.call("GET", f"{path}{'&' if '?' in path else '?'}limit=2&cursor={cursor}")
            assert page.status == 200, page.body
            assert len(page.body["items"]) <= 2
            found += [one[key] for one in page.body["items"]]
            cursor = page.body["next"]
            if cursor is None:
                return found

    assert await walk("/users", "login") == [
        "ada@example.com", "ann@one.test", "bob@two.test", "dora@one.test", "oscar@example.com", "rita@example.com",
    ]  # fmt: skip
    assert await walk("/users?domain=one.test", "login") == ["ann@one.test", "dora@one.test"]
    assert await walk("/aliases", "address") == ["info@one.test", "info@two.test"]
    assert await walk("/accounts?domain=two.test", "address") == ["bob@two.test", "team@two.test"]
    assert await walk("/domains", "name") == ["example.com", "one.test", "two.test"]
    numbers = await walk("/audit", "number")
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 15
    for cursor in ("x", "%00", "aGVsbG8", "_w"):
        assert (await scene.call("GET", f"/audit?cursor={cursor}")).status == 400


async def test_aliases(scene: Scene) -> None:
    made = await scene.call("POST", "/aliases", {"address": "sales@one.test", "targets": ["ann@one.test"]})
    assert (made.status, made.body["targets"]) == (201, ["ann@one.test"])
    changed = await scene.call("PATCH", "/aliases/sales@one.test", {"targets": ["x@far.test", "info@one.test"]})
    assert changed.body["targets"] == ["x@far.test", "info@one.test"]
    circle = await scene.call("PATCH", "/aliases/info@one.test", {"targets": ["sales@one.test"]})
    assert (circle.status, "circle" in circle.body["why"]) == (400, True)
    assert (await scene.call("DELETE", "/aliases/sales@one.test")).status == 204
    assert (await scene.call("DELETE", "/aliases/sales@one.test")).status == 404


async def test_access(scene: Scene) -> None:
    path = "/accounts/team@one.test/access"
    put = await scene.call("PUT", f"{path}/dora@one.test", {"role": "sender"})
    assert put.body == {"account": "team@one.test", "user": "dora@one.test", "role": "sender"}
    listed = await scene.call("GET", path)
    assert [(one["user"], one["role"]) for one in listed.body["items"]] == [
        ("ann@one.test", "admin"), ("dora@one.test", "sender"),
    ]  # fmt: skip
    assert (await scene.call("DELETE", f"{path}/dora@one.test")).status == 204
    assert (await scene.call("GET", f"{path}/dora@one.test")).status == 404
    own = await scene.call("PUT", "/accounts/ann@one.test/access/ann@one.test", {"role": "viewer"})
    assert (own.status, own.body["why"]) == (400, "ann@one.test is their own account")
    new = {"address": "desk@one.test", "members": {"ann@one.test": "editor"}}
    assert (await scene.call("POST", "/accounts", new)).body["kind"] == "shared"
    assert (await scene.call("DELETE", "/accounts/desk@one.test")).status == 204
    assert (await scene.call("DELETE", "/accounts/ann@one.test")).status == 404, "that is DELETE /users"


async def test_tokens_are_shown_once_and_end_at_once(scene: Scene) -> None:
    path = "/users/ann@one.test/tokens"
    made = await scene.call("POST", path, {"name": "ci", "scopes": ["users:read"], "days": 3})
    secret = made.body["secret"]
    assert (made.status, made.body["protocols"], made.headers["Cache-Control"]) == (201, ["api"], "no-store")
    assert made.body["expires_at"] == "2027-01-18T08:00:00Z"
    assert (await scene.call("GET", "/auth/me", by=secret)).body["scopes"] == {"users:read": "own"}
    shown = await scene.call("GET", f"{path}/ci")
    assert "secret" not in shown.body
    assert shown.body["name"] == "ci"
    assert (await scene.call("DELETE", f"{path}/ci")).status == 204
    assert (await scene.call("GET", "/auth/me", by=secret)).status == 401
    other = (await scene.call("POST", path, {"name": "short", "days": 1})).body["secret"]
    scene.clock.advance(86_400.0)
    assert (await scene.call("GET", "/auth/me", by=other)).status == 401, "its time has passed"
    wrong = await scene.call("POST", path, {"name": "x", "scopes": ["users:everything"]})
    assert (wrong.status, "users:everything" in wrong.body["why"]) == (400, True)
    mixed = await scene.call("POST", path, {"name": "x", "scopes": ["users:read"], "protocols": ["imap"]})
    assert mixed.status == 400
    app = await scene.call("POST", "/users/ann@one.test/app-passwords", {"name": "phone", "protocols": ["imap"]})
    assert (app.status, len(app.body["secret"])) == (201, 31)
    assert (await scene.call("GET", "/auth/me", by=app.body["secret"])).status == 401, "no key of the API"


async def test_domains_and_what_they_want(scene: Scene) -> None:
    made = await scene.call("POST", "/domains", {"name": "Bücher.example", "max_users": 3})
    assert (made.status, made.body["name"], made.body["max_users"]) == (201, "xn--bcher-kva.example", 3)
    changed = await scene.call("PATCH", "/domains/xn--bcher-kva.example", {"total_quota": 7})
    assert changed.body["total_quota"] == 7
    policy = await scene.call("GET", "/domains/one.test/policy")
    assert policy.body["groups"]["spam"]["reject_score"] == 10.0
    tighter = await scene.call("PATCH", "/domains/one.test/policy", {"groups": {"spam": {"reject_score": 8}}})
    assert tighter.body["groups"]["spam"]["reject_score"] == 8.0
    assert tighter.body["version"] > policy.body["version"]
    wrong = await scene.call("PATCH", "/domains/one.test/policy", {"groups": {"spam": {"reject_score": "much"}}})
    assert (wrong.status, "reject_score" in wrong.body["why"]) == (400, True)
    template = await scene.call("PATCH", "/domains/_default/policy", {"groups": {"dkim": {"key_size": 4096}}})
    assert template.body["groups"]["dkim"]["key_size"] == 4096
    key = await scene.call("POST", "/domains/one.test/dkim-keys", {"selector": "s1", "algorithm": "ed25519"})
    assert (key.status, key.body["record_name"]) == (201, "s1._domainkey.one.test")
    assert "PRIVATE" not in str(key.body)
    assert (await scene.call("GET", "/domains/one.test/dkim-keys")).body["items"] == [key.body]
    assert (await scene.call("DELETE", "/domains/one.test/dkim-keys/s1")).status == 204
    full = await scene.call("DELETE", "/domains/one.test")
    assert (full.status, full.body["error"]) == (409, "conflict")
    assert (await scene.call("DELETE", "/domains/xn--bcher-kva.example")).status == 204


@pytest.mark.parametrize("name", ["blocklist", "allowlist"])
async def test_lists_of_senders(scene: Scene, name: str) -> None:
    made = await scene.call("POST", f"/{name}", {"pattern": "*@Spam.test", "reason": "spam", "minutes": 5})
    assert (made.status, made.body["pattern"], made.body["domain"]) == (201, "*@spam.test", "")
    assert made.body["expires_at"] == "2027-01-15T08:05:00Z"
    await scene.call("POST", f"/{name}", {"pattern": "192.0.2.0/24", "domain": "one.test"})
    await scene.call("POST", f"/{name}", {"pattern": "x@y.test", "domain": "two.test"})
    listed = await scene.call("GET", f"/{name}?limit=2")
    rest = await scene.call("GET", f"/{name}?limit=2&cursor={listed.body['next']}")
    entries = [(one["domain"], one["pattern"]) for one in listed.body["items"] + rest.body["items"]]
    assert entries == [("", "*@spam.test"), ("one.test", "192.0.2.0/24"), ("two.test", "x@y.test")]
    assert [one["pattern"] for one in (await scene.call("GET", f"/{name}?domain=*")).body["items"]] == ["*@spam.test"]
    assert [one["pattern"] for one in (await scene.call("GET", f"/{name}", by="dora@one.test")).body["items"]] == [
        "192.0.2.0/24"
    ]
    entry = f"/{name}/entry?pattern=*@spam.test"
    assert (await scene.call("GET", entry)).body == made.body
    assert (await scene.call("DELETE", entry)).status == 204
    assert (await scene.call("DELETE", entry)).status == 404
    for pattern in ("nonsense", "0.0.0.0/0"):
        assert (await scene.call("POST", f"/{name}", {"pattern": pattern})).status == 400


async def test_who_changed_what(scene: Scene) -> None:
    await scene.call("PATCH", "/users/ann@one.test", {"quota_bytes": 5}, by="ada@example.com")
    (entry,) = (await scene.call("GET", "/audit?who=ada@example.com&action=user")).body["items"]
    assert (entry["action"], entry["through"], entry["subject"]) == ("user.changed", "api", "ann@one.test")
    assert (entry["before"], entry["after"], entry["address"]) == (
        {"quota_bytes": 1 << 30}, {"quota_bytes": 5}, "127.0.0.1",
    )  # fmt: skip
    verified = (await scene.call("GET", "/audit/verify")).body
    assert (verified["whole"], verified["broken_at"]) == (True, None)
    assert (await scene.call("GET", f"/audit/verify?known={verified['head']}")).body["whole"] is True
    assert (await scene.call("GET", "/audit?since=2031-01-01T00:00:00Z")).body["items"] == []
    assert (await scene.call("GET", "/audit?since=soon")).status == 400


async def test_numbers_and_logs(scene: Scene) -> None:
    from mailstead.telemetry.recent import Told

    stats = (await scene.call("GET", "/stats")).body
    assert (stats["accounts"], stats["filed_today"]) == (8, 0)
    assert [(one["domain"], one["accounts"]) for one in stats["domains"]] == [
        ("example.com", 3), ("one.test", 3), ("two.test", 2),
    ]  # fmt: skip
    assert stats["counters"] == {"messages_received_total": 7.0}
    assert stats["queue"]["active"] == {"letters": 0, "recipients": 0, "bytes": 0}
    scene.told.append(Told(at=1_800_000_000_123, level="info", event="a.b.c", message="hello", fields={"n": 1}))
    assert (await scene.call("GET", "/logs?text=hell")).body["items"] == [
        {"at": "2027-01-15T08:00:00.123Z", "level": "info", "event": "a.b.c", "message": "hello", "fields": {"n": 1}}
    ]
    assert (await scene.call("GET", "/logs?level=loud")).status == 400


async def test_the_queue(scene: Scene) -> None:
    from tests.support.spooled import letter, recipient, spool

    store: Any = scene.directory.store
    await spool(store, letter(1), recipient(1, 0), body=b"Subject: x\r\n\r\nx\r\n")
    (entry,) = (await scene.call("GET", "/queue")).body["items"]
    assert (entry["id"], entry["queue"]) == ("1", "active")
    held = await scene.call("POST", "/queue/1/hold", {"reason": "look"})
    assert held.body == {"id": "1", "action": "hold", "recipients": 1, "busy": 0}
    shown = (await scene.call("GET", "/queue/1")).body
    assert [one["state"] for one in shown["recipients"]] == ["held"]
    assert (await scene.call("POST", "/queue/1/release")).body["action"] == "release"
    assert (await scene.call("DELETE", "/queue/1")).body["action"] == "drop"
    assert (await scene.call("POST", "/queue/99/retry")).status == 404
    assert (await scene.call("POST", "/queue/x/retry")).status == 400
    told = (await scene.call("GET", "/audit?action=queue")).body["items"]
    assert [one["action"] for one in told] == ["queue.drop", "queue.release", "queue.hold"]


async def test_where_a_letter_is(scene: Scene) -> None:
    from tests.support.spooled import letter, recipient, spool

    store: Any = scene.directory.store
    own = letter(1, subject="hello", login="ann@one.test", domain="one.test", message_id="m1@one.test")
    await spool(store, own, recipient(1, 0), body=b"Subject: hello\r\n\r\nx\r\n")
    await scene.call("POST", "/queue/1/hold", {"reason": "look"})
    for by in ("", "ann@one.test", "dora@one.test", "rita@example.com"):
        (sent,) = (await scene.call("GET", "/trace?name=1", by=by)).body["sent"]
        assert (sent["subject"], sent["chapters"][-1]["kind"]) == ("hello", "hand"), by
        assert "held by api token" in "".join(sent["chapters"][-1]["words"])
    assert (await scene.call("GET", "/trace?name=1", by="bob@two.test")).status == 404
    assert (await scene.call("GET", "/trace?name=nobody@far.test")).status == 404
    assert (await scene.call("GET", "/trace")).status == 400


async def test_letters_kept_aside(scene: Scene) -> None:
    first, second = await scene.keep("ann@one.test"), await scene.keep("ann@one.test", has_virus=True)
    other = await scene.keep("bob@two.test")
    for by, wanted in (
        ("", [other, second, first]),
        ("dora@one.test", [second, first]),
        ("ann@one.test", [second, first]),
    ):
        listed = (await scene.call("GET", "/quarantine", by=by)).body["items"]
        assert [one["id"] for one in listed] == wanted, by
    page = (await scene.call("GET", "/quarantine?limit=1&recipient=ann@one.test")).body
    rest = (await scene.call("GET", f"/quarantine?limit=1&recipient=ann@one.test&cursor={page['next']}")).body
    assert [page["items"][0]["id"], rest["items"][0]["id"], rest["next"]] == [second, first, None]
    shown = (await scene.call("GET", f"/quarantine/{first}", by="ann@one.test")).body
    assert (shown["subject"], shown["reason"], shown["words"]) == ("xyzzy", "spam", "own: xyzzy")
    virus = await scene.call("POST", f"/quarantine/{second}/release", by="ann@one.test")
    assert (virus.status, "virus" in virus.body["why"]) == (403, True)
    asked = {"groups": {"quarantine": {"recipient_release": False}}}
    await scene.call("PATCH", "/domains/one.test/policy", asked)
    assert (await scene.call("POST", f"/quarantine/{first}/release", by="ann@one.test")).status == 403
    released = await scene.call("POST", f"/quarantine/{first}/release", by="dora@one.test")
    assert (released.status, released.body["id"]) == (200, first)
    assert (await scene.call("GET", "/users/ann@one.test/usage")).body["used_messages"] == 1
    assert (await scene.call("POST", f"/quarantine/{first}/release")).status == 404, "once"
    assert (await scene.call("DELETE", f"/quarantine/{second}")).status == 204
    told = (await scene.call("GET", "/audit?action=quarantine")).body["items"]
    assert [(one["action"], one["who"]) for one in told] == [
        ("quarantine.deleted", "api token"), ("quarantine.released", "dora@one.test"),
    ]  # fmt: skip


async def test_a_letter_in_anothers_name_is_theirs_whatever_its_sender_says(scene: Scene) -> None:
    from tests.support.spooled import letter, recipient, spool

    store: Any = scene.directory.store
    forged = letter(1, sender=Address("eve", "one.test"), domain="two.test")
    await spool(store, forged, recipient(1, 0), body=b"Subject: x\r\n\r\nx\r\n")
    assert (await scene.call("GET", "/queue?domain=one.test", by="dora@one.test")).body["items"] == []
    assert (await scene.call("GET", "/queue/1", by="dora@one.test")).status == 404
    assert (await scene.call("POST", "/queue/1/hold", {"reason": "x"}, by="dora@one.test")).status == 404
    assert (await scene.call("GET", "/queue/1")).status == 200
