"""Limits and blocks on the real program, with clients that come through a proxy and so have addresses of their own."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.test_policy import put
from tests.support.proxied import (
    SETTINGS,
    Smtp,
    connect,
    log_in_by_imap,
    log_in_by_pop3,
    log_in_by_smtp,
    plain,
    submitter,
)
from tests.support.server import Sandbox, sandbox

pytestmark = pytest.mark.e2e

DOMAIN, YOU, FRIEND = "dev.localhost", "you@dev.localhost", "somebody@dev.localhost"
HERE, THERE, ELSEWHERE = "203.0.113.7", "198.51.100.9", "192.0.2.4"
LOCAL, FRIENDS = "127.0.0.2", "100.64.11.1"
CRACKER, HOME = "100.64.9.7", "100.64.10.1"
TOO_MANY = "421 4.7.1 Too many connections from your IP. Please try again later."

LogIn = Callable[[Sandbox, str, str, str], str]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One for all: each test has clients of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        with sandbox(tmp_path_factory.mktemp("limits")) as made:
            yield made
    assert made.errors() == []


@pytest.fixture
def box(running: Sandbox) -> Sandbox:
    """Without any limit, as the sandbox begins."""
    assert running.cli("policy", "profile", DOMAIN, "dev").returncode == 0
    return running


def greeting(box: Sandbox, ip: str = HERE) -> str:
    """The first line that a stranger is told."""
    with connect(box.port("smtp"), ip) as line:
        return told(line)


def told(line: socket.socket) -> str:
    with line.makefile("rb") as reader:
        return reader.readline().decode().rstrip()


def welcomed(box: Sandbox, times: int, ip: str = HERE) -> int:
    """How many of so many connections are greeted; the others are told that they are too many."""
    lines = [greeting(box, ip) for _ in range(times)]
    welcome = [line for line in lines if line.startswith("220 ")]
    assert [line for line in lines if line not in welcome] == [TOO_MANY] * (times - len(welcome))
    return len(welcome)


def rate(box: Sandbox, **columns: str) -> None:
    put(box, f"{DOMAIN}/security", {"rate_limit": columns})


def exceeded(box: Sandbox, ip: str) -> list[tuple[object, ...]]:
    """What the log says of an address: the column, the limit, and whom else it is about."""
    lines = [json.loads(line) for line in box.log().splitlines() if "rate_limit_exceeded" in line]
    return [(line["reason"], line["limit"], line.get("username", "")) for line in lines if line["client_ip"] == ip]


def used(box: Sandbox, who: str) -> dict[tuple[str, str, str], tuple[int, int]]:
    """What `limits show` says, of all domains."""
    rows = map(json.loads, box.cli("limits", "show", who, "--domain", DOMAIN, "--json").stdout.splitlines())
    found = {(row["field"], row["subject"], row["domain"]): (row["count"], row["limit"]) for row in rows}
    return {key: counts for key, counts in found.items() if not key[2]}


def letters(client: Smtp, sender: str, times: int) -> list[str]:
    """The reply to RCPT of so many letters that are begun."""
    replies = []
    for _ in range(times):
        client.mail(sender)
        code, words = client.rcpt(YOU)
        replies.append(f"{code} {words.decode()}")
        client.rset()
    return replies


def test_a_limit_is_changed_while_mail_comes(box: Sandbox) -> None:
    """Exact over both workers, of which one is killed, and at once."""
    workers = set(box.workers())
    assert welcomed(box, 8) == 8
    stays = Smtp(box.port("smtp"), HERE)
    stays.ehlo()
    rate(box, smtp_per_ip="20/60")
    assert welcomed(box, 12) == 12
    killed = workers.pop()
    os.kill(killed, signal.SIGKILL)
    assert welcomed(box, 12) == 8
    assert welcomed(box, 1, THERE) == 1
    rate(box, smtp_per_ip="23/60")
    assert welcomed(box, 4) == 3
    rate(box, enabled="off")
    assert welcomed(box, 3) == 3
    assert workers < set(box.workers())
    assert exceeded(box, HERE) == [("smtp_per_ip", 20, "")] * 4 + [("smtp_per_ip", 23, "")]
    rate(box, enabled="on")
    assert used(box, HERE) == {
        ("rate_limit.smtp_per_ip", HERE, ""): (23, 23),
        ("rate_limit.auth_per_ip", HERE, ""): (0, 10),
    }


def test_letters_of_a_sender_and_for_a_domain(box: Sandbox) -> None:
    with Smtp(box.port("smtp"), THERE) as client:
        client.ehlo()
        assert letters(client, "eve@far.test", 3) == ["250 2.1.5 Ok"] * 3
        rate(box, smtp_per_sender="2/60")
        *taken, late = letters(client, "eve@far.test", 3)
        assert taken == ["250 2.1.5 Ok"] * 2
        assert late == "450 4.7.1 Too many messages from this sender. Please try again later."
        assert letters(client, "Eve+x@far.test", 1) == ["250 2.1.5 Ok"]
        assert letters(client, "", 3) == ["250 2.1.5 Ok"] * 3, "notices have no sender"
        rate(box, smtp_per_domain="1/60", smtp_per_sender="0/60")
        taken, late = letters(client, "eve@far.test", 2)
        assert (taken, late) == (
            "250 2.1.5 Ok", "450 4.7.1 Too much mail for this domain. Please try again later.",
        )  # fmt: skip


def test_the_profile_of_mu(box: Sandbox) -> None:
    assert box.cli("policy", "profile", DOMAIN, "mu").returncode == 0
    with Smtp(box.port("smtp"), ELSEWHERE) as client:
        client.ehlo()
        assert welcomed(box, 12, ELSEWHERE) == 9
        *taken, late = letters(client, "mia@far.test", 101)
        assert set(taken) == {"250 2.1.5 Ok"}
        assert late.startswith("450 4.7.1 Too many messages from this sender")


def test_what_people_hand_in(box: Sandbox) -> None:
    rate(box, smtp_per_user="2/60")
    client = submitter(box, HERE)
    assert plain(client, YOU, box.password("you")).startswith("235")
    for _ in range(2):
        assert client.mail(YOU)[0] == 250
        client.rset()
    code, words = client.mail(YOU)
    assert (code, words) == (450, f"4.7.1 Sending limit reached: at most 2 letters in 60 minutes for {YOU}".encode())
    client.close()
    assert exceeded(box, HERE)[-1] == ("smtp_per_user", 2, YOU)


def test_logins_by_imap_have_a_rate(box: Sandbox) -> None:
    rate(box, imap_per_user="2/60")
    said = [log_in_by_imap(box, HERE, YOU, box.password("you")) for _ in range(3)]
    assert [words.partition(" ")[0] for words in said] == ["OK", "OK", "[LIMIT]"]
    assert log_in_by_pop3(box, HERE, YOU, box.password("you")).startswith("+OK")


@pytest.fixture
def ways() -> tuple[LogIn, ...]:
    return log_in_by_smtp, log_in_by_imap, log_in_by_pop3


def test_guessing_is_ended_by_all_protocols_together(box: Sandbox, ways: tuple[LogIn, ...]) -> None:
    good = box.password("you")
    smtp, imap, pop3 = ways
    assert imap(box, HOME, YOU, good).startswith("OK"), "the owner, from home"
    for way in (smtp, imap, pop3, smtp, imap):
        assert way(box, CRACKER, YOU, "a guess").partition(" ")[0] in ("535", "[AUTHENTICATIONFAILED]", "-ERR")
    expected = (
        "421 4.7.1 Too many failed logins",
        "[LIMIT] Too many failed logins",
        "-ERR [SYS/TEMP] Too many failed logins",
    )
    for way, words in zip(ways, expected, strict=True):
        assert way(box, CRACKER, YOU, good).startswith(words)
    assert smtp(box, "100.64.9.8", YOU, good).startswith("235"), "a neighbour"
    for _ in range(5):
        assert smtp(box, HOME, "nobody", "a guess").startswith("535")
    assert smtp(box, HOME, FRIEND, "whatever it is").startswith("421 4.7.1")
    for way in ways:
        assert way(box, HOME, YOU, good).partition(" ")[0] in ("235", "OK", "+OK"), "known there"
    assert f"{CRACKER}\t{DOMAIN}\t5\t" in box.cli("blocks", "list").stdout
    shown = box.cli("blocks", "list", "--json")
    assert {json.loads(line)["subject"] for line in shown.stdout.splitlines() if "subject" in line} == {CRACKER, HOME}
    box.stop()
    box.start()
    assert smtp(box, CRACKER, YOU, good).startswith("421 4.7.1"), "it outlives the program"
    rehearsed = box.cli("blocks", "remove", CRACKER, "--dry-run")
    assert (rehearsed.returncode, smtp(box, CRACKER, YOU, good)[:3]) == (0, "421")
    removed = box.cli("blocks", "remove", CRACKER)
    assert removed.stdout == f"heard again: {CRACKER} at {DOMAIN}\n"
    assert smtp(box, CRACKER, YOU, good).startswith("235")
    assert smtp(box, CRACKER, YOU, "a guess").startswith("535"), "and it begins anew"


def test_this_machine_is_exempt(box: Sandbox) -> None:
    rate(box, smtp_per_ip="3/60")
    assert welcomed(box, 5, LOCAL) == 5
    for _ in range(7):
        assert log_in_by_smtp(box, LOCAL, YOU, "a guess").startswith("535")
    assert log_in_by_smtp(box, LOCAL, YOU, box.password("you")).startswith("235")


def test_who_is_on_the_allow_list_meets_no_limit(box: Sandbox) -> None:
    rate(box, smtp_per_ip="1/60")
    assert welcomed(box, 2, FRIENDS) == 1
    assert box.cli("allowlist", "add", FRIENDS).returncode == 0
    assert welcomed(box, 3, FRIENDS) == 3
    for _ in range(6):
        assert log_in_by_smtp(box, FRIENDS, YOU, "a guess").startswith("535")
    assert box.cli("allowlist", "remove", FRIENDS).returncode == 0
    assert welcomed(box, 1, FRIENDS) == 0


def test_unless_told_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MAILSTEAD_SECURITY_EXEMPT_LOOPBACK", "false")
    monkeypatch.setenv("MAILSTEAD_SECURITY_ALLOW_NETWORKS", "203.0.113.0/24")
    with sandbox(tmp_path) as box:
        rate(box, smtp_per_ip="3/60")
        assert welcomed(box, 5, LOCAL) == 3
        assert welcomed(box, 5, HERE) == 5
        for _ in range(5):
            assert log_in_by_smtp(box, LOCAL, YOU, "a guess").startswith("535")
        assert log_in_by_smtp(box, LOCAL, YOU, box.password("you")).startswith("421 4.7.1")
