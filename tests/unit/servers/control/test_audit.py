"""Every operation that changes something is told in the audit, a rehearsal is not, and no secret is."""

import json
from typing import Any

from mailstead.ground.formats.spam.tokens import VERSION
from mailstead.servers.control import args as a
from mailstead.servers.control.desk import Desk
from mailstead.servers.control.operations import OPERATIONS
from mailstead.services.signing.keys import list_keys
from mailstead.store.port import ReadTx
from tests.unit.servers.control.conftest import Admin

PASSWORD = "a long and secret one"
HASH = "$2b$12$abcdefghijklmnopqrstuuWzYzUzWzYzUzWzYzUzWzYzUzWzYzUzW"
LESSON = {"letter": "x", "tokens": [1, 2], "base": 0.0, "is_spam": True}
SAMPLES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("domain.add", {"name": "two.test"}),
    ("domain.set", {"name": "two.test", "quota": 5, "total_quota": 7}),
    ("domain.remove", {"name": "two.test"}),
    ("user.add", {"address": "ann", "password": PASSWORD}),
    ("user.passwd", {"name": "ann", "password": f"{PASSWORD} too"}),
    ("user.set", {"name": "ann", "quota": 20, "status": "suspended", "is_admin": True}),
    ("user.import", {"rows": [{"address": "bob", "hash": HASH}]}),
    ("shared.add", {"address": "team", "members": {"ann": "editor"}}),
    ("shared.grant", {"address": "team", "user": "ann", "role": "admin"}),
    ("alias.add", {"address": "info", "targets": ["ann"]}),
    ("alias.remove", {"address": "info"}),
    ("token.create", {"name": "ann", "label": "t"}),
    ("token.revoke", {"name": "ann", "label": "t"}),
    ("app-password.add", {"name": "ann", "label": "p"}),
    ("app-password.revoke", {"name": "ann", "label": "p"}),
    ("dkim.generate", {"domain": "example.com", "selector": "s1", "algorithm": "ed25519"}),
    ("dkim.activate", {"domain": "example.com", "selector": "s1"}),
    ("dkim.rotate", {"domain": "example.com"}),
    ("dkim.retire", {"domain": "example.com", "selector": "s1"}),
    ("dkim.remove", {"domain": "example.com", "selector": "s1", "force": True}),
    ("guards.limit", {"name": "ann@example.com", "recipients": "5/hour"}),
    ("suppression.add", {"address": "x@far.test", "domain": "example.com"}),
    ("suppression.remove", {"address": "x@far.test", "domain": "example.com"}),
    ("hold-rule.add", {"reason": "look", "domain": "example.com"}),
    ("hold-rule.remove", {"id": 1}),
    ("route.add", {"side": "to", "name": "far.test", "target": "smtp://ann@relay.test:587", "password": PASSWORD}),
    ("route.remove", {"side": "to", "name": "far.test"}),
    ("tls-rule.add", {"domain": "far.test", "demand": "secure"}),
    ("tls-rule.remove", {"domain": "far.test"}),
    ("policy.set", {"domain": "example.com", "values": ["spam.reject_score=8"]}),
    ("policy.reset", {"domain": "example.com", "fields": ["spam"]}),
    ("policy.profile", {"domain": "example.com", "profile": "mu"}),
    ("blocklist.add", {"patterns": ["x@far.test"]}),
    ("blocklist.remove", {"pattern": "x@far.test"}),
    ("allowlist.add", {"patterns": ["192.0.2.1"], "domain": "example.com"}),
    ("allowlist.remove", {"pattern": "192.0.2.1", "domain": "example.com"}),
    (
        "hook.add",
        {"name": "crm", "url": "https://crm.test/in", "stages": ["message.delivered"], "secret": PASSWORD * 2},
    ),
    ("hook.remove", {"name": "crm"}),
    ("spam.learn", {"version": VERSION, "lessons": [LESSON]}),
    ("spam.unlearn", {"version": VERSION, "lessons": [LESSON]}),
    ("spam.forget", {}),
    ("user.totp.enroll", {"name": "ann"}),
    ("user.totp.remove", {"name": "ann"}),
    ("user.remove", {"name": "bob"}),
)
ELSEWHERE = {
    "blocks.remove",  # needs somebody who is blocked: tests/unit/services/limits
    "guards.resume",  # needs somebody who is paused: tests/unit/services/guards
    "greylist.forget",  # needs somebody who waits: tests/unit/services/greylist
    "quarantine.release",  # needs a letter, as the next: tests/unit/services/quarantine
    "quarantine.delete",
    "quarantine.digest",  # letters
    "user.totp.confirm",  # needs a code, as the next: tests/unit/services/accounts
    "user.totp.recovery",
    "message.send",  # a letter, told in its story
    "report.send",  # letters too
}


def is_changing(name: str) -> bool:
    return issubclass(OPERATIONS[name].args, a.Change) and name not in ELSEWHERE


async def entries(desk: Desk) -> list[Any]:
    async def unit(tx: ReadTx) -> list[Any]:
        return await tx.audit.read_chain(0)

    return list(await desk.directory.store.read(unit))


async def test_every_change_is_told_and_no_rehearsal(admin: Admin, desk: Desk) -> None:
    assert {name for name, _ in SAMPLES} == {name for name in OPERATIONS if is_changing(name)}
    admin.by = "ada (as root)"
    secrets = {PASSWORD, HASH}
    for name, args in SAMPLES:
        before = len(await entries(desk))
        rehearsed = await admin.ask(name, **args, dry_run=True)
        assert isinstance(rehearsed, dict), (name, admin.error)
        assert len(await entries(desk)) == before, f"{name} --dry-run"
        done = await admin.ask(name, **args)
        assert isinstance(done, dict), (name, admin.error)
        secrets |= {done["secret"]} if done.get("secret") else set()
        fresh = (await entries(desk))[before:]
        assert fresh, name
        assert {(one.actor.name, one.actor.through.value) for one in fresh} == {("ada (as root)", "command")}
        secrets |= {key.pem for key in await list_keys(desk.directory, None)}
    told = "".join(one.before + one.after + one.subject for one in await entries(desk))
    assert [secret for secret in secrets if secret in told or json.dumps(secret)[1:-1] in told] == []


async def test_what_is_told(admin: Admin) -> None:
    admin.by = "root"
    await admin.ask("user.add", address="ann", password=PASSWORD, quota=10)
    await admin.ask("user.set", name="ann", quota=20)
    await admin.ask("policy.set", domain="example.com", values=["spam.reject_score=8"])
    await admin.ask("audit.list", who="root")
    policy, change, _ = admin.news
    assert (policy["action"], policy["subject"], policy["domain"]) == ("policy.changed", "example.com", "example.com")
    assert (policy["before"], policy["after"]) == ({"spam.reject_score": 10.0}, {"spam.reject_score": 8.0})
    assert (change["action"], change["subject"], change["domain"]) == ("user.changed", "ann@example.com", "example.com")
    assert (change["before"], change["after"]) == ({"quota_bytes": 10}, {"quota_bytes": 20})
    await admin.ask("audit.list", action="policy", domain="example.com", within=1000, limit=1)
    assert [row["number"] for row in admin.news] == [policy["number"]]
    found = await admin.ask("audit.verify")
    assert (found["whole"], found["broken_at"]) == (True, None)
    assert found["head"] == f"{policy['number']}:{policy['hash']}"
    assert (await admin.ask("audit.verify", known=found["head"]))["whole"] is True
    assert (await admin.ask("audit.verify", known=f"1:{'0' * 64}"))["broken_at"] == 1
    assert await admin.ask("audit.verify", known="nonsense") == "invalid"
