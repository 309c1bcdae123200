"""The queue of a running server, by command line and HTTP: letters that an alias leads abroad, held at once."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.server import Sandbox, sandbox

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with three letters on their way to far.test; one of them came for `you` too."""
    with sandbox(tmp_path_factory.mktemp("queue"), "--no-samples") as box:
        for name, targets in (("x", ("someone@far.test",)), ("y", ("someone@far.test", "you@dev.localhost"))):
            assert box.cli("alias", "add", f"{name}@dev.localhost", *targets).returncode == 0
        with box.smtp() as client:
            for number, name in enumerate("xxy"):
                letter = (
                    f"From: me@example.org\r\nSubject: n{number}\r\nMessage-ID: <q{number}@example.org>\r\n\r\nhi\r\n"
                )
                client.sendmail("me@example.org", [f"{name}@dev.localhost"], letter)
        hold_all(box, 3)
        yield box
        assert box.stop() == 0
    assert box.errors() == []


def hold_all(box: Sandbox, count: int) -> None:
    """So many letters are to stay in the queue; those that are being tried are held once that is over."""
    for _ in range(100):
        assert box.cli("queue", "hold", "--all", "--reason", "for the test").returncode == 0
        if len(rows(box, "held")) == count:
            return
    raise AssertionError(box.cli("queue", "list").stdout)


def call(box: Sandbox, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    """Status and what was said."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{box.port('http')}{path}", data, method=method)
    request.add_header("Authorization", f"Bearer {box.ready['admin_token'] if token is None else token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            text = response.read()
            return response.status, json.loads(text) if response.headers.get_content_subtype() == "json" else text
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def rows(box: Sandbox, *words: str) -> list[Any]:
    said = box.cli("queue", "list", "--json", *words)
    assert said.returncode == 0, said.stderr
    return [json.loads(line) for line in said.stdout.splitlines()]


def test_the_same_is_seen_from_both_sides(away: Sandbox) -> None:
    listed = rows(away)
    status, shown = call(away, "GET", "/api/queue")
    assert status == 200
    assert [(one["id"], one["to"]) for one in shown] == [(one["id"], one["to"]) for one in listed]
    assert [one["subject"] for one in listed] == ["n0", "n1", "n2"]
    stats = json.loads(away.cli("queue", "stats", "--json").stdout)
    _, counted = call(away, "GET", "/api/queue/stats")
    assert stats["hold_count"] == counted["hold_count"] == 3
    assert counted["total_size"] == sum(one["size"] for one in listed)
    metrics = urllib.request.urlopen(f"http://127.0.0.1:{away.port('http')}/metrics", timeout=30).read().decode()
    assert 'elemta_queue_size{queue_type="held"} 3\n' in metrics
    number = listed[0]["id"]
    assert away.cli("queue", "view", number).stdout.endswith("\nhi\n")
    assert call(away, "GET", f"/api/queue/message/{number}?format=raw")[1].endswith(b"\r\nhi\r\n")


def test_a_trace_leads_to_both_places(away: Sandbox) -> None:
    """The number of the reply, the Message-ID and the number in the queue are names of the same story."""
    number = rows(away)[2]["id"]
    said = away.cli("message", "trace", "<q2@example.org>")
    assert said.returncode == 0
    assert "Filed in INBOX of you@dev.localhost" in said.stdout
    assert "now: someone@far.test is held for: " in said.stdout
    assert away.cli("message", "trace", number).stdout == said.stdout
    assert away.cli("message", "trace", "<nobody@example.org>").returncode == 68
    assert call(away, "GET", "/api/queue/message/q2@example.org/trace")[1]["filed"][0]["account"] == "you@dev.localhost"


def test_one_is_moved_and_another_dropped(away: Sandbox) -> None:
    first, second, _ = (one["id"] for one in rows(away))
    said = away.cli("queue", "reroute", "lmtp://127.0.0.1:1", first)
    assert said.stderr == f"undo: mailstead queue reroute policy {first}\n"
    assert [one["id"] for one in rows(away, "--destination", "lmtp://127.0.0.1:1")] == [first]
    assert away.cli("queue", "reroute", "policy", first).returncode == 0
    assert call(away, "POST", "/api/queue/hold/drop", {"expected": 7})[0] == 409
    assert call(away, "DELETE", f"/api/queue/message/{second}")[0] == 200
    assert len(rows(away)) == 2
    assert away.cli("queue", "drop", "--all").returncode == 2
    assert away.cli("queue", "delete-all", "--expect", "3").returncode == 1
    assert away.cli("queue", "delete-all", "--expect", "2", "--dry-run").returncode == 0
    assert len(rows(away, "held")) == 2


def test_only_administrators_call(away: Sandbox) -> None:
    assert call(away, "GET", "/api/queue", token="a guess")[0] == 401
    tokens = {}
    for person in ("you", "ada"):
        made = away.cli("token", "create", f"{person}@dev.localhost", "api", "--protocol", "api", "--json")
        tokens[person] = json.loads(made.stdout)["secret"]
    assert call(away, "GET", "/api/queue", token=tokens["you"])[0] == 200
    assert call(away, "GET", "/api/queue", token=tokens["ada"])[0] == 403


def test_a_login_is_verified(away: Sandbox, tmp_path: Path) -> None:
    good = away.cli("auth", "verify", "-u", "you@dev.localhost", "-p", "-", text=away.password("you"))
    assert (good.returncode, good.stdout) == (0, "you@dev.localhost may log in, as you@dev.localhost\n")
    bad = away.cli("auth", "verify", "-u", "you@dev.localhost", "-p", "-", text="s3cret-and-wrong")
    assert bad.returncode == 1
    assert "s3cret-and-wrong" not in away.log()


def test_without_the_server_the_same(tmp_path: Path) -> None:
    with sandbox(tmp_path, "--no-samples") as box:
        assert box.cli("alias", "add", "x@dev.localhost", "someone@far.test").returncode == 0
        with box.smtp() as client:
            client.sendmail("me@example.org", ["x@dev.localhost"], "Subject: one\r\n\r\nhi\r\n")
        hold_all(box, 1)
        assert box.stop() == 0
        (one,) = rows(box)
        assert one["subject"] == "one"
        assert box.cli("queue", "release", one["id"]).returncode == 0
        assert box.cli("queue", "drop", one["id"]).returncode == 0
        assert rows(box) == []
        assert box.cli("auth", "verify", "-u", "you", "-p", "-", text=box.password("you")).returncode == 0
        sent = box.cli("send", "-f", "you@dev.localhost", "-t", "ada@dev.localhost", text="Subject: x\n\ny\n")
        assert sent.returncode == 69


def test_a_letter_is_handed_in_and_another_returned(tmp_path: Path) -> None:
    with sandbox(tmp_path, "--no-samples") as box:
        text = "From: you@dev.localhost\nTo: ada@dev.localhost\nSubject: by hand\n\nhi\n"
        whom = "ada@dev.localhost,someone@far.test"
        assert box.cli("send", "-f", "you@dev.localhost", "-t", whom, "--dry-run", text=text).returncode == 0
        assert rows(box) == []
        sent = box.cli("send", "-f", "you@dev.localhost", "-t", whom, text=text)
        assert sent.returncode == 0, sent.stderr
        with box.imap("ada") as client:
            client.select("INBOX")
            assert client.search(None, "SUBJECT", '"by hand"')[1] == [b"1"]
        assert box.cli("send", "-f", "nobody@dev.localhost", "-t", whom, text=text).returncode == 68
        hold_all(box, 1)
        (one,) = rows(box)
        assert (one["from"], one["origin"]) == ("you@dev.localhost", "submitted")
        said = box.cli("queue", "bounce", one["id"], "--reason", "no such friend")
        assert (said.returncode, said.stderr) == (0, "There is no undo.\n")
        for _ in range(100):
            if [row["queue_type"] for row in rows(box)] == ["failed"]:
                break
        with box.imap("you") as client:
            client.select("INBOX")
            assert client.search(None, "TEXT", '"no such friend"')[1] == [b"1"]
        story = box.cli("message", "trace", one["id"]).stdout
        assert "given up, and the sender told, by " in story
