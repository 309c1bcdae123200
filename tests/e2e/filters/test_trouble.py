"""A scanner in every mood: each domain gets what it wants, in one transaction, and the scanner its pause."""

import json
from collections.abc import Iterator

import pytest

from tests.support.filters.actor import Actor, Mood, actor
from tests.support.filters.judging import fetch, judging_box, send, set_policy, told
from tests.support.filters.letters import letter
from tests.support.server import Sandbox
from tests.support.world.waiting import until

pytestmark = pytest.mark.e2e

OPEN, CLOSED = "ada@dev.localhost", "ada@closed.test"
LONG = b"x" * 76 + b"\r\n"


@pytest.fixture(scope="module")
def scanner() -> Iterator[Actor]:
    with actor() as made:
        yield made


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, scanner: Actor) -> Iterator[Sandbox]:
    """One worker; two domains, of which the second takes nothing unscanned."""
    security = {
        "clamav_host": "127.0.0.1", "clamav_port": scanner.port, "clamav_timeout": "1s", "filters_failures": 3,
        "filters_pause": "2s", "own_filter_enabled": "no",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAILSTEAD_SERVER_WORKERS", "1")
        with judging_box(tmp_path_factory.mktemp("trouble"), security) as running:
            for command in (("domain", "add", "closed.test"), ("user", "add", CLOSED, "--password-stdin")):
                done = running.cli(*command, text="a long password\n")
                assert done.returncode == 0, done.stderr
            set_policy(running, "spf.enabled=off", "dmarc.enabled=off", "dkim.verify_enabled=off",
                       "greylist.enabled=off", "clamav.fail_action=reject", domain="closed.test")  # fmt: skip
            yield running


@pytest.fixture(autouse=True)
def recovered(box: Sandbox, scanner: Actor) -> Iterator[None]:
    """Afterwards it is well again, and asked."""
    yield
    scanner.mood = Mood.WELL

    def is_asked() -> bool:
        before = scanner.visitors
        assert send(box, letter("well"), OPEN)[0] == 250
        return scanner.visitors > before

    until(is_asked)


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.GARBAGE, Mood.ENDLESS, Mood.DYING])
def test_each_domain_decides(box: Sandbox, scanner: Actor, mood: Mood) -> None:
    subject, body = f"while it {mood.name.lower()}", LONG * 20_000
    assert send(box, letter(subject, body), CLOSED)[0] == 250  # it is well
    scanner.mood = mood
    assert send(box, letter(subject, body), CLOSED) == (451, b"4.7.1 Message cannot be judged now, try again later")
    assert send(box, letter(subject, body), OPEN, CLOSED)[0] == 250
    assert b"X-Mailstead-Reason" not in fetch(box, subject)
    assert told(box, "filter.question.silent")[-1]["filter"] == "clamav"


def test_who_keeps_failing_is_left_alone_for_a_while(box: Sandbox, scanner: Actor) -> None:
    opened, closed = len(told(box, "filter.breaker.opened")), len(told(box, "filter.breaker.closed"))
    scanner.mood = Mood.GARBAGE
    before = scanner.visitors
    for number in range(8):
        assert send(box, letter(f"failing {number}"), OPEN)[0] == 250
    assert len(told(box, "filter.breaker.opened")) > opened
    assert 3 <= scanner.visitors - before < 8
    (row,) = [row for row in rows(box) if row["name"] == "clamav"]
    assert row["state"] == "left alone"
    assert row["reason"].endswith("its reply is none of clamd's")
    scanner.mood = Mood.WELL

    def is_closed() -> bool:
        send(box, letter("trying"), OPEN)
        return len(told(box, "filter.breaker.closed")) > closed

    until(is_closed)
    (row,) = [row for row in rows(box) if row["name"] == "clamav"]
    assert (row["state"], row["workers_leaving_it"], row["reason"]) == ("asked", 0, "")
    assert row["silent"] >= 8


def rows(box: Sandbox) -> list[dict[str, object]]:
    done = box.cli("filter", "list", "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
