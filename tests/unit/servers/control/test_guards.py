"""Limits, pauses, suppressed recipients and rules by hand, and that each undo undoes it."""

import shlex
from typing import Any

from mailstead.ground.model.guards import Breaker, Scope, Subject
from mailstead.ground.model.ids import Instant
from mailstead.servers.control.desk import Desk
from tests.unit.servers.control.conftest import Admin

HOUR = 3_600_000


async def rows(admin: Admin, command: str, **args: object) -> list[Any]:
    await admin.ask(command, **args)
    return admin.news


async def test_limits(admin: Admin) -> None:
    await admin.ask("user.add", address="ann", password="long enough")
    changed = await admin.ask("guards.limit", name="ann@example.com", recipients="100/day, 5/minute")
    assert (changed["recipients"], changed["newcomers"]) == ("5/minute 100/day", "default")
    again = await admin.ask("guards.limit", name="ann@example.com", recipients="none", newcomers="7")
    assert (again["recipients"], again["newcomers"]) == ("none", "7/day")
    assert shlex.split(again["undo"]) == [
        "mailstead", "guards", "limit", "ann@example.com", "--recipients", "5/minute 100/day",
        "--new-recipients", "default",
    ]  # fmt: skip
    await admin.ask("guards.limit", name="example.com", recipients="9/hour", dry_run=True)
    await admin.ask("guards.limit", name="accounts", recipients="50/hour")
    listed = await rows(admin, "guards.limits")
    assert [(row["scope"], row["name"], row["recipients"]) for row in listed] == [
        ("account", "ann@example.com", "none"), ("all", "accounts", "50/hour"),
    ]  # fmt: skip
    await admin.ask("guards.limit", name="accounts", recipients="default")
    assert len(await rows(admin, "guards.limits")) == 1
    assert await admin.ask("guards.limit", name="example.com", recipients="many") == "invalid"
    assert await admin.ask("guards.limit", name="example.com") == "invalid"
    assert await admin.ask("guards.limit", name="nobody@example.com", recipients="9") == "no_such_user"
    assert await admin.ask("guards.limit", name="elsewhere.test", recipients="9") == "not_found"
    await admin.ask("domain.add", name="example.net", alias_of="example.com")
    assert await admin.ask("guards.limit", name="example.net", recipients="9") == "invalid"


async def test_pauses_are_seen_and_ended(admin: Admin, desk: Desk) -> None:
    now = desk.directory.clock.now()
    for scope, name, until in (
        (Scope.DOMAIN, "example.com", now + HOUR), (Scope.DESTINATION, "far.test", now + 2 * HOUR),
        (Scope.ACCOUNT, "ann@example.com", now - 1),
    ):  # fmt: skip
        paused = Breaker(
            subject=Subject(scope, name), opened_at=now, until=Instant(until), strikes=1, reason=f"paused: {name}"
        )
        await desk.directory.store.write(lambda tx, paused=paused: tx.guards.write_breaker(paused))
    seen = await rows(admin, "guards.status")
    assert [(row["scope"], row["name"], row["until"]) for row in seen] == [
        ("destination", "far.test", "2027-01-15T10:00:00Z"), ("domain", "example.com", "2027-01-15T09:00:00Z"),
    ]  # fmt: skip
    assert len(await rows(admin, "guards.status", all=True)) == 3
    await admin.ask("guards.resume", name="far.test", dry_run=True)
    assert len(await rows(admin, "guards.status")) == 2
    ended = await admin.ask("guards.resume", name="far.test")
    assert [one["name"] for one in ended["pauses"]] == ["far.test"]
    assert await admin.ask("guards.resume", name="far.test") == "not_found"
    assert await admin.ask("guards.resume", name="ann@example.com") == "not_found"
    assert [row["name"] for row in await rows(admin, "guards.status")] == ["example.com"]


async def test_suppressions(admin: Admin) -> None:
    added = await admin.ask("suppression.add", address="Bob@far.test", reason="asked us\nnot to", days=3)
    assert (added["domain"], added["reason"], added["expires_at"]) == (
        "example.com", "asked us not to", "2027-01-18T08:00:00Z",
    )  # fmt: skip
    assert added["undo"] == "mailstead suppression remove Bob@far.test --domain example.com"
    await admin.ask("suppression.add", address="eve@far.test")
    await admin.ask("suppression.add", address="zoe@far.test", dry_run=True)
    assert [row["address"] for row in await rows(admin, "suppression.list")] == ["Bob@far.test", "eve@far.test"]
    assert await rows(admin, "suppression.list", domain="other.test") == []
    removed = await admin.ask("suppression.remove", address="bob@far.test")
    assert shlex.split(removed["undo"])[3:] == [
        "Bob@far.test", "--domain", "example.com", "--reason", "asked us not to", "--days", "3",
    ]  # fmt: skip
    assert await admin.ask("suppression.remove", address="bob@far.test") == "not_found"
    assert await admin.ask("suppression.add", address="bob@far.test", domain="elsewhere.test") == "not_found"
    assert await admin.ask("suppression.add", address="no address") == "invalid"


async def test_rules(admin: Admin) -> None:
    await admin.ask("user.add", address="ann", password="long enough")
    added = await admin.ask(
        "hold-rule.add", reason="look at it", sender="Ann@Example.com", recipient="@Far.Test", account="ann", min_size=5
    )
    assert (added["sender"], added["recipient"], added["account"]) == (
        "ann@example.com", "@far.test", "ann@example.com",
    )  # fmt: skip
    assert added["undo"] == f"mailstead hold-rule remove {added['id']}"
    await admin.ask("hold-rule.add", reason="x", destination="far.test", dry_run=True)
    assert [row["reason"] for row in await rows(admin, "hold-rule.list")] == ["look at it"]
    removed = await admin.ask("hold-rule.remove", id=added["id"])
    assert shlex.split(removed["undo"])[3:] == [
        "--reason", "look at it", "--sender", "ann@example.com", "--recipient", "@far.test",
        "--account", "ann@example.com", "--min-size", "5",
    ]  # fmt: skip
    assert await admin.ask("hold-rule.remove", id=added["id"]) == "not_found"
    assert await admin.ask("hold-rule.add", reason="all") == "invalid"
    assert await admin.ask("hold-rule.add", reason="x", account="nobody") == "no_such_user"
    assert await admin.ask("hold-rule.add", reason="x", sender="@bad domain") == "invalid"
