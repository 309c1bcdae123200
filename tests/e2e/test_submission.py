"""Our own people send: by Python's client, swaks, curl and msmtp, against the real program."""

import hashlib
import json
import smtplib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage

import pytest

from tests.support.authority import Authority, stranger
from tests.support.programs import need
from tests.support.scram import ScramClient
from tests.support.server import Sandbox, sandbox

pytestmark = pytest.mark.e2e

YOU, ADA, TEAM = "you@dev.localhost", "ada@dev.localhost", "team@dev.localhost"


@contextmanager
def client(box: Sandbox) -> Iterator[smtplib.SMTP_SSL]:
    """Over TLS, not logged in."""
    with smtplib.SMTP_SSL("127.0.0.1", box.port("submissions"), context=stranger(), timeout=30) as smtp:
        smtp.ehlo()
        yield smtp


def letter(subject: str, *, author: str = YOU) -> EmailMessage:
    message = EmailMessage(policy.SMTP)
    message["From"], message["Subject"] = author, subject
    message.set_content("It works.\n")
    return message


def arrived(box: Sandbox, local: str, subject: str) -> str:
    """The one letter of that subject, as it was stored."""
    reader = box.imap(local)
    try:
        reader.select("INBOX")
        numbers = reader.search(None, f'SUBJECT "{subject}"')[1][0].split()
        assert len(numbers) == 1, numbers
        return reader.fetch(numbers[0].decode(), "(BODY[])")[1][0][1].decode()
    finally:
        reader.logout()


def run(*command: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=60, check=False, env={"PATH": "/usr/bin:/bin"}
    )


def test_a_letter_is_mended_and_says_nothing_of_its_author(box: Sandbox) -> None:
    with smtplib.SMTP("127.0.0.1", box.port("submission"), timeout=30) as smtp:
        smtp.ehlo("laptop-of-you")
        assert not smtp.has_extn("auth")
        assert smtp.docmd("MAIL", f"FROM:<{YOU}>")[0] == 530
        assert smtp.docmd("AUTH", "PLAIN AGEAYg==")[0] == 538
        smtp.starttls(context=stranger())
        smtp.login(YOU, box.password("you"))
        message = letter("mended")
        message["Bcc"] = TEAM
        smtp.sendmail(YOU, [ADA, TEAM], message.as_bytes())
    stored = arrived(box, "ada", "mended")
    assert "with ESMTPSA" in stored
    assert "Message-ID: <" in stored
    assert "Date: " in stored
    assert not any(word in stored for word in ("127.0.0.1", "laptop-of-you", "Bcc"))


def test_only_as_oneself(box: Sandbox) -> None:
    with client(box) as smtp:
        smtp.login(ADA, box.password("ada"))
        assert smtp.mail(YOU) == (553, f"5.7.1 Sender address rejected: not owned by user {ADA}".encode())
        with pytest.raises(smtplib.SMTPDataError) as refused:
            smtp.sendmail(ADA, [YOU], letter("forged").as_bytes())
        assert refused.value.smtp_code == 550
        smtp.sendmail(TEAM, ["you"], letter("of the team", author=TEAM).as_bytes())
        assert smtp.mail(ADA)[0] == 250
        assert smtp.rcpt("someone@elsewhere.invalid")[0] == 250
    assert "From: team@dev.localhost" in arrived(box, "you", "of the team")


def test_five_wrong_passwords_end_it(box: Sandbox) -> None:
    with one_to_hang_up_on(box) as smtp:
        codes = [smtp.docmd("AUTH", "PLAIN AHlvdQBndWVzcw==")[0] for _ in range(5)]
        assert codes == [535] * 5
        assert smtp.getreply()[0] == 421


@contextmanager
def one_to_hang_up_on(box: Sandbox) -> Iterator[smtplib.SMTP_SSL]:
    """A client that the server hangs up on: no QUIT."""
    smtp = smtplib.SMTP_SSL("127.0.0.1", box.port("submissions"), context=stranger(), timeout=60)
    try:
        smtp.ehlo()
        yield smtp
    finally:
        smtp.close()


def test_tokens_and_app_passwords(box: Sandbox) -> None:
    token = json.loads(box.cli("token", "create", YOU, "script", "--protocol", "smtp", "--json").stdout)["secret"]
    bearer = f"n,a={YOU},\x01auth=Bearer {token}\x01\x01"
    google = f"user={YOU}\x01auth=Bearer {token}\x01\x01"
    for mechanism, said in (("OAUTHBEARER", bearer), ("XOAUTH2", google)):
        with client(box) as smtp:
            assert smtp.auth(mechanism, lambda _=None, said=said: said)[0] == 235
    made = json.loads(box.cli("app-password", "add", YOU, "reader", "--protocol", "imap", "--json").stdout)["secret"]
    with client(box) as smtp, pytest.raises(smtplib.SMTPAuthenticationError):
        smtp.login(YOU, made)
    assert token not in box.log()


def test_scram_with_channel_binding(box: Sandbox) -> None:
    with client(box) as smtp:
        shown = smtp.sock.getpeercert(binary_form=True)
        core = ScramClient(
            YOU, box.password("you"), gs2="p=tls-server-end-point,,", binding=hashlib.sha256(shown).digest()
        )
        steps = iter((lambda _: core.first(), core.final, lambda said: core.check(said) or b""))
        answer = lambda said=None: next(steps)(said).decode()  # noqa: E731
        assert smtp.auth("SCRAM-SHA-256-PLUS", answer)[0] == 235


def test_certificates(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority()
    monkeypatch.setenv("MAILSTEAD_TLS_CLIENT_CA", str(authority.write(tmp_path / "ca.pem")))
    with sandbox(tmp_path, "--no-samples") as box:
        ada = authority.person(tmp_path, ADA)
        with smtplib.SMTP_SSL("127.0.0.1", box.port("submissions"), context=ada, timeout=30) as smtp:
            smtp.ehlo()
            assert "EXTERNAL" in smtp.esmtp_features["auth"]
            assert smtp.docmd("AUTH", "EXTERNAL =")[0] == 235
            assert smtp.mail(ADA)[0] == 250


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("way", [("submission", "--tls"), ("submissions", "--tlsc")], ids=["starttls", "tls"])
def test_swaks(box: Sandbox, way: tuple[str, str], mechanism: str) -> None:
    port, tls = way
    done = run(
        need("swaks"), "--server", "127.0.0.1", "--port", str(box.port(port)), tls, "--auth", mechanism,
        "--auth-user", YOU, "--auth-password", box.password("you"), "--from", YOU, "--to", f"{ADA},{TEAM}",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_swaks_without_a_login(box: Sandbox) -> None:
    port = str(box.port("submission"))
    done = run(need("swaks"), "--server", "127.0.0.1", "--port", port, "--tls", "--from", YOU, "--to", ADA)
    assert done.returncode == 23, done.stdout
    assert "530 5.7.0 Authentication required" in done.stdout


def test_curl(box: Sandbox) -> None:
    done = run(
        need("curl"), "-sS", "-k", f"smtps://127.0.0.1:{box.port('submissions')}", "-u", f"{YOU}:{box.password('you')}",
        "--mail-from", YOU, "--mail-rcpt", ADA, "-T", "-",
        text=f"From: {YOU}\r\nSubject: by curl\r\n\r\nhello\r\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "hello" in arrived(box, "ada", "by curl")


@pytest.mark.parametrize("mechanism", ["plain", "login", "scram-sha-256"])
def test_msmtp(box: Sandbox, mechanism: str) -> None:
    done = run(
        need("msmtp"), "--host=127.0.0.1", f"--port={box.port('submission')}", "--tls=on", "--tls-certcheck=off",
        f"--auth={mechanism}", f"--user={YOU}", f"--passwordeval=echo {box.password('you')}", f"--from={YOU}", ADA,
        text=f"Subject: by msmtp with {mechanism}\n\nhello\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "hello" in arrived(box, "ada", f"by msmtp with {mechanism}")
