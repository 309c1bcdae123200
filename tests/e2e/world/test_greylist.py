"""Debian's Postfix is asked to come again, does so, and delivers; what was learned of it survives a restart."""

import json
import smtplib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.world.home import Home
from tests.support.world.letters import letter
from tests.support.world.postfix import Postfix
from tests.support.world.waiting import until
from tests.support.world.world import free_port

pytestmark = pytest.mark.e2e

HOST, PORT = "127.0.6.1", free_port()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("MAILSTEAD_SMTP_EXAMINE_NEIGHBOURS", "yes")  # Postfix is on this machine
    made = Home(folder=tmp_path)
    made.prepare(port=1, resolver=1, authorities=tmp_path)
    made.furnish()
    fields = "spf.enabled=off dkim.verify_enabled=off dmarc.enabled=off clamav.enabled=off greylist.delay_minutes=10"
    made.say("policy", "set", "--domain", made.domain, *fields.split(), "greylist.whitelist_after=1")
    return made


@pytest.fixture
def postfix(home: Home) -> Iterator[Postfix]:
    """It takes letters of this machine at HOST and brings them to us."""
    with tempfile.TemporaryDirectory(prefix="msg-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        hosts = {HOST: ("mynetworks = 127.0.0.0/8",)}
        with Postfix(Path(folder), PORT, hosts, (home.domain, home.base + 25)).running() as running:
            yield running


def hand_in(subject: str, sender: str, *to: str) -> None:
    with smtplib.SMTP(HOST, PORT, timeout=30) as client:
        client.sendmail(sender, to, letter(subject, author=sender))


def rows(home: Home, *words: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in home.say("greylist", *words, "--json").splitlines()]


def test_postfix_comes_again_and_is_known_from_then_on(home: Home, postfix: Postfix) -> None:
    with home.running():
        hand_in("first", "bob@world.test", "ann@home.test", "eve@home.test")
        postfix.wait_log("to=<ann@home.test>", "451 4.7.1 Greylisted, come again in 10 minutes")
        waiting = until(lambda: rows(home, "list", "--waiting"), home.log)
        assert {(row["client"], row["sender"], row["recipient"]) for row in waiting} == {
            ("127.0.0.0/24", "bob@world.test", "ann@home.test"), ("127.0.0.0/24", "bob@world.test", "eve@home.test"),
        }  # fmt: skip
        assert '"greylisted"' in home.log()
    with home.running():
        home.say("policy", "set", "--domain", home.domain, "greylist.delay_minutes=0")
        postfix.flush()
        for name in ("ann", "eve"):
            home.wait_letter("first", name)
        assert '"greylist passed"' in home.log()
        home.say("policy", "set", "--domain", home.domain, "greylist.delay_minutes=10")
        (friend,) = until(lambda: rows(home, "friends"), home.log)
        assert (friend["client"], friend["sender_domain"]) == ("127.0.0.0/24", "world.test")
        hand_in("second", "carol@world.test", "ann@home.test")
        home.wait_letter("second")
        assert home.say("greylist", "forget", "--sender", "@world.test").startswith("forgot ")
        assert rows(home, "friends") == rows(home, "list") == []
        hand_in("third", "carol@world.test", "ann@home.test")
        (again,) = until(lambda: rows(home, "list", "--waiting"), home.log)
        assert again["sender"] == "carol@world.test"
