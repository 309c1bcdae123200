"""Every way to log in, against the real program, by Python's own client."""

import base64
import hashlib
import imaplib
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.authority import Authority, stranger
from tests.support.scram import ScramClient
from tests.support.server import Sandbox, sandbox

pytestmark = pytest.mark.e2e

USER = "ada@dev.localhost"


@contextmanager
def client(box: Sandbox, context: ssl.SSLContext | None = None) -> Iterator[imaplib.IMAP4_SSL]:
    """Over TLS, not logged in."""
    imap = imaplib.IMAP4_SSL("127.0.0.1", box.port("imaps"), ssl_context=context or stranger(), timeout=30)
    try:
        yield imap
    finally:
        imap.shutdown()


def scram(imap: imaplib.IMAP4_SSL, mechanism: str, core: ScramClient) -> None:
    """Both sides prove themselves."""
    steps = 0

    def answer(challenge: bytes) -> bytes:
        nonlocal steps
        steps += 1
        if steps == 1:
            return core.first()
        if steps == 2:
            return core.final(challenge)
        core.check(challenge)
        return b""

    imap.authenticate(mechanism, answer)
    assert steps == 3


def certificate_hash(imap: imaplib.IMAP4_SSL) -> bytes:
    """RFC 5929 §4.1, of an ECDSA certificate signed with SHA-256."""
    shown = imap.sock.getpeercert(binary_form=True)
    assert shown is not None
    return hashlib.sha256(shown).digest()


def test_scram_with_and_without_channel_binding(box: Sandbox) -> None:
    password = box.password("ada")
    with client(box) as imap:
        assert {"AUTH=SCRAM-SHA-256", "AUTH=SCRAM-SHA-256-PLUS"} <= set(imap.capabilities)
        scram(imap, "SCRAM-SHA-256", ScramClient(USER, password))
        assert imap.select("INBOX")[0] == "OK"
        assert imap._simple_command("NOOP")[0] == "OK"
    with client(box) as imap:
        bound = ScramClient(USER, password, gs2="p=tls-server-end-point,,", binding=certificate_hash(imap))
        scram(imap, "SCRAM-SHA-256-PLUS", bound)
    with client(box) as imap:
        faked = ScramClient(USER, password, gs2="p=tls-server-end-point,,", binding=hashlib.sha256(b"mitm").digest())
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            scram(imap, "SCRAM-SHA-256-PLUS", faked)
        with pytest.raises(imaplib.IMAP4.error, match="took it out"):
            scram(imap, "SCRAM-SHA-256", ScramClient(USER, password, gs2="y,,"))


def test_app_passwords_live_and_die(box: Sandbox) -> None:
    made = box.cli("app-password", "add", USER, "phone", "--protocol", "imap", "--json")
    assert made.returncode == 0, made.stderr
    secret = json.loads(made.stdout)["secret"]
    again = box.cli("app-password", "add", USER, "phone")
    assert again.returncode != 0
    with client(box) as imap:
        assert imap.login(USER, secret)[0] == "OK"
    with client(box) as imap, pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap.login("you@dev.localhost", secret)
    listed = box.cli("app-password", "list", USER, "--json")
    row = json.loads(listed.stdout)
    assert (row["label"], row["protocols"]) == ("phone", ["imap"])
    assert secret not in listed.stdout
    gone = box.cli("app-password", "revoke", USER, "phone")
    assert gone.returncode == 0, gone.stderr
    with client(box) as imap, pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap.login(USER, secret)
    assert secret not in box.log()


def test_tokens_log_in_by_both_mechanisms(box: Sandbox) -> None:
    made = box.cli("token", "create", USER, "backup", "--json")
    assert made.returncode == 0, made.stderr
    token = json.loads(made.stdout)["secret"]
    bearer = f"n,a={USER},\x01host=localhost\x01port=993\x01auth=Bearer {token}\x01\x01".encode()
    google = f"user={USER}\x01auth=Bearer {token}\x01\x01".encode()
    for mechanism, message in (("OAUTHBEARER", bearer), ("XOAUTH2", google)):
        with client(box) as imap:
            assert imap.authenticate(mechanism, lambda _, said=message: said)[0] == "OK"
    assert box.cli("token", "revoke", USER, "backup").returncode == 0
    with client(box) as imap:
        told: list[bytes] = []

        def answer(challenge: bytes) -> bytes:
            told.append(challenge)
            return bearer if len(told) == 1 else b"\x01"

        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            imap.authenticate("OAUTHBEARER", answer)
        assert json.loads(told[1]) == {"status": "invalid_token"}
    assert token not in box.log()


def test_a_failed_login_is_in_the_log(box: Sandbox) -> None:
    with client(box) as imap, pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        imap.login("mallory@dev.localhost", base64.b64encode(b"guess").decode())
    line = next(line for line in box.log().splitlines() if "mallory@" in line)
    assert "authentication failed" in line
    assert base64.b64encode(b"guess").decode() not in line


def test_certificates_and_attacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a CA, its people log in by certificate; who logged in well from an address is heard there."""
    authority = Authority()
    monkeypatch.setenv("MAILSTEAD_TLS_CLIENT_CA", str(authority.write(tmp_path / "ca.pem")))
    monkeypatch.setenv("MAILSTEAD_SECURITY_EXEMPT_LOOPBACK", "false")
    monkeypatch.setenv("MAILSTEAD_SECURITY_FAILED_LOGIN_DELAY", "0")
    with sandbox(tmp_path) as box:
        ada = authority.person(tmp_path, USER)
        with client(box, ada) as imap:
            assert "AUTH=EXTERNAL" in imap.capabilities
            assert imap.authenticate("EXTERNAL", lambda _: b"")[0] == "OK"
        with imaplib.IMAP4("127.0.0.1", box.port("imap"), timeout=30) as imap:
            imap.starttls(ada)
            assert imap.authenticate("EXTERNAL", lambda _: USER.encode())[0] == "OK"
        with client(box) as imap:
            assert "AUTH=EXTERNAL" not in imap.capabilities
        with pytest.raises((OSError, imaplib.IMAP4.error)), client(box, Authority().person(tmp_path, USER)):
            pass
        told = []
        for _ in range(6):
            with client(box) as imap, pytest.raises(imaplib.IMAP4.error) as refused:
                imap.login("you@dev.localhost", "guess")
            told.append(str(refused.value))
        assert "AUTHENTICATIONFAILED" in told[0]
        assert "[LIMIT]" in told[-1], told
        with client(box) as imap:
            assert imap.login(USER, box.password("ada"))[0] == "OK"
        assert box.stop() == 0
        assert "rate_limit_exceeded" in box.log()
        assert box.errors() == []
