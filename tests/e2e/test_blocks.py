"""Whoever is blocked is refused at once by every worker, in mu's words; and still is after the program was killed."""

import smtplib
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.programs import need
from tests.support.server import Sandbox, sandbox

pytestmark = pytest.mark.e2e

BLOCKED = (554, b"5.7.1 Transaction failed: sender blocked")
SESSIONS = 6
"""Enough that each worker has some of them."""


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAILSTEAD_SERVER_WORKERS", "2")
        with sandbox(tmp_path_factory.mktemp("sandbox"), "--no-samples") as running:
            yield running
    assert running.errors() == []


@contextmanager
def strangers(box: Sandbox) -> Iterator[list[smtplib.SMTP]]:
    with ExitStack() as stack:
        opened = [stack.enter_context(box.smtp()) for _ in range(SESSIONS)]
        for smtp in opened:
            smtp.ehlo("client.test")
        yield opened


def said(sessions: list[smtplib.SMTP], sender: str) -> set[tuple[int, bytes]]:
    """What each worker answers to MAIL now."""
    answers = set()
    for smtp in sessions:
        answers.add(smtp.mail(sender))
        smtp.rset()
    return answers


def test_blocked_at_once_everywhere_and_after_a_kill(box: Sandbox) -> None:
    with strangers(box) as sessions:
        assert {code for code, _ in said(sessions, "spammer@bad.com")} == {250}
        done = box.cli("blocklist", "add", "*@bad.com", "--reason", "spam")
        assert (done.returncode, done.stdout) == (0, "blocked *@bad.com\n")
        assert said(sessions, "spammer@bad.com") == {BLOCKED}
        assert {code for code, _ in said(sessions, "reformed@example.com")} == {250}
        assert box.cli("allowlist", "add", "reformed@bad.com").returncode == 0
        assert {code for code, _ in said(sessions, "reformed@bad.com")} == {250}
        curl = [
            need("curl"), "-sS", "-H", f"Authorization: Bearer {box.ready['admin_token']}",
            "-d", "action=block_ip", "-d", "ip=127.0.0.1", f"http://127.0.0.1:{box.port('http')}/admin/blocklist",
        ]  # fmt: skip
        answer = subprocess.run(curl, capture_output=True, text=True, check=True, timeout=30).stdout
        assert answer == '{"success": true, "blocked": "127.0.0.1"}'
        assert said(sessions, "reformed@example.com") == {BLOCKED}
        assert box.cli("blocklist", "remove", "127.0.0.1").returncode == 0
        assert {code for code, _ in said(sessions, "reformed@example.com")} == {250}
    box.kill()
    box.start()
    with strangers(box) as sessions:
        assert said(sessions, "spammer@bad.com") == {BLOCKED}
        done = box.cli("blocklist", "remove", "*@bad.com")
        assert done.stderr == "undo: mailstead blocklist add '*@bad.com' --reason spam\n"
        assert {code for code, _ in said(sessions, "spammer@bad.com")} == {250}
    log = box.log()
    for line in (
        "smtp: Rejected blocked sender: spammer@bad.com (IP: 127.0.0.1)",
        "mail: Blocked email: *@bad.com",
        "mail: Unblocked email: *@bad.com",
        "mail: Blocked IP: 127.0.0.1",
    ):
        assert line in log


def test_swaks_and_a_list_from_a_file(box: Sandbox, tmp_path: Path) -> None:
    kept = tmp_path / "blocklist.json"
    kept.write_text('{"emails": ["spammer@example.com", "*@spammydomain.com"], "ips": ["192.168.1.100"]}')
    lines = tmp_path / "more.txt"
    lines.write_text("# from the neighbours\n" + "".join(f"u{number}@bad.test\n" for number in range(1200)))
    assert box.cli("blocklist", "import", str(kept)).stdout == f"blocked 3 from {kept}\n"
    assert box.cli("blocklist", "import", str(lines), "--dry-run").stdout == f"would have blocked 1200 from {lines}\n"
    assert box.cli("blocklist", "import", str(lines)).returncode == 0
    assert len(box.cli("blocklist", "list", "--json").stdout.splitlines()) >= 1203
    checked = box.cli("blocklist", "check", "192.168.1.100", "u7@bad.test")
    assert [line.split("\t")[:2] for line in checked.stdout.splitlines()[1:]] == [
        ["block", "u7@bad.test"], ["block", "192.168.1.100"],
    ]  # fmt: skip
    command = [
        need("swaks"), "--server", f"127.0.0.1:{box.port('smtp')}", "--from", "x@spammydomain.com",
        "--to", "you@dev.localhost",
    ]  # fmt: skip
    talk = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "<** 554 5.7.1 Transaction failed: sender blocked" in talk.stdout
