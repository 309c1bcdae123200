"""`mailstead audit`: what it asks, what it says, how it ends."""

import json
from typing import Any

import pytest

from mailstead.cli.main import run
from tests.unit.cli.test_queue import Server, server  # noqa: F401 - a fixture

HEAD = f"3:{'ab' * 32}"
ENTRY = {
    "number": 3, "at": "2027-01-15T08:00:00Z", "who": "ada", "through": "api", "action": "user.changed",
    "subject": "ann@x.test", "before": {"quota_bytes": 1}, "after": None,
}  # fmt: skip


def answer(whole: bool) -> dict[str, Any]:
    what = {"broken_at": None, "reason": None} if whole else {"broken_at": 2, "reason": "entry 2 is missing"}
    return {"schema": "mailstead.audit-verified.v1", "whole": whole, "entries": 3, "head": HEAD, **what}


def test_list(server: Server, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    server.rows["audit.list"] = [ENTRY]
    assert run(["audit", "list", "--action", "user", "--within", "7d", "--limit", "5"]) == 0
    assert server.asked == [("audit.list", {"action": "user", "within": 7 * 86_400_000, "limit": 5})]
    assert capsys.readouterr().out.split("\t") == [
        "3", "2027-01-15T08:00:00Z", "ada (api)", "user.changed", "ann@x.test", "quota_bytes=1", "-\n",
    ]  # fmt: skip
    assert run(["audit", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == ENTRY


def test_verify(server: Server, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    server.answers["audit.verify"] = answer(whole=True)
    assert run(["audit", "verify", "--known", HEAD]) == 0
    assert server.asked == [("audit.verify", {"known": HEAD})]
    said = capsys.readouterr()
    assert (said.out, said.err) == ("The audit is whole: 3 entries.\n", f"head: {HEAD}\n")
    server.answers["audit.verify"] = answer(whole=False)
    assert run(["audit", "verify"]) == 3
    assert "the audit is broken at 2: entry 2 is missing" in capsys.readouterr().err
    assert run(["audit", "verify", "--json"]) == 3
    assert json.loads(capsys.readouterr().out.splitlines()[0])["broken_at"] == 2
