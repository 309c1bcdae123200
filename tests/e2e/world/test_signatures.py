"""What arrives at others verifies by our records in the DNS: by dkimpy and by opendkim, RSA and Ed25519."""

import subprocess
from base64 import b64decode
from pathlib import Path
from types import SimpleNamespace

import dkim
import dns.resolver
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.support.programs import need
from tests.support.world.home import Home
from tests.support.world.letters import BODIES, EIGHT_BIT, letter
from tests.support.world.world import World

pytestmark = pytest.mark.e2e

KEY = "default._domainkey.home.test"


def record(world: World, name: str) -> bytes:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], world.lab.resolver
    (answer,) = resolver.resolve(name, "TXT")
    return b"".join(answer.strings)


class VerifyKey:
    """What dkimpy asks of PyNaCl, by the library that is here."""

    def __init__(self, key: bytes, encoder: object) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(b64decode(key))

    def verify(self, digest: bytes, signature: bytes) -> None:
        self._key.verify(signature, digest)


@pytest.fixture(autouse=True)
def nacl(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=VerifyKey),
        encoding=SimpleNamespace(Base64Encoder=None),
        exceptions=SimpleNamespace(ValueError=ValueError, BadSignatureError=InvalidSignature),
    )
    monkeypatch.setattr(dkim, "nacl", stand_in, raising=False)


def verdicts(world: World, arrived: bytes) -> list[bool]:
    """Of each signature."""
    octets = arrived.replace(b"\n", b"\r\n")
    head = octets.partition(b"\r\n\r\n")[0]
    checker = dkim.DKIM(octets)
    count = head.count(b"\r\nDKIM-Signature:")
    lookup = lambda name, timeout=5: record(world, name.decode().rstrip("."))  # noqa: E731
    return [checker.verify(number, dnsfunc=lookup) for number in range(count)]


@pytest.mark.parametrize("domain", ["plain.world.test", "exim.world.test", "smtpd.world.test", "old.world.test"])
def test_both_signatures_hold(world: World, home: Home, tmp_path: Path, domain: str) -> None:
    server = {"exim": world.exim, "smtpd": world.opensmtpd}.get(domain.partition(".")[0], world.postfix)
    sent = {kind: letter(f"signed-{kind}-{domain}", BODIES[kind]) for kind in ("dots", "empty", "blank")}
    sent["eight"] = letter(f"signed-eight-{domain}", "grüße \r\n\r\n".encode(), *EIGHT_BIT)
    opendkim = need("opendkim")
    for one in sent.values():
        home.submit(one, f"bob@{domain}")
    (tmp_path / "keys").write_text(f"default._domainkey.home.test\t{record(world, KEY).decode()}\n")
    (tmp_path / "conf").write_text(f"Mode v\nTestPublicKeys {tmp_path / 'keys'}\n")
    for kind in sent:
        (arrived,) = server.mail.wait(f"signed-{kind}-{domain}", what=home.log)
        assert verdicts(world, arrived) == [True, True]
        assert verdicts(world, arrived.replace(b"\nSubject: ", b"\nSubject: not ")) == [False, False]
        (tmp_path / "letter").write_bytes(arrived.replace(b"\n", b"\r\n"))
        command = [opendkim, "-x", "conf", "-t", "letter"]
        asked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
        assert "succeeded" in asked.stdout, asked.stdout


def test_notices_to_other_servers_are_signed(world: World, home: Home) -> None:
    home.say("alias", "add", "left@home.test", "nobody@plain.world.test")
    home.take(letter("left", author="bob@exim.world.test"), "left@home.test", sender="bob@exim.world.test")
    (notice,) = world.exim.mail.wait("Not delivered: left", what=home.log)
    assert verdicts(world, notice) == [True, True]


def test_what_is_forwarded_keeps_the_signatures_of_others(world: World, home: Home) -> None:
    """Nothing of it is changed on the way, and it leaves under an address of ours."""
    home.say("alias", "add", "onward@home.test", "bob@exim.world.test")
    home.submit(letter("onward", "grüße\r\n".encode(), *EIGHT_BIT), "cy@plain.world.test")
    (signed,) = world.postfix.mail.wait("onward", what=home.log)
    home.take(signed.replace(b"\n", b"\r\n"), "onward@home.test", sender="cy@plain.world.test")
    (arrived,) = world.exim.mail.wait("onward", what=home.log)
    assert verdicts(world, arrived)[-2:] == [True, True]
    assert b"(envelope-from <SRS0=" in arrived
