"""The commands of the queue: what they ask, what they say, how they end."""

import base64
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import click
import pytest

from mailstead.cli import queue_moves
from mailstead.cli.main import root, run
from mailstead.cli.queue_options import SPAN
from mailstead.cli.shell import Shell

Json = dict[str, Any]
MOVED = {"letters": 1, "recipients": 2, "busy": 0, "bytes": 9, "undo": None}


@dataclass
class Server:
    """In place of a running one: answers by command, remembers what was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, list[Json]] = field(default_factory=dict)
    asked: list[tuple[str, Json]] = field(default_factory=list)

    def ask(self, command: str, args: Json | None = None, **hear: Callable[[Json], None]) -> Json:
        self.asked.append((command, {name: value for name, value in (args or {}).items() if value not in (None, "")}))
        for row in self.rows.get(command, []):
            hear["row"](row)
        answer = self.answers.get(command, MOVED)
        return dict(answer)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(Shell, "ask", made.ask)
    return made


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def meant(*words: str, **more: Any) -> Json:
    return {"ids": list(words), "every": False, "dry_run": False} | more


@pytest.mark.parametrize(
    ("line", "command", "args"),
    [
        ("process", "queue.process", meant()),
        ("flush deferred", "queue.process", meant(every=True, queue="deferred")),
        ("retry 1 2", "queue.retry", meant("1", "2")),
        ("retry-all --queue failed", "queue.retry", meant(every=True, queue="failed")),
        ("hold 1", "queue.hold", meant("1", hold_reason="held by hand")),
        ("hold-all --reason why", "queue.hold", meant(every=True, hold_reason="why")),
        ("release --reason why", "queue.release", meant(reason="why")),
        ("release-all", "queue.release", meant(every=True)),
        ("reroute smtp://r.test 1 --dry-run", "queue.reroute", meant("1", route="smtp://r.test", dry_run=True)),
        ("bounce --sender @x.test --reason no", "queue.bounce", meant(sender="@x.test", hold_reason="no")),
        ("drop 1", "queue.drop", meant("1")),
        ("delete 1", "queue.drop", meant("1")),
        ("delete-all --expect 4", "queue.drop", meant(every=True, expected=4)),
        ("drop --older-than 2h --younger-than 1d --expect 1", "queue.drop",
         meant(older_than=7_200_000, younger_than=86_400_000, expected=1)),
    ],
)  # fmt: skip
def test_what_a_move_asks(server: Server, line: str, command: str, args: Json) -> None:
    assert run(["queue", *line.split()]) == 0
    assert server.asked == [(command, args)]


def test_what_a_move_says(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers["queue.hold"] = MOVED | {"busy": 3, "undo": "mailstead queue release 1"}
    assert run(["queue", "hold", "1"]) == 0
    told = capsys.readouterr()
    assert told.out == "held 1 letter to 2 recipients; 3 being tried right now were left alone\n"
    assert told.err == "undo: mailstead queue release 1\n"
    assert run(["queue", "bounce", "1"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("given up, and returned, 1 letter to 2 recipients\n", "There is no undo.\n")
    assert run(["queue", "drop", "1", "--dry-run"]) == 0
    assert capsys.readouterr().out == "would have dropped 1 letter to 2 recipients\n"
    assert run(["queue", "drop", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == MOVED


def test_many_are_dropped_by_whoever_knows_how_many(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers["queue.drop"] = MOVED | {"letters": 12}
    feed(monkeypatch, b"")
    assert run(["queue", "drop", "--all"]) == 2
    assert "say --expect 12 if you mean it" in capsys.readouterr().err
    assert [args["dry_run"] for _, args in server.asked] == [True]

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(click, "prompt", lambda *_, **__: "11")
    assert run(["queue", "drop", "--all"]) == 130
    monkeypatch.setattr(click, "prompt", lambda *_, **__: "12")
    assert run(["queue", "drop", "--all"]) == 0
    assert server.asked[-1] == ("queue.drop", meant(every=True, expected=12))


def test_lists(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "id": "5", "queue_type": "held", "created_at": "then", "size": 2048, "from": "", "to": ["a@b", "c@d"],
        "retry_count": 2, "next_retry": None, "hold_reason": "look", "last_error": "no",
    }  # fmt: skip
    server.rows["queue.list"] = [row]
    assert run(["queue", "list", "held", "--destination", "b.test"]) == 0
    assert capsys.readouterr().out == "5\theld\tthen\t2.0 KB\t<>\ta@b and 1 more\t2\t-\tlook\n"
    assert server.asked == [("queue.list", {"queue": "held", "destination": "b.test", "limit": 1000})]
    server.rows["queue.shape"] = [{"destination": "b.test", "total": 7, "ages": [0, 1, 2, 3, 0, 1, 0]}]
    assert run(["queue", "shape"]) == 0
    assert capsys.readouterr().out == "b.test\t7\t0\t1\t2\t3\t0\t1\t0\n"
    lane = {"destination": "b.test", "paused_until": None, "failures": 3, "reason": "nobody there"}
    server.rows["queue.lanes"] = [lane]
    assert run(["queue", "lanes", "--all"]) == 0
    assert capsys.readouterr().out == "b.test\t-\t3\tnobody there\n"
    tally = {"letters": 1, "recipients": 2, "bytes": 10, "oldest": None}
    server.answers["queue.stats"] = {"queues": {"held": tally}, "total": tally | {"oldest": "then"}}
    assert run(["queue", "stats"]) == 0
    assert capsys.readouterr().out == "held\t1\t2\t10 B\t-\ntogether\t1\t2\t10 B\tthen\n"


def test_one_letter(server: Server, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    heard = {"status": "5.1.1", "last_reply": "550 no", "host": "mx", "last_at": "then", "hint": "no such mailbox"}
    server.answers["queue.show"] = {
        "id": "5", "from": "", "login": "", "origin": "notice", "subject": "Hi", "message_id": "x@y", "size": 1,
        "created_at": "then", "expires_at": "later", "settled_at": None,
        "recipients": [{"address": "a@b", "state": "failed", "is_being_tried": False, "hold_reason": "", "route": "",
                        "attempts": 1, "next_retry": None, **heard}],
    }  # fmt: skip
    assert run(["queue", "show", "5"]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert "from         <>\n" in out
    assert "a@b: failed\n  tries        1\n  heard        550 no (mx, then)\n  which means  no such mailbox\n" in out
    server.rows["queue.view"] = [{"base64": base64.b64encode(b"Subject: \xff\r\n").decode()}]
    for word in ("view", "content"):
        assert run(["queue", word, "5"]) == 0
        assert capfdbinary.readouterr().out == b"Subject: \xff\r\n"


def test_a_trace_for_people(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    detail = {"id": "7", "from": "a@b", "to": "c@d", "helo": "x", "ip": "192.0.2.1", "with": "ESMTP", "folder": "INBOX"}
    one = {"address": "e@f", "state": "deferred", "hold_reason": "", "next_retry": "soon", "hint": "full",
           "status": "4.2.2"}  # fmt: skip
    server.answers["message.trace"] = {
        "refused": [{"at": "t0", "words": ["Refused: no.", "The policy x=y of d did it."],
                     "detail": {"from": "a@b", "ip": "192.0.2.1", "helo": "\x1b[2J", "session": "3",
                                "message_id": "n@b"}}],
        "filed": [{"at": "t1", "account": "c@d", "message_id": "m@b", "detail": detail,
                   "folders": [{"folder": "Trash", "since": "t9"}], "words": ["Filed in INBOX of c@d.", "SPF: pass"]}],
        "letters": [{"id": "8", "message_id": "m@b", "origin": "forwarded", "from": "a@b", "created_at": "t2",
                     "recipients": [one], "chapters": [{"at": "t3", "words": ["tried for 1 s", "  +0.1 s said"]}]}],
    }  # fmt: skip
    for words in (("message", "trace", "7"), ("message", "explain", "7"), ("queue", "trace", "7")):
        assert run(list(words)) == 0
        assert capsys.readouterr().out == (
            "Refused: no.\n"
            "  in session 3, Message-ID <n@b>\n"
            "  t0 came from a@b by \ufffd[2J 192.0.2.1\n"
            "  The policy x=y of d did it.\n\n"
            "filed here, number 7, Message-ID <m@b>\n"
            "  t1 came from a@b for c@d by x 192.0.2.1 (ESMTP)\n"
            "  t1 Filed in INBOX of c@d.\n"
            "  SPF: pass\n"
            "  now in Trash, since t9\n\n"
            "letter 8, Message-ID <m@b>: forwarded, from a@b\n"
            "  t2 spooled for e@f\n"
            "  t3 tried for 1 s\n"
            "    +0.1 s said\n"
            "  now: e@f is deferred, tried next at soon\n"
            "    4.2.2: full\n"
        )


def test_a_letter_is_sent(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    feed(monkeypatch, b"Subject: x\r\n\r\n\xff")
    server.answers["message.send"] = {"id": "7", "recipients": [{"address": "a@b", "result": "spooled"}]}
    assert run(["send", "-f", "me@x.test", "-t", "a@b.test, c@d.test", "-t", "e@f.test"]) == 0
    ((_, args),) = server.asked
    assert (args["sender"], args["recipients"]) == ("me@x.test", ["a@b.test", "c@d.test", "e@f.test"])
    assert base64.b64decode(args["base64"]) == b"Subject: x\r\n\r\n\xff"
    assert capsys.readouterr().out == "handed in as 7: a@b: spooled\n"
    feed(monkeypatch, b" \n")
    assert run(["send", "-f", "me@x.test", "-t", "a@b.test"]) == 2
    feed(monkeypatch, b"x" * 740_001)
    assert run(["send", "-f", "me@x.test", "-t", "a@b.test"]) == 1


def test_a_login_is_verified(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(monkeypatch, b"s3cret\n")
    server.answers["auth.verify"] = {"verified": True, "login": "me@x.test"}
    assert run(["auth", "verify", "-u", "me", "-p", "-"]) == 0
    assert server.asked == [("auth.verify", {"name": "me", "password": "s3cret"})]
    feed(monkeypatch, b"wrong\n")
    server.answers["auth.verify"] = {"verified": False, "reason": "authentication failed"}
    assert run(["auth", "verify", "-u", "me"]) == 1
    assert capsys.readouterr().out.endswith("me may not log in: authentication failed\n")
    assert run(["auth", "verify", "-u", "me", "-p", "s3cret"]) == 2
    told = capsys.readouterr()
    assert "never an argument" in told.err
    assert "s3cret" not in told.out + told.err


def test_elemtas_words_are_there_and_not_in_the_list() -> None:
    group = root.get_command(click.Context(root), "queue")
    assert isinstance(group, click.Group)
    for alias in (*queue_moves.ALIASES, group.commands["content"]):
        assert alias.hidden
        assert group.commands[str(alias.name)] is alias
    shown = {name for name, command in group.commands.items() if not command.hidden}
    assert shown == {
        "list", "show", "stats", "shape", "lanes", "view", "trace", "process", "retry", "hold", "release", "reroute",
        "bounce", "drop",
    }  # fmt: skip


def test_durations() -> None:
    assert [SPAN.convert(word, None, None) for word in ("30s", "5m", "1h30m", "2d")] == [
        30_000, 300_000, 5_400_000, 172_800_000,
    ]  # fmt: skip
    with pytest.raises(click.BadParameter):
        SPAN.convert("soon", None, None)
