"""Letters as swaks brings them, signed by dkimpy, judged with what BIND says."""

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import dkim
import pytest

from tests.support.dkim import RSA, RSA_PEM
from tests.support.dns_lab import Zone, dns_lab
from tests.support.programs import need
from tests.support.server import Sandbox, free_base

pytestmark = pytest.mark.e2e

KEY = RSA.record.decode()
ZONE = f"""
good TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.good TXT "v=DMARC1; p=reject"
s._domainkey.good TXT ( "{KEY[:200]}" "{KEY[200:]}" )
evil TXT "v=spf1 -all"
bank TXT "v=spf1 -all"
_dmarc.bank TXT "v=DMARC1; p=reject"
"""
LETTER = b"From: Ann <ann@good.test>\r\nTo: ada@dev.localhost\r\nSubject: %s\r\n\r\nhello\r\n"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with dns_lab(Zone("test", ZONE, signed=False)) as lab, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAILSTEAD_SMTP_EXAMINE_NEIGHBOURS", "yes")  # swaks is on this machine
        patch.setenv("MAILSTEAD_OUTBOUND_RESOLVERS", "127.0.0.1")
        patch.setenv("MAILSTEAD_OUTBOUND_RESOLVER_PORT", str(lab.authority))
        base = free_base()
        patch.setenv("MAILSTEAD_QUARANTINE_URL", f"http://127.0.0.1:{base + 80}")
        running = Sandbox(tmp_path_factory.mktemp("checks") / "box", base)
        running.start()
        try:
            yield running
        finally:
            running.stop()


def send(box: Sandbox, letter: bytes, sender: str, folder: Path) -> str:
    """What swaks saw."""
    file = folder / "letter"
    file.write_bytes(letter)
    command = [
        need("swaks"), "--server", f"127.0.0.1:{box.port('smtp')}", "--helo", "mail.good.test", "--from", sender,
        "--to", "ada@dev.localhost", "--data", f"@{file}",
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stdout


def fetch(box: Sandbox, subject: str, folder: str = "INBOX") -> bytes:
    reader = box.imap("ada")
    reader.select(folder)
    _, found = reader.search(None, f'SUBJECT "{subject}"')
    _, rows = reader.fetch(found[0].split()[-1], "(BODY.PEEK[HEADER])")
    reader.logout()
    return bytes(rows[0][1])


def sign(letter: bytes) -> bytes:
    return bytes(dkim.sign(letter, b"s", b"good.test", RSA_PEM)) + letter


def test_a_signed_letter(box: Sandbox, tmp_path: Path) -> None:
    assert "250 2.0.0" in send(box, sign(LETTER % b"signed"), "ann@good.test", tmp_path)
    header = fetch(box, "signed")
    for words in (
        b"spf=pass smtp.mailfrom=ann@good.test", b"dkim=pass header.d=good.test header.s=s header.a=rsa-sha256",
        b"dmarc=pass header.from=good.test policy.dmarc=reject",
    ):  # fmt: skip
        assert words in header
    assert b"X-Mailstead-Reason" not in header


def test_a_forwarded_letter_keeps_its_signature(box: Sandbox, tmp_path: Path) -> None:
    """SPF breaks on the way, DKIM does not: nothing is held against it."""
    send(box, sign(LETTER % b"forwarded"), "list@evil.test", tmp_path)
    header = fetch(box, "forwarded")
    assert b"spf=fail smtp.mailfrom=list@evil.test" in header
    assert b"dmarc=pass" in header
    assert b"X-Mailstead-Reason" not in header


def test_the_sandbox_tags(box: Sandbox, tmp_path: Path) -> None:
    letter = (LETTER % b"tagged").replace(b"good", b"evil")
    send(box, letter, "ann@evil.test", tmp_path)
    assert b"X-Mailstead-Reason: spf: fail of evil.test by -all (tag)" in fetch(box, "tagged")
    lines = [json.loads(line) for line in box.log().splitlines() if line.startswith("{")]
    told = [line for line in lines if line.get("event") == "checks.spf.evaluated"]
    assert {line["result"] for line in told} >= {"fail"}


def test_a_forged_author_is_refused(box: Sandbox, tmp_path: Path) -> None:
    letter = (LETTER % b"forged").replace(b"good", b"bank")
    assert "550 5.7.26 Rejected by the DMARC policy" in send(box, letter, "ann@good.test", tmp_path)


def test_why_it_did_not_arrive(box: Sandbox, tmp_path: Path) -> None:
    """One command, and any of its names; the refusal is written within a second."""
    letter = b"Message-ID: <why@bank.test>\r\n" + (LETTER % b"why").replace(b"good", b"bank")
    send(box, letter, "eve@evil.test", tmp_path)
    told = ""
    while "<why@bank.test>" not in told:
        told = box.cli("message", "explain", "eve@evil.test").stdout
    for words in (
        "Refused: the author's domain bank.test asks to reject (p=reject) what fails DMARC; SPF fail, no valid DKIM",
        "The policy dmarc.reject_action=reject of dev.localhost did it.",
        "came from eve@evil.test for ada@dev.localhost by mail.good.test 127.0.0.1",
    ):
        assert words in told
    for name in ("ada@dev.localhost", "why@bank.test", "127.0.0.1"):
        assert "Refused: the author's domain bank.test" in box.cli("message", "trace", name).stdout
    milder = ("--set", "dmarc.reject_action=quarantine", "--set", "spf.fail_action=accept")
    found = box.cli("policy", "what-if", "--domain", "dev.localhost", *milder)
    assert "reject -> quarantine: dmarc:" in found.stdout
    assert "its origin alone had it refused" in found.stdout


def test_quarantine(box: Sandbox, tmp_path: Path) -> None:
    """Kept, told, released by the recipient's link; looking at the link does nothing."""
    domain = ("--domain", "dev.localhost")
    wanted = ("dmarc.reject_action=quarantine", "quarantine.place=kept")
    assert box.cli("policy", "set", *domain, *wanted).returncode == 0
    try:
        for name in (b"kept", b"also kept"):
            letter = (LETTER % name).replace(b"good", b"bank")
            assert "250 2.0.0" in send(box, letter, "ann@good.test", tmp_path)
        rows = [json.loads(line) for line in box.cli("quarantine", "list", "--json").stdout.splitlines()]
        assert [row["subject"] for row in rows] == ["also kept", "kept"]
        assert "DMARC failed" in box.cli("quarantine", "show", rows[1]["id"]).stdout
        assert letter in box.cli("quarantine", "show", "--raw", rows[0]["id"]).stdout.encode().replace(b"\n", b"\r\n")
        told = box.cli("message", "explain", "ada@dev.localhost").stdout
        assert f"Kept in quarantine for ada@dev.localhost, number {rows[0]['id']}" in told
        assert "filed 1 digests" in box.cli("quarantine", "digest").stdout
        _release_by_link(box)
        assert "$NotJunk" in _keywords(box, "also kept")
        assert b"X-Mailstead-Released: " in fetch(box, "also kept")
        rehearsed = box.cli("quarantine", "release", "--dry-run", rows[1]["id"])
        assert "would have released" in rehearsed.stdout
        assert box.cli("quarantine", "delete", "--yes", rows[1]["id"]).returncode == 0
        assert box.cli("quarantine", "list", "--json").stdout == ""
        assert "quarantine.deleted" in box.cli("audit", "list").stdout
    finally:
        box.cli("policy", "reset", *domain, "dmarc", "quarantine")


def _release_by_link(box: Sandbox) -> None:
    reader = box.imap("ada")
    reader.select("INBOX")
    _, found = reader.search(None, 'SUBJECT "kept back for you"')
    _, rows = reader.fetch(found[0].split()[-1], "(BODY.PEEK[1])")
    reader.logout()
    text = bytes(rows[0][1]).replace(b"=\r\n", b"").replace(b"=3D", b"=").decode()
    link = re.findall(r"http://\S+/quarantine/\S+", text)[0]  # the latest comes first
    for _ in range(2):
        with urllib.request.urlopen(link, timeout=30) as page:
            assert b"<button>Release the letter</button>" in page.read()
    with urllib.request.urlopen(link, data=b"", timeout=30) as page:
        assert b"Done: the letter is in your inbox." in page.read()


def _keywords(box: Sandbox, subject: str) -> str:
    reader = box.imap("ada")
    reader.select("INBOX")
    _, found = reader.search(None, f'SUBJECT "{subject}"')
    _, rows = reader.fetch(found[0].split()[-1], "(FLAGS)")
    reader.logout()
    return bytes(rows[0]).decode()
