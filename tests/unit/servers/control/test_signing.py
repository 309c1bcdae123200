"""`dkim.*`: what they answer, how each is undone, and that a private key is in no answer."""

import shlex

from mailstead.ground.formats.dkim.record import read_record
from tests.unit.servers.control.conftest import Admin

DOMAIN = "example.com"


async def test_the_life_of_a_key(admin: Admin) -> None:
    assert await admin.ask("dkim.show", domain=DOMAIN) == "not_found"
    rehearsed = await admin.ask("dkim.generate", domain=DOMAIN, selector="mail", algorithm="ed25519", dry_run=True)
    assert rehearsed["schema"] == "mailstead.dkim-keys.v1"
    await admin.ask("dkim.list")
    assert admin.news == []

    made = await admin.ask("dkim.generate", domain=DOMAIN, selector="mail", algorithm="ed25519")
    (key,) = made["keys"]
    assert (key["selector"], key["algorithm"], key["state"]) == ("mail", "ed25519", "new")
    record = key["record"]
    assert (record["name"], record["type"]) == ("mail._domainkey.example.com", "TXT")
    assert len(read_record(record["value"].encode()).key) == 32
    assert record["zone"] == f'mail._domainkey.example.com. IN TXT "{record["value"]}"'
    assert shlex.split(made["undo"]) == ["mailstead", "dkim", "remove", "--domain", DOMAIN, "--selector", "mail"]
    assert await admin.ask("dkim.generate", domain=DOMAIN, selector="mail", algorithm="ed25519") == "exists"

    active = await admin.ask("dkim.activate", domain=DOMAIN, selector="mail")
    assert (active["state"], active["activated_at"], active["retired"]) == ("active", "2027-01-15T08:00:00Z", [])
    assert " retire " in active["undo"]
    made = await admin.ask("dkim.rotate", domain=DOMAIN)
    successor = made["keys"][0]["selector"]
    active = await admin.ask("dkim.activate", domain=DOMAIN, selector=successor)
    assert active["retired"] == ["mail"]
    assert active["undo"] == f"mailstead dkim activate --domain {DOMAIN} --selector mail"
    shown = await admin.ask("dkim.show", domain=DOMAIN)
    assert [(one["selector"], one["state"]) for one in shown["keys"]] == [("mail", "retiring"), (successor, "active")]

    retired = await admin.ask("dkim.retire", domain=DOMAIN, selector=successor)
    assert (retired["state"], retired["retired_at"]) == ("retiring", "2027-01-15T08:00:00Z")
    assert await admin.ask("dkim.remove", domain=DOMAIN, selector=successor) == "conflict"
    gone = await admin.ask("dkim.remove", domain=DOMAIN, selector=successor, force=True)
    assert (gone["schema"], gone["undo"]) == ("mailstead.removal.v1", None)
    await admin.ask("dkim.list", domain=DOMAIN)
    assert [row["selector"] for row in admin.news] == ["mail"]


async def test_no_answer_holds_a_private_key(admin: Admin) -> None:
    answers = [
        await admin.ask("dkim.generate", domain=DOMAIN, selector="mail", algorithm="both"),
        await admin.ask("dkim.show", domain=DOMAIN),
        await admin.ask("dkim.activate", domain=DOMAIN, selector="mail"),
        await admin.ask("dkim.list"),
        admin.news,
        await admin.ask("dkim.rotate", domain=DOMAIN),
        await admin.ask("dkim.remove", domain=DOMAIN, selector="mail", force=True),
    ]
    assert [key["selector"] for key in answers[0]["keys"]] == ["mail", "mail-ed25519"]
    assert answers[0]["undo"].count("mailstead dkim remove") == 2
    assert len(answers[0]["keys"][0]["record"]["zone"].splitlines()) == 3, "an RSA key needs two strings"
    assert all("PRIVATE" not in str(answer) and "pem" not in str(answer) for answer in answers)
