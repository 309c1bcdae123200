"""`token.*` and `app-password.*`: what they answer, and that a rehearsal makes nothing."""

import shlex

from tests.unit.servers.control.conftest import Admin

PASSWORD = "long enough"


async def test_made_listed_revoked(admin: Admin) -> None:
    await admin.ask("user.add", address="ann", password=PASSWORD)
    for kind, make in (("token", "token.create"), ("app-password", "app-password.add")):
        rehearsed = await admin.ask(make, name="ann", label="my phone", dry_run=True)
        assert "secret" not in rehearsed
        await admin.ask(f"{kind}.list", name="ann")
        assert admin.news == []
        made = await admin.ask(make, name="ann", label="my phone", protocols=["imap", "imap", "pop3"], days=1)
        assert made["secret"]
        assert (made["login"], made["kind"], made["protocols"]) == ("ann@example.com", kind, ["imap", "pop3"])
        assert (made["created_at"], made["expires_at"]) == ("2027-01-15T08:00:00Z", "2027-01-16T08:00:00Z")
        assert shlex.split(made["undo"]) == ["mailstead", kind, "revoke", "ann@example.com", "my phone"]
        await admin.ask(f"{kind}.list", name="ann")
        assert [row["label"] for row in admin.news] == ["my phone"]
        assert made["secret"] not in str(admin.news)
        gone = await admin.ask(f"{kind}.revoke", name="ann", label="my phone")
        assert (gone["schema"], gone["undo"]) == ("mailstead.removal.v1", None)
        await admin.ask(f"{kind}.list", name="ann")
        assert admin.news == []
