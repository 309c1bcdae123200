"""What a domain wants is changed while its mail goes on: no session is closed, no worker restarted."""

import json
import queue
import smtplib
import socketserver
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_commands import Say, home, made, say  # noqa: F401 - fixtures
from tests.support.authority import stranger
from tests.support.server import Sandbox, sandbox

pytestmark = pytest.mark.e2e

DOMAIN, YOU = "dev.localhost", "you@dev.localhost"
SESSIONS = 6
"""Enough that each worker has some of them."""


class Next(socketserver.ThreadingTCPServer):
    """The next host: takes every letter and keeps what it was given."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.letters: queue.Queue[bytes] = queue.Queue()

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Next)
        self.wfile.write(b"220 next ESMTP\r\n")
        while line := self.rfile.readline(1000):
            match line[:4].upper():
                case b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    self.server.letters.put(b"".join(iter(self.rfile.readline, b".\r\n")))
                    self.wfile.write(b"250 taken\r\n")
                case b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                case _:
                    self.wfile.write(b"250 well\r\n")


@pytest.fixture
def next_host() -> Iterator[Next]:
    with Next() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def box(tmp_path: Path, next_host: Next, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox whose letters leave, by the next host."""
    monkeypatch.setenv("MAILSTEAD_OUTBOUND_MODE", "relay")
    monkeypatch.setenv("MAILSTEAD_OUTBOUND_RELAY_HOST", next_host.name)
    monkeypatch.setenv("MAILSTEAD_SERVER_WORKERS", "2")
    with sandbox(tmp_path) as running:
        yield running
    assert running.errors() == []


def put(box: Sandbox, path: str, body: dict[str, object]) -> Any:
    """By the admin API."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{box.port('http')}/api/domains/{path}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {box.ready['admin_token']}"},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


@contextmanager
def writers(box: Sandbox) -> Iterator[list[smtplib.SMTP_SSL]]:
    """People who have logged in and stay."""
    with ExitStack() as stack:
        opened = []
        for _ in range(SESSIONS):
            smtp = smtplib.SMTP_SSL("127.0.0.1", box.port("submissions"), context=stranger(), timeout=30)
            opened.append(stack.enter_context(smtp))
            smtp.login(YOU, box.password("you"))
        yield opened


def signed(people: list[smtplib.SMTP_SSL], next_host: Next) -> list[bool]:
    """Whether each one's next letter arrives with a signature."""
    for smtp in people:
        smtp.sendmail(YOU, ["bob@far.test"], f"From: {YOU}\r\nSubject: hi\r\n\r\nHello\r\n")
    return [b"DKIM-Signature:" in next_host.letters.get(timeout=60) for _ in people]


def test_signing_is_turned_off_and_on_while_letters_leave(box: Sandbox, next_host: Next) -> None:
    assert box.cli("dkim", "generate", "--domain", DOMAIN, "--algorithm", "ed25519").returncode == 0
    assert box.cli("dkim", "activate", "--domain", DOMAIN, "--selector", "default").returncode == 0
    workers = box.workers()
    with writers(box) as people:
        assert signed(people, next_host) == [True] * SESSIONS
        answer = put(box, f"{DOMAIN}/security", {"dkim": {"signing_enabled": False}})
        assert answer == {"message": "security configuration updated successfully", "domain": DOMAIN}
        assert signed(people, next_host) == [False] * SESSIONS
        done = box.cli("policy", "set", "--domain", DOMAIN, "dkim.signing_enabled=on")
        assert done.stdout == f"changed the policy of {DOMAIN}\n  dkim.signing_enabled  false -> true\n"
        assert signed(people, next_host) == [True] * SESSIONS
    assert box.workers() == workers
    told = [line for line in box.log().splitlines() if "policy.domain.changed" in line and '"api token"' in line]
    assert len(told) == 1
    assert "dkim.signing_enabled" in told[0]


def test_limits_of_a_domain_hold_for_the_next_command(box: Sandbox) -> None:
    with ExitStack() as stack:
        strangers = [stack.enter_context(box.smtp()) for _ in range(SESSIONS)]
        for smtp in strangers:
            smtp.ehlo()

        def tried(address: str) -> set[int]:
            codes = set()
            for smtp in strangers:
                smtp.mail("eve@far.test")
                codes.add(smtp.rcpt(address)[0])
                smtp.rset()
            return codes

        assert tried(f"nobody@{DOMAIN}") == {550}
        assert put(box, DOMAIN, {"catchall_email": YOU})["catchall_email"] == YOU
        assert tried(f"nobody@{DOMAIN}") == {250}
        put(box, DOMAIN, {"status": "suspended"})
        assert 250 not in tried(YOU)
        put(box, DOMAIN, {"status": "active", "max_users": 3, "max_mailbox_size": 1000})
        assert tried(YOU) == {250}
    refused = box.cli("user", "add", f"late@{DOMAIN}", "--password-stdin", text="long enough\n")
    assert "limit of 3 users" in refused.stderr
    put(box, DOMAIN, {"max_users": 4})
    added = box.cli("user", "add", f"late@{DOMAIN}", "--password-stdin", "--json", text="long enough\n")
    assert json.loads(added.stdout)["quota"] == 1000


def test_the_sandbox_lets_nobody_wait(box: Sandbox) -> None:
    shown = json.loads(box.cli("policy", "show", "--domain", DOMAIN, "--json").stdout)
    assert shown["greylist"]["enabled"] is False
    assert shown["rate_limit"]["smtp_per_user"] == '{"count":0,"window_minutes":60}'
    assert (shown["spf"]["fail_action"], shown["spf"]["softfail_action"]) == ("tag", "tag")
    template = json.loads(box.cli("policy", "default", "show", "--json").stdout)
    assert template["greylist"]["enabled"] is True


@pytest.mark.usefixtures("home")
def test_by_command_without_a_server(made: Say) -> None:  # noqa: F811 - a fixture
    assert "spam.reject_score=10.0\n" in made("policy", "show", "--domain", "example.com").out
    rehearsed = made("policy", "set", "--domain", "example.com", "spam.reject_score=8", "--dry-run")
    assert rehearsed.out == "would have changed the policy of example.com\n  spam.reject_score  10.0 -> 8.0\n"
    done = made("policy", "set", "--domain", "example.com", "spam.reject_score=8")
    assert done.err == "undo: mailstead policy set --domain example.com spam.reject_score=10.0\n"
    assert made("policy", "profile", "example.com", "mu", "--json").json["changes"][0]["field"] == "spf.fail_action"
    assert made("policy", "reset", "--domain", "example.com").code == 0
    again = made("policy", "reset", "--domain", "example.com")
    assert again.out == "changed nothing of example.com: it is so already\n"
    refused = made("policy", "set", "--domain", "example.com", "spf.fail_action=drop")
    assert (refused.code, "one of reject, quarantine, accept, tag" in refused.err) == (2, True)
    made("policy", "default", "set", "identity.max_users=7", "greylist.enabled=no")
    assert made("domain", "add", "new.test", "--json").json["max_users"] == 7
    assert made("policy", "show", "--domain", "new.test", "--json").json["greylist"]["enabled"] is False
    assert made("policy", "default", "reset", "greylist").out == (
        "changed the policy of _default\n  greylist.enabled  false -> true\n"
    )
