"""A second factor on the real program: every protocol, both workers, and after a kill."""

import base64
import imaplib
import json
import poplib
import smtplib
import subprocess
import time
from collections.abc import Iterator

import pytest

from mailstead.ground.formats.totp import code_at, step_of
from mailstead.ground.model.ids import Instant
from tests.support.authority import stranger
from tests.support.programs import need
from tests.support.server import Sandbox, sandbox

pytestmark = pytest.mark.e2e

ADA = "ada@dev.localhost"
SAID = "This account has a second factor: use an app password or a token"
TRIES = 4
"""Enough that each worker is asked."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAILSTEAD_SERVER_WORKERS", "2")
        patch.setenv("MAILSTEAD_SECURITY_FAILED_LOGIN_DELAY", "10ms")  # wrong codes are shown on purpose
        with sandbox(tmp_path_factory.mktemp("sandbox"), "--no-samples") as running:
            yield running
    assert running.errors() == []


def imap(box: Sandbox, password: str) -> str:
    client = imaplib.IMAP4_SSL("127.0.0.1", box.port("imaps"), ssl_context=stranger(), timeout=30)
    try:
        return client.login(ADA, password)[0]
    except imaplib.IMAP4.error as error:
        return error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
    finally:
        client.shutdown()


def pop3(box: Sandbox, password: str) -> str:
    client = poplib.POP3_SSL("127.0.0.1", box.port("pop3s"), context=stranger(), timeout=30)
    try:
        client.user(ADA)
        return client.pass_(password).decode()[:3]
    except poplib.error_proto as error:
        return error.args[0].decode()
    finally:
        client.close()


def smtp(box: Sandbox, password: str) -> str:
    with smtplib.SMTP_SSL("127.0.0.1", box.port("submissions"), context=stranger(), timeout=30) as client:
        client.ehlo("laptop")
        code, words = client.docmd("AUTH", "PLAIN " + base64.b64encode(f"\0{ADA}\0{password}".encode()).decode())
        return f"{code} {words.decode()}"


def api(box: Sandbox, password: str, code: str = "") -> tuple[int, str]:
    body = json.dumps({"email": ADA, "password": password, "totp_code": code})
    url = f"http://127.0.0.1:{box.port('http')}/api/v1/auth/login"
    command = [need("curl"), "-sS", "-w", "\n%{http_code}", "-H", "Content-Type: application/json", "-d", body, url]
    said, _, status = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.rpartition(
        "\n"
    )
    answer = json.loads(said)
    return int(status), answer.get("error", "")


def test_the_password_alone_no_longer_does(box: Sandbox) -> None:
    password = box.password("ada")
    assert imap(box, password) == "OK"
    made = json.loads(box.cli("user", "totp", "enroll", ADA, "--json").stdout)
    secret = base64.b32decode(made["secret"])

    def code(drift: int = 0) -> str:
        return code_at(secret, step_of(Instant(int(time.time() * 1000))) + drift)

    confirmed = box.cli("user", "totp", "confirm", ADA, code(-1))
    recovery = confirmed.stdout.split()
    assert (confirmed.returncode, len(recovery)) == (0, 10), confirmed.stderr
    for _ in range(TRIES):
        assert imap(box, password) == f"[AUTHENTICATIONFAILED] {SAID}"
        assert pop3(box, password) == f"-ERR [AUTH] {SAID}"
        assert smtp(box, password) == f"535 5.7.8 {SAID}"
    assert smtp(box, "wrong") == "535 5.7.8 Authentication failed"
    phone = json.loads(box.cli("app-password", "add", ADA, "phone", "--json").stdout)["secret"]
    for _ in range(TRIES):
        assert (imap(box, phone), pop3(box, phone), smtp(box, phone)[:3]) == ("OK", "+OK", "235")
    assert api(box, password) == (401, "code required")
    shown = code(1)  # the latest that is taken now, whatever the clock does meanwhile
    assert [api(box, password, shown)[0] for _ in range(TRIES)] == [200] + [401] * (TRIES - 1)
    box.kill()
    box.start()
    assert api(box, password, shown)[0] == 401, "used up for ever"
    assert [api(box, password, recovery[0])[0] for _ in range(2)] == [200, 401]
    assert imap(box, password) == f"[AUTHENTICATIONFAILED] {SAID}"
    status = box.cli("user", "totp", "status", ADA).stdout
    assert status.endswith("9 recovery codes left\n")
    assert box.cli("user", "totp", "remove", ADA).returncode == 0
    assert (imap(box, password), api(box, password)[0]) == ("OK", 200)
    for told in (made["secret"], recovery[0], recovery[1], phone):
        assert told not in box.log()


def test_a_domain_asks_its_people(box: Sandbox) -> None:
    password = box.password("ada")
    changed = box.cli("policy", "set", "--domain", "dev.localhost", "auth.totp_enforced=on")
    assert changed.returncode == 0
    for _ in range(TRIES):
        assert imap(box, password) == f"[AUTHENTICATIONFAILED] {SAID}"
    laptop = json.loads(box.cli("app-password", "add", ADA, "laptop", "--json").stdout)["secret"]
    assert imap(box, laptop) == "OK"
    assert api(box, password) == (401, "unauthorized")
    assert box.cli("policy", "set", "--domain", "dev.localhost", "auth.totp_enforced=off").returncode == 0
    assert imap(box, password) == "OK"
