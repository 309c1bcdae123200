"""`policy.*`: what they answer, and that their undo undoes."""

import shlex

from tests.unit.servers.control.conftest import Admin

DOMAIN = "example.com"


async def undo(admin: Admin, command: str) -> None:
    """Run what an undo says, as the command line would."""
    program, group, *words = shlex.split(command)
    assert (program, group) == ("mailstead", "policy")
    domain = "_default" if words[0] == "default" else words[2]
    values = words[2:] if words[0] == "default" else words[3:]
    await admin.ask("policy.set", domain=domain, values=values)


async def test_shown_set_and_undone(admin: Admin) -> None:
    before = await admin.ask("policy.show", domain=DOMAIN)
    assert (before["schema"], before["spam"]["reject_score"]) == ("mailstead.policy.v1", 10.0)
    assert before["identity"]["status"] == "active"
    words = ["spam.reject_score=8", "greylist.enabled=off", "rate_limit.smtp_per_ip=5/60", "max_users=3"]
    rehearsed = await admin.ask("policy.set", domain=DOMAIN, values=words, dry_run=True)
    changed = await admin.ask("policy.set", domain=DOMAIN, values=words)
    assert rehearsed["changes"] == changed["changes"]
    assert {"field": "greylist.enabled", "before": True, "after": False} in changed["changes"]
    after = await admin.ask("policy.show", domain=DOMAIN)
    assert after["version"] == changed["version"] > before["version"]
    assert (await admin.ask("domain.show", name=DOMAIN))["max_users"] == 3
    await undo(admin, changed["undo"])
    again = await admin.ask("policy.show", domain=DOMAIN)
    assert {**again, "version": 0} == {**before, "version": 0}


async def test_a_profile_and_back(admin: Admin) -> None:
    before = await admin.ask("policy.show", domain=DOMAIN)
    changed = await admin.ask("policy.profile", domain=DOMAIN, profile="mu")
    assert {change["field"] for change in changed["changes"]} == {
        "spf.fail_action", "dmarc.reject_action", "dmarc.quarantine_action", "greylist.enabled",
        "rate_limit.smtp_per_ip", "rate_limit.smtp_per_sender",
    }  # fmt: skip
    await undo(admin, changed["undo"])
    again = await admin.ask("policy.show", domain=DOMAIN)
    assert {**again, "version": 0} == {**before, "version": 0}


async def test_a_removed_domain_comes_back_with_its_policy(admin: Admin) -> None:
    await admin.ask("domain.add", name="new.test", max_users=3)
    await admin.ask("policy.set", domain="new.test", values=["spam.reject_score=8", "backup_mx=mx2.test"])
    before = await admin.ask("policy.show", domain="new.test")
    again, policy = (await admin.ask("domain.remove", name="new.test"))["undo"].split(" && ")
    assert again == "mailstead domain add new.test --quota 1073741824 --max-users 3"
    await admin.ask("domain.add", name="new.test", max_users=3)
    await undo(admin, policy)
    after = await admin.ask("policy.show", domain="new.test")
    assert {**after, "version": 0} == {**before, "version": 0}


async def test_the_template_and_reset(admin: Admin) -> None:
    changed = await admin.ask("policy.set", domain="_default", values=["dkim.key_size=4096", "default_quota=7"])
    assert changed["undo"].startswith("mailstead policy default set identity.default_quota=1073741824 ")
    assert (await admin.ask("domain.add", name="new.test"))["default_quota"] == 7
    reset = await admin.ask("policy.reset", domain=DOMAIN, fields=["dkim"])
    assert [(one["field"], one["after"]) for one in reset["changes"]] == [("dkim.key_size", 4096)]
    everything = await admin.ask("policy.reset", domain="_default")
    assert [one["field"] for one in everything["changes"]] == ["dkim.key_size"], "identity only if it is named"
    nothing = await admin.ask("policy.reset", domain="_default")
    assert (nothing["changes"], nothing["undo"]) == ([], None)
    await undo(admin, changed["undo"])
    assert (await admin.ask("policy.show", domain="_default"))["identity"]["default_quota"] == 1073741824


async def test_refusals_say_what_is_allowed(admin: Admin) -> None:
    assert await admin.ask("policy.set", domain=DOMAIN, values=["spam.reject_score=much"]) == "invalid"
    assert admin.error["message"] == 'spam.reject_score: "much" may not stand there, but a number from -1000 to 1000'
    assert await admin.ask("policy.set", domain=DOMAIN, values=["spam.reject_scor=8"]) == "invalid"
    assert "did you mean spam.reject_score?" in admin.error["message"]
    assert await admin.ask("policy.show", domain="nowhere.test") == "not_found"
    assert await admin.ask("policy.reset", domain=DOMAIN, fields=["nothing"]) == "invalid"


async def test_new_keys_are_as_the_policy_wants_them(admin: Admin) -> None:
    await admin.ask("policy.set", domain=DOMAIN, values=["dkim.key_type=ed25519", "dkim.selector=mail"])
    (key,) = (await admin.ask("dkim.generate", domain=DOMAIN))["keys"]
    assert (key["selector"], key["algorithm"]) == ("mail", "ed25519")
    (key,) = (await admin.ask("dkim.generate", domain=DOMAIN, selector="two", algorithm="rsa2048"))["keys"]
    assert (key["selector"], key["algorithm"]) == ("two", "rsa2048")


async def test_what_if_changes_nothing(admin: Admin) -> None:
    before = await admin.ask("policy.show", domain=DOMAIN)
    found = await admin.ask("policy.what-if", domain=DOMAIN, values=["spam.reject_score=8"], profile="mu", days=30)
    assert (found["letters"], found["flipped"], found["counts"], found["is_cut"]) == (0, 0, {}, False)
    assert await admin.ask("policy.show", domain=DOMAIN) == before
    for wrong in ({"values": ["spam.reject_score=1"]}, {"values": ["no.such=1"]}):  # below spam.quarantine_score
        assert await admin.ask("policy.what-if", domain=DOMAIN, **wrong) == "invalid"
