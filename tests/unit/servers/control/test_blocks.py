"""Both lists by hand, and that each undo undoes it."""

import shlex
from typing import Any

import pytest

from mailstead.servers.control.desk import Desk
from tests.unit.servers.control.conftest import Admin


async def rows(admin: Admin, command: str, **args: object) -> list[Any]:
    await admin.ask(command, **args)
    return admin.news


@pytest.mark.parametrize("group", ["blocklist", "allowlist"])
async def test_an_entry_comes_and_goes(admin: Admin, group: str) -> None:
    made = await admin.ask(f"{group}.add", patterns=["Spammer@Bad.com"], reason="spam", lasts=7_200_000)
    assert (made["pattern"], made["reason"], made["domain"]) == ("spammer@bad.com", "spam", "")
    assert made["who"] == "control socket"
    assert (made["added_at"], made["expires_at"]) == ("2027-01-15T08:00:00Z", "2027-01-15T10:00:00Z")
    assert shlex.split(made["undo"]) == ["mailstead", group, "remove", "spammer@bad.com"]
    again = await admin.ask(f"{group}.add", patterns=["spammer@bad.com"])
    assert again["undo"] == f"mailstead {group} add spammer@bad.com --reason spam --for 7200s"
    assert [(row["pattern"], row["reason"]) for row in await rows(admin, f"{group}.list")] == [("spammer@bad.com", "")]
    gone = await admin.ask(f"{group}.remove", pattern="spammer@bad.com", dry_run=True)
    assert gone["undo"] == f"mailstead {group} add spammer@bad.com"
    assert len(await rows(admin, f"{group}.list")) == 1
    await admin.ask(f"{group}.remove", pattern="SPAMMER@bad.com")
    assert await rows(admin, f"{group}.list") == []
    assert await admin.ask(f"{group}.remove", pattern="spammer@bad.com") == "not_found"
    audited = await rows(admin, "audit.list")
    actions = sorted(row["action"] for row in audited if row["action"].startswith(group))
    assert actions == [f"{group}.added", f"{group}.added", f"{group}.removed"]


async def test_entries_of_one_domain(admin: Admin) -> None:
    await admin.ask("domain.add", name="example.net", alias_of="example.com")
    assert await admin.ask("blocklist.add", patterns=["a@b.test"], domain="elsewhere.test") == "not_found"
    assert await admin.ask("blocklist.add", patterns=["a@b.test"], domain="example.net") == "invalid"
    made = await admin.ask("blocklist.add", patterns=["a@b.test"], domain="Example.com")
    assert made["undo"] == "mailstead blocklist remove a@b.test --domain example.com"
    assert len(await rows(admin, "blocklist.list", domain="example.com")) == 1
    assert await rows(admin, "blocklist.list", domain="") == []
    assert await admin.ask("blocklist.remove", pattern="a@b.test") == "not_found"
    assert (await admin.ask("blocklist.remove", pattern="a@b.test", domain="example.com"))["domain"] == "example.com"


async def test_check_says_who_wins(admin: Admin) -> None:
    async def verdict(**args: object) -> tuple[str, str, int]:
        said = await admin.ask("blocklist.check", **args)
        return said["verdict"], said["pattern"], len(said["entries"])

    assert await verdict(ip="192.0.2.7") == ("not listed", "", 0)
    await admin.ask("blocklist.add", patterns=["192.0.2.0/24"])
    await admin.ask("blocklist.add", patterns=["*@bad.com"])
    assert await verdict(ip="192.0.2.7", sender="eve@bad.com") == ("blocked", "*@bad.com", 2)
    assert await verdict(ip="::ffff:192.0.2.7") == ("blocked", "192.0.2.0/24", 1)
    await admin.ask("allowlist.add", patterns=["eve@bad.com"], domain="example.com")
    assert await verdict(sender="eve@bad.com") == ("blocked", "*@bad.com", 2)
    assert await verdict(sender="eve@bad.com", domain="example.com") == ("allowed", "", 2)
    assert await admin.ask("blocklist.check", ip="nonsense") == "invalid"
    assert await admin.ask("blocklist.check", ip="a@b.test") == "invalid"


async def test_many_are_all_or_none(admin: Admin, desk: Desk) -> None:
    many = [f"u{number}@bad.com" for number in range(500)]
    assert await admin.ask("blocklist.add", patterns=[*many[:-1], "nonsense"]) == "invalid"
    assert await rows(admin, "blocklist.list") == []
    made = await admin.ask("blocklist.add", patterns=many)
    assert (made["count"], made["undo"]) == (500, None)
    await admin.ask("blocklist.add", patterns=["last@bad.com"])
    assert len(await rows(admin, "blocklist.list")) == 501
    assert await admin.ask("blocklist.add", patterns=[*many, "one@more.com"]) == "usage"
