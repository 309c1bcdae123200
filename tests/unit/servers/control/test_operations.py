"""What each operation answers, and that its undo undoes it."""

import shlex
from collections.abc import Mapping
from typing import Any

from tests.unit.servers.control.conftest import Admin

PASSWORD = "long enough"


async def rows(admin: Admin, command: str) -> list[Any]:
    await admin.ask(command)
    return admin.news


async def test_domains(admin: Admin) -> None:
    added = await admin.ask("domain.add", name="bücher.example", max_users=3, catchall="x@example.com", quota=5)
    assert (added["name"], added["unicode"]) == ("xn--bcher-kva.example", "bücher.example")
    assert added["undo"] == "mailstead domain remove xn--bcher-kva.example"
    assert added["created_at"] == "2027-01-15T08:00:00Z"
    assert (added["default_quota"], added["max_users"], added["catchall"]) == (5, 3, "x@example.com")
    await admin.ask("domain.add", name="example.net", alias_of="example.com")
    listed = await rows(admin, "domain.list")
    assert [(row["name"], row["alias_of"]) for row in listed] == [
        ("example.com", None),
        ("example.net", "example.com"),
        ("xn--bcher-kva.example", None),
    ]
    removed = await admin.ask("domain.remove", name="example.net")
    assert removed["undo"] == "mailstead domain add example.net --quota 1073741824 --alias-of example.com"
    removed = await admin.ask("domain.remove", name="bücher.example")
    assert shlex.split(removed["undo"])[3:] == [
        "xn--bcher-kva.example", "--quota", "5", "--catchall", "x@example.com", "--max-users", "3",
    ]  # fmt: skip


async def test_users(admin: Admin) -> None:
    added = await admin.ask("user.add", address="ann", password=PASSWORD, quota=10)
    assert (added["address"], added["quota"], added["kind"]) == ("ann@example.com", 10, "personal")
    assert added["undo"] == "mailstead user remove ann@example.com"
    shown = await admin.ask("user.show", name="ann")
    assert shown["has_password"] is True
    assert PASSWORD not in str(shown)
    changed = await admin.ask("user.set", name="ann", quota=20, status="suspended", is_admin=True)
    assert (changed["status"], changed["is_admin"], changed["accounts"][0]["quota"]) == ("suspended", True, 20)
    assert changed["undo"] == "mailstead user set ann@example.com --quota 10 --status active --role user"
    counted = await admin.ask("user.set", name="ann", quota_messages=1000)
    assert counted["accounts"][0]["quota_messages"] == 1000
    assert counted["undo"] == "mailstead user set ann@example.com --quota-messages 0"
    assert (await admin.ask("user.passwd", name="ann", password="another one"))["undo"] is None
    removed = await admin.ask("user.remove", name="ann")
    assert removed == {
        "schema": "mailstead.removal.v1", "address": "ann@example.com", "used_messages": 0, "used_bytes": 0,
        "stray_aliases": [], "undo": None,
    }  # fmt: skip
    assert await rows(admin, "user.list") == []


async def test_limits_of_a_domain(admin: Admin) -> None:
    changed = await admin.ask("domain.set", name="example.com", quota=5, total_quota=100, total_messages=7)
    assert (changed["default_quota"], changed["total_quota"], changed["total_messages"]) == (5, 100, 7)
    assert changed["undo"].endswith(" --total-quota 0 --total-messages 0")
    again = await admin.ask("domain.set", name="example.com", total_messages=0)
    assert (again["default_quota"], again["total_quota"], again["total_messages"]) == (5, 100, 0)


async def test_shared_accounts(admin: Admin) -> None:
    await admin.ask("user.add", address="ann", password=PASSWORD)
    added = await admin.ask("shared.add", address="team", members={"ann": "admin"})
    assert added["members"] == [{"login": "ann", "role": "admin"}]
    changed = await admin.ask("user.set", name="team", quota_messages=9)
    assert (changed["quota_messages"], changed["address"]) == (9, "team@example.com")
    assert changed["undo"] == "mailstead user set team@example.com --quota-messages 0"
    granted = await admin.ask("shared.grant", address="team", user="ann", role="viewer")
    assert granted["undo"] == "mailstead user share team ann admin"
    gone = await admin.ask("shared.grant", address="team", user="ann", role=None)
    assert gone["undo"] == "mailstead user share team ann viewer"


async def test_aliases(admin: Admin) -> None:
    await admin.ask("user.add", address="ann", password=PASSWORD)
    added = await admin.ask("alias.add", address="info", targets=["ann", "x@elsewhere.test"])
    assert added["targets"] == ["ann@example.com", "x@elsewhere.test"]
    assert [row["address"] for row in await rows(admin, "alias.list")] == ["info@example.com"]
    removed = await admin.ask("alias.remove", address="info")
    assert removed["undo"] == "mailstead alias add info@example.com ann@example.com x@elsewhere.test"


async def test_a_rehearsal_changes_nothing(admin: Admin) -> None:
    changes: Mapping[str, Mapping[str, object]] = {
        "domain.add": {"name": "a.example"},
        "user.add": {"address": "ann", "password": PASSWORD},
        "shared.add": {"address": "team"},
        "alias.add": {"address": "info", "targets": ["x@elsewhere.test"]},
        "domain.remove": {"name": "example.com"},
    }
    for command, args in changes.items():
        assert "schema" in await admin.ask(command, **args, dry_run=True)
    assert [row["name"] for row in await rows(admin, "domain.list")] == ["example.com"]
    assert await rows(admin, "user.list") == []
    assert await rows(admin, "alias.list") == []


async def test_an_import(admin: Admin) -> None:
    await admin.ask("user.add", address="ann", password=PASSWORD)
    wanted = [{"address": "ann", "password": PASSWORD}, {"address": "bob", "password": PASSWORD}]
    bad = [*wanted, {"address": "eve", "password": "x"}]
    checked = await admin.ask("user.import", rows=bad, dry_run=True)
    assert checked == {"schema": "mailstead.import.v1", "problems": 1, "present": [0]}
    assert admin.news == [{"row": 2, "problem": "the password is shorter than 8 characters"}]
    assert await admin.ask("user.import", rows=wanted) == {"schema": "mailstead.import.v1", "added": 1, "skipped": 1}
    assert admin.news == [{"done": 1, "total": 2}, {"done": 2, "total": 2}]
