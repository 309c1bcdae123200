"""Keys by command, a key file at start, and opendkim over what we sign."""

import subprocess
from pathlib import Path

import pytest

from mailstead.ground.formats.dkim.header import split_fields
from mailstead.ground.formats.dkim.record import read_record, render_record
from mailstead.ground.formats.dkim.verify import find_claims
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import Policy, Spf
from mailstead.ground.model.signing import Algorithm
from mailstead.net.clock import SystemClock
from mailstead.services.checks.checks import Checks
from mailstead.services.checks.specimen import Octets
from mailstead.services.dispatch.content import LetterContent
from mailstead.services.outbound.parcel import Rendition
from mailstead.services.signing.making import make_key, record_of
from mailstead.services.signing.rotation import activated
from mailstead.services.signing.rules import Seal
from tests.e2e.test_commands import Say, home, made, say, serving  # noqa: F401 - fixtures
from tests.support.dkim import RSA, RSA_PEM
from tests.support.examining import OnePolicy
from tests.support.known_names import KnownNames
from tests.support.programs import need
from tests.support.server import free_base
from tests.support.signing import open_signer
from tests.unit.services.dispatch.test_content import MemoryBlob

LETTER = (
    b"From: Ann <a@x.test>\r\nTo: b@y.test,\r\n\tc@y.test\r\nSubject: hi   there \r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"Hello  w\xc3\xb6rld \r\n\r\n\t.\r\n\r\n\r\n"
)


@pytest.mark.e2e
@pytest.mark.parametrize("eight_bit", [True, False])
@pytest.mark.parametrize("canonicalization", ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"])
async def test_opendkim_takes_our_letters(tmp_path: Path, canonicalization: str, eight_bit: bool) -> None:
    opendkim = need("opendkim")
    key = activated(await make_key("x.test", "sel", Algorithm.RSA_2048, Instant(1)), Instant(1))
    async with open_signer(tmp_path, key, canonicalization=canonicalization) as (signer, _, _):
        content = LetterContent(b"Received: by us;\r\n\tnow\r\n", MemoryBlob(LETTER), signer, Seal("x.test"))
        rendition = await content.render(eight_bit=eight_bit, binary=False)
        assert isinstance(rendition, Rendition)
        letter = b"".join([chunk async for chunk in rendition.chunks()])
    (tmp_path / "keys").write_text(f"sel._domainkey.x.test\t{render_record(record_of(key.pem))}\n")
    (tmp_path / "conf").write_text(f"Mode v\nClockDrift 999999999\nTestPublicKeys {tmp_path / 'keys'}\n")

    def ask(data: bytes) -> str:
        (tmp_path / "letter").write_bytes(data)
        command = [opendkim, "-x", "conf", "-t", "letter"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60).stdout

    assert "succeeded" in ask(letter)
    assert "failed" in ask(letter.replace(b"there", b"where"))


@pytest.mark.e2e
def test_a_signature_of_sha1_is_none(tmp_path: Path) -> None:
    """opendkim-testmsg still signs with rsa-sha1, which RFC 8301 §3.1 forbids to take."""
    testmsg = need("opendkim-testmsg")
    (tmp_path / "key").write_bytes(RSA_PEM)
    command = [testmsg, "-C", "-d", "x.test", "-s", "s", "-k", "key"]
    letter = b"From: a@x.test\r\nDate: now\r\nSubject: hi\r\n\r\nHello\r\n"
    signed = subprocess.run(command, cwd=tmp_path, input=letter, capture_output=True, check=True, timeout=60).stdout
    (claim,) = find_claims(split_fields(signed.partition(b"\r\n\r\n")[0] + b"\r\n"))
    assert (claim.signature, claim.trouble) == (None, "a=rsa-sha1 is not taken")


@pytest.mark.e2e
async def test_we_take_the_signatures_of_rspamd(tmp_path: Path) -> None:
    """Its h= names fields that are not there, several times: RFC 6376 §5.4.2."""
    rspamadm = need("rspamadm")
    (tmp_path / "key").write_bytes(RSA_PEM)
    (tmp_path / "letter").write_bytes(LETTER)
    command = [
        rspamadm,
        "mime",
        "sign",
        "-d",
        "x.test",
        "-s",
        "s",
        "-k",
        "key",
        "-t",
        "dkim",
        "-o",
        "message",
        "letter",
    ]
    signed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, timeout=60).stdout
    names = KnownNames()
    names.put("TXT", "s._domainkey.x.test", RSA.record)

    async def results(letter: bytes) -> list[str]:
        checks = Checks(names, SystemClock(), OnePolicy(Policy(spf=Spf(enabled=False))), hostname="us.test")
        recipients = (Recipient(Address("bob", "us.test")),)
        examination = checks.begin(Envelope(sender=None, recipients=recipients), Client(ip="192.0.2.1"))
        examination.feed(letter)
        examination.finish()
        report = await examination.report(Octets(letter), ((),))
        return [one.result.value for one in report.evidence.dkim or ()]

    assert await results(signed) == ["pass"]
    assert await results(signed.replace(b"there", b"where")) == ["fail"]
    assert await results(signed.replace(b"Hello", b"Hallo")) == ["fail"]


@pytest.mark.usefixtures("home")
def test_keys_by_command(made: Say) -> None:  # noqa: F811 - a fixture
    assert "no key" in made("dkim", "show", "--domain", "example.com").err
    rehearsed = made("dkim", "generate", "--domain", "example.com", "--dry-run")
    assert rehearsed.out == "would have made the key default of example.com\n"
    done = made("dkim", "generate", "--domain", "example.com", "--algorithm", "both")
    assert done.code == 0
    first, *rest = done.out.splitlines()
    assert first == "made the key default of example.com and the key default-ed25519 of example.com"
    assert rest[0] == "  name   default._domainkey.example.com"
    assert len(read_record(rest[2].split(maxsplit=1)[1].encode()).key) == 294
    assert "  zone   default._domainkey.example.com. IN TXT (" in rest
    assert "undo: mailstead dkim remove --domain example.com --selector default &&" in done.err
    assert made("dkim", "activate", "--domain", "example.com", "--selector", "default").out.startswith("activated")
    states = {row["selector"]: row["state"] for row in made("dkim", "list", "--json").rows}
    assert states == {"default": "active", "default-ed25519": "new"}
    refused = made("dkim", "remove", "--domain", "example.com", "--selector", "default", "--yes")
    assert refused.code
    assert "--force" in refused.err
    shown = made("dkim", "show", "--domain", "example.com", "--selector", "default")
    assert shown.out.startswith("default of example.com: rsa2048, active since ")
    assert made("dkim", "retire", "--domain", "example.com", "--selector", "default").code == 0
    assert made("dkim", "remove", "--domain", "example.com", "--selector", "default-ed25519").code == 0
    gone = made("dkim", "remove", "--domain", "example.com", "--selector", "default", "--force", "--yes")
    assert gone.out == "removed the key default of example.com\n"
    assert made("dkim", "list").out == ""


@pytest.mark.e2e
def test_the_key_file_of_mu(home: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """As mu has it: the key is there, so signing is on; the log says so."""
    base = free_base()
    monkeypatch.setenv("MAIL_PORT", str(base + 25))
    monkeypatch.setenv("MAIL_DOMAIN", "x.test")
    monkeypatch.setenv("MAIL_SELECTOR", "mail")
    with serving(home, base, has_mail_port=True):
        assert "mail: DKIM signing disabled: DKIM private key not found at " in (home / "log").read_text()
    key = home / "home" / ".mu" / "keys" / "dkim.key"
    key.parent.mkdir(parents=True)
    key.write_bytes(RSA_PEM)
    key.chmod(0o600)
    with serving(home, base, has_mail_port=True):
        assert "dkim: DKIM signing enabled for domain x.test with selector mail" in (home / "log").read_text()
        rows = say("dkim", "list", "--json").rows
    assert [(row["domain"], row["selector"], row["state"]) for row in rows] == [("x.test", "mail", "active")]
    assert "PRIVATE" not in (home / "log").read_text()
