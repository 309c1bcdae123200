"""Hooks of the real program: asked at RCPT and of letters, told of what was filed, changed while it runs."""

import json
from collections.abc import Iterator

import pytest

from tests.support.filters.judging import judging_box, send
from tests.support.receiving import Receiver, receiver
from tests.support.server import Sandbox

pytestmark = pytest.mark.e2e
LETTER = b"From: eve@far.test\r\nTo: ada@dev.localhost\r\nSubject: %s\r\nMessage-ID: <%s@far.test>\r\n\r\nhello\r\n"


@pytest.fixture(scope="module")
def hearing() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with judging_box(tmp_path_factory.mktemp("hooks"), {"allow_fetch": "127.0.0.1"}) as running:
        yield running


@pytest.fixture
def hook(box: Sandbox, hearing: Receiver) -> Iterator[object]:
    names: list[str] = []
    hearing.answers.clear()
    hearing.calls.queue.clear()

    def add(name: str, *options: str) -> dict[str, object]:
        done = box.cli("hook", "add", name, hearing.url, *options, "--json")
        assert done.returncode == 0, done.stderr
        names.append(name)
        return dict(json.loads(done.stdout))

    yield add
    for name in names:
        assert box.cli("hook", "remove", name).returncode == 0


def letter(word: str) -> bytes:
    return LETTER % (word.encode(), word.encode())


def test_from_the_command_line(box: Sandbox, hearing: Receiver, hook: object) -> None:
    rehearsed = box.cli("hook", "add", "dry", hearing.url, "--stage", "rcpt", "--dry-run")
    assert rehearsed.stdout.startswith("would have added the hook dry")
    made = hook("crm", "--stage", "message.inbound", "--domain", "dev.localhost")  # type: ignore[operator]
    assert str(made["secret"]).startswith("whsec_")
    listed = json.loads(box.cli("hook", "list", "--json").stdout)
    assert (listed["name"], listed["domains"], "secret" in listed) == ("crm", ["dev.localhost"], False)
    hearing.answers["message.inbound"] = {"action": "quarantine", "add_labels": ["x"]}
    tried = box.cli("hook", "test", "crm")
    assert (tried.returncode, tried.stdout) == (0, "crm answers at message.inbound: quarantine, labels x\n")
    hearing.answers["message.inbound"] = 500
    tried = box.cli("hook", "test", "crm")
    assert (tried.returncode, tried.stdout) == (1, "crm gives no answer at message.inbound: it answers 500\n")


def test_recipients(box: Sandbox, hearing: Receiver, hook: object) -> None:
    hook("gate", "--stage", "rcpt")  # type: ignore[operator]
    hearing.answers["rcpt"] = {"action": "reject", "message": "Ada is away"}
    with box.smtp() as client:
        client.ehlo("mail.far.test")
        client.mail("eve@far.test")
        assert client.rcpt("ada@dev.localhost") == (554, b"5.7.1 Ada is away")
        hearing.answers["rcpt"] = {"action": "retry"}
        assert client.rcpt("ada@dev.localhost")[0] == 451
        hearing.answers["rcpt"] = {}
        assert client.rcpt("ada@dev.localhost")[0] == 250


def test_letters(box: Sandbox, hearing: Receiver, hook: object) -> None:
    hook("all", "--stage", "message.inbound", "--stage", "message.delivered")  # type: ignore[operator]
    hearing.answers["message.inbound"] = {"add_labels": ["bill"], "mark_starred": True}
    assert send(box, letter("marked"))[0] == 250
    assert b"Subject: marked" in hearing.next("message.inbound").body
    told = hearing.next("message.delivered")
    assert told.body.startswith(b"Return-Path: <eve@far.test>")
    assert (told.headers["X-StMsg-Mailbox"], told.headers["X-StMsg-Is-Spam"]) == ("ada@dev.localhost", "false")
    reader = box.imap("ada")
    reader.select("INBOX")
    assert reader.search(None, "SUBJECT marked KEYWORD bill FLAGGED")[1][0]
    for answer, code in (({"action": "reject"}, 554), ({"action": "drop"}, 250)):
        hearing.answers["message.inbound"] = answer
        assert send(box, letter("gone"))[0] == code
    reader.noop()
    assert reader.search(None, "SUBJECT gone")[1] == [b""]
    hearing.answers["message.inbound"] = {"is_spam": True}
    assert send(box, letter("junky"))[0] == 250
    assert hearing.next("message.delivered").headers["X-StMsg-Is-Spam"] == "true"
    reader.select("Junk")
    assert reader.search(None, "SUBJECT junky")[1][0]
    reader.logout()


def test_what_was_not_told_is_told_again(box: Sandbox, hearing: Receiver, hook: object) -> None:
    hook("crm", "--stage", "message.delivered")  # type: ignore[operator]
    hearing.answers["message.delivered"] = 503
    assert send(box, letter("patient"))[0] == 250
    hearing.next("message.delivered")
    hearing.answers["message.delivered"] = {}
    assert b"Subject: patient" in hearing.next("message.delivered").body
    assert not box.errors()


def test_a_letter_that_waits_to_be_judged_outlives_a_kill(box: Sandbox, hearing: Receiver, hook: object) -> None:
    hook("gate", "--stage", "message.inbound")  # type: ignore[operator]
    hearing.answers["message.inbound"] = {"action": "retry"}
    assert send(box, letter("later"))[0] == 250
    box.kill()
    box.start()
    (entry,) = [json.loads(line) for line in box.cli("queue", "list", "--json").stdout.splitlines()]
    assert (entry["queue_type"], entry["destination"], entry["origin"]) == ("deferred", "(judging)", "to be judged")
    assert entry["last_error"].startswith("waits to be judged: hook gate asks to judge again")
    explained = box.cli("message", "explain", "<later@far.test>").stdout
    assert "waits to be judged: hook gate asks to judge again" in explained, explained
    reader = box.imap("ada")
    reader.select("INBOX")
    assert reader.search(None, "SUBJECT later")[1] == [b""]
    hearing.answers["message.inbound"] = {}
    assert box.cli("queue", "retry", entry["id"]).returncode == 0
    while not (found := reader.search(None, "SUBJECT later")[1][0].split()):
        hearing.next("message.inbound")
        reader.noop()
    assert len(found) == 1
    reader.logout()
    explained = box.cli("message", "explain", "<later@far.test>").stdout
    assert "Filed in INBOX of ada@dev.localhost" in explained, explained
