"""kill -9 of a worker, or of all processes at once, at any moment under load.

Nothing acknowledged is lost, nothing is there twice.
"""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.support.record import record
from tests.support.server import Sandbox, free_base
from tests.support.torture import Appender, Ledger, Sender, found_tags, wait_for_port

RECIPIENTS = {
    "you": ["you@dev.localhost"],
    "ada": ["ada@dev.localhost"],
    "both": ["you@dev.localhost", "ada@dev.localhost"],
}

KINDS = {"you": {"a", "b", "large", "append"}, "ada": {"b", "large", "lmtp"}}


def _load(box: Sandbox, ledger: Ledger, run: int) -> list[Sender | Appender]:
    smtp, lmtp, imap = box.port("smtp"), box.port("lmtp"), box.port("imap")
    return [
        Sender(f"{run}-a", smtp, RECIPIENTS["you"], ledger),
        Sender(f"{run}-b", smtp, RECIPIENTS["both"], ledger),
        Sender(f"{run}-large", smtp, RECIPIENTS["both"], ledger, size=300_000),
        Sender(f"{run}-lmtp", lmtp, RECIPIENTS["ada"], ledger, lmtp=True),
        Appender(f"{run}-append", imap, ("you@dev.localhost", box.password("you")), ledger),
    ]


def _check(box: Sandbox, ledger: Ledger) -> None:
    for local in ("you", "ada"):
        client = box.imap(local)
        tags, uids = found_tags(client)
        client.logout()
        expected = {tag for tag in ledger.acknowledged if tag.split("-")[1] in KINDS[local]}
        lost = {tag for tag in expected if not tags[tag]}
        doubled = {tag: n for tag, n in tags.items() if n > 1}
        unknown = tags.keys() - ledger.acknowledged - ledger.unanswered
        assert not lost, f"{local}: {len(lost)} acknowledged letters lost, e.g. {sorted(lost)[:5]}"
        assert not doubled, f"{local}: filed twice in one transaction: {doubled}"
        assert not unknown
        assert uids == sorted(set(uids))
    checked = box.cli("db", "check", "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def torture(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill `kills` times; gives the counts."""
    chance = random.Random(seed)
    box = Sandbox(folder / "box", free_base(), ("--no-samples",)).start()
    for local in ("you", "ada"):
        assert box.cli("user", "set", f"{local}@dev.localhost", "--quota", "none").returncode == 0
    ledger = Ledger()
    highest = 0
    try:
        for run in range(kills):
            load = _load(box, ledger, run)
            for thread in load:
                thread.start()
            time.sleep(chance.uniform(0.05, 0.6))  # the moment of the kill is the point, not a wait
            whole = chance.random() < 0.5
            if whole:
                box.kill()
            else:
                os.kill(chance.choice(box.workers()), signal.SIGKILL)
                time.sleep(chance.uniform(0.05, 0.3))
            for thread in load:
                thread.stop.set()
            if whole:
                box.start()
            for thread in load:
                thread.join(30)
                assert not thread.is_alive()
            wait_for_port(box.port("imap"))
            given = [uid for thread in load if isinstance(thread, Appender) for uid in thread.uids]
            assert all(uid > highest for uid in given), "a UID was given twice"
            highest = max([highest, *given])
            if run % 10 == 9:
                _check(box, ledger)
        _check(box, ledger)
    finally:
        if box.process is not None and box.process.poll() is None:
            box.stop()
    return {"kills": kills, "acknowledged": len(ledger.acknowledged), "unanswered": len(ledger.unanswered)}


@pytest.mark.e2e
@pytest.mark.slow
def test_ten_kills(tmp_path: Path) -> None:
    counts = torture(tmp_path, kills=10, seed=7)
    assert counts["acknowledged"] > 100


@pytest.mark.soak
def test_two_hundred_kills(tmp_path: Path) -> None:
    counts = torture(tmp_path, kills=200, seed=int(os.environ.get("SEED", "1")))
    record("kill -9 of a worker or of all, under load", **counts, lost=0, doubled=0)
    assert counts["acknowledged"] > 2000
