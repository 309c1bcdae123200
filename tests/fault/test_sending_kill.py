"""kill -9 while letters leave: at each step of an attempt, and at any moment.

Of what our submission said 250 to, every recipient was taken by the other side, or its sender has a notice, once.
Twice only where a kill fell between the other side's 250 and our commit, which no mail server can tell from a 250
never said.
"""

import json
import os
import random
import re
import signal
import smtplib
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest

from tests.support.authority import stranger
from tests.support.record import record
from tests.support.recording_peer import STEPS, RecordingPeer, Taken
from tests.support.server import Sandbox, free_base
from tests.support.torture import Ledger, wait_for_port

YOU = "you@dev.localhost"
PEOPLE = ("a@one.test", "b@one.test", "c@two.test", "wait@three.test", "gone@three.test")
"""The other side puts off the fourth twice, and does not know the fifth."""
SETTINGS = {
    "MAILSTEAD_SERVER_WORKERS": "2",
    "MAILSTEAD_OUTBOUND_MODE": "relay",
    "MAILSTEAD_OUTBOUND_TLS": "none",
    "MAILSTEAD_QUEUE_SCHEDULE": "1s",
    "MAILSTEAD_QUEUE_LEASE": "5s",
    # The same recipient is given up again and again here, and nobody is to be spared for it.
    "MAILSTEAD_GUARDS_SUPPRESS": "no",
    "MAILSTEAD_GUARDS_PAUSE_ACCOUNTS": "no",
    "MAILSTEAD_GUARDS_PAUSE_DOMAINS": "no",
    "MAILSTEAD_GUARDS_PAUSE_DESTINATIONS": "no",
}
COMMIT = 1.0
"""Seconds that a loaded worker may need from the other side's 250 to its own commit."""

Kill = tuple[float, float]
"""From when to when it was done."""


class Moody:
    """Answers RCPT."""

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()

    def __call__(self, address: str) -> bytes:
        if address.startswith("gone@"):
            return b"550 5.1.1 No such user"
        if address.startswith("wait@"):
            self._asked[address] += 1
            if self._asked[address] % 3:
                return b"450 4.2.0 Not now"
        return b"250 2.1.5 Ok"


class Author(threading.Thread):
    """Sends letters over TLS, logged in, until told to stop or until so many were taken."""

    def __init__(self, name: str, box: Sandbox, ledger: Ledger, limit: int = 1_000_000) -> None:
        super().__init__(name=name, daemon=True)
        self._port, self._password, self._ledger, self._limit = (
            box.port("submissions"), box.password("you"), ledger, limit,
        )  # fmt: skip
        self.stop = threading.Event()

    def run(self) -> None:
        client: smtplib.SMTP_SSL | None = None
        for count in range(self._limit):
            if self.stop.is_set():
                break
            tag, sent = f"{self.name}-{count}@load.test", False
            try:
                if client is None:
                    client = smtplib.SMTP_SSL("127.0.0.1", self._port, context=stranger(), timeout=20)
                    client.login(YOU, self._password)
                text = f"From: {YOU}\r\nMessage-ID: <{tag}>\r\nSubject: x\r\n\r\n" + "0123456789abcdef" * 4 + "\r\n"
                sent = True
                client.sendmail(YOU, PEOPLE, text)
            except (OSError, smtplib.SMTPException):
                if sent:
                    self._ledger.note(tag, answered=False)
                if client is not None:
                    client.close()
                client = None
                self.stop.wait(0.05)
            else:
                self._ledger.note(tag, answered=True)
        if client is not None:
            client.close()


@dataclass
class Murder:
    """The sandbox, its peer, and when somebody was killed."""

    box: Sandbox
    peer: RecordingPeer
    chance: random.Random
    kills: list[Kill] = field(default_factory=list)

    def kill(self, *, whole: bool, every_worker: bool) -> None:
        """All processes, all workers, or one."""
        workers = self.box.workers()
        began = time.monotonic()
        if whole:
            self.box.kill()
        else:
            for pid in workers if every_worker else [self.chance.choice(workers)]:
                os.kill(pid, signal.SIGKILL)
        self.kills.append((began, time.monotonic()))

    def kill_at(self, step: str, *, whole: bool) -> None:
        """When a session is there. A sender that is frozen first hears no answer."""
        trap = self.peer.set_trap(step)
        assert trap.reached.wait(60), f"no attempt came to {step}"
        if step == "taken":
            for pid in self.box.workers():
                os.kill(pid, signal.SIGSTOP)
            trap.go.set()
            assert trap.said.wait(10)
        self.kill(whole=whole, every_worker=True)
        trap.go.set()

    def kill_sometime(self) -> None:
        """At any moment."""
        time.sleep(self.chance.uniform(0.05, 0.6))  # the moment is the point, not a wait
        self.kill(whole=self.chance.random() < 0.5, every_worker=False)

    def revive(self) -> None:
        """Start what is gone, or wait for those that the supervisor starts."""
        assert self.box.process is not None
        if self.box.process.poll() is not None:
            self.box.start()
        wait_for_port(self.box.port("smtp"))


def waiting(database: Path) -> int:
    """How many recipients dispatch has still to do with."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(5000)
    try:
        return int(connection.execute("SELECT COUNT(*) FROM spool_recipient WHERE state IN ('active', 'deferred')").get)
    finally:
        connection.close()


def fates(database: Path) -> tuple[dict[tuple[str, str], str], Counter[tuple[str, str]]]:
    """The state of each recipient, and how many chapters say that it was delivered."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        rows = connection.execute(
            "SELECT l.message_id, r.address, r.state FROM spool_letter l JOIN spool_recipient r ON r.letter_id = l.id"
        ).fetchall()
        told: Counter[tuple[str, str]] = Counter()
        for message_id, detail in connection.execute(
            "SELECT l.message_id, s.detail FROM spool_letter l JOIN spool_story s ON s.letter_id = l.id"
            " WHERE s.kind = 'attempt'"
        ):
            for result in json.loads(detail)["results"]:
                told[message_id.strip("<>"), result["to"]] += result["ending"] in {"delivered", "relayed"}
        return {(one.strip("<>"), address): state for one, address, state in rows}, told
    finally:
        connection.close()


def bounces(box: Sandbox) -> Counter[str]:
    """How many notices of failure the author has, by the Message-ID of the letter returned."""
    reader = box.imap("you")
    found: Counter[str] = Counter()
    try:
        reader.select("INBOX")
        numbers = reader.search(None, 'HEADER "Content-Type" "delivery-status"')[1][0].split()
        for first in range(0, len(numbers), 200):
            chosen = b",".join(numbers[first : first + 200]).decode()
            for row in reader.fetch(chosen, "(BODY.PEEK[])")[1]:
                if isinstance(row, tuple):
                    found.update(set(re.findall(rb"Message-ID: <(\S+@load\.test)>", row[1], re.IGNORECASE)))
    finally:
        reader.logout()
    return Counter({tag.decode(): count for tag, count in found.items()})  # type: ignore[union-attr]


def check(box: Sandbox, database: Path, peer: RecordingPeer, ledger: Ledger, kills: list[Kill]) -> dict[str, int]:
    """Gives the counts."""
    states, told = fates(database)
    taken: defaultdict[tuple[str, str], list[Taken]] = defaultdict(list)
    for one in peer.taken:
        taken[one.message_id, one.recipient].append(one)
    gaps: list[float] = []
    for tag in sorted(ledger.acknowledged):
        for address in PEOPLE:
            got = sorted(taken[tag, address], key=lambda one: one.at)
            if address.startswith("gone@"):
                assert states[tag, address] == "failed"
                assert not got
                continue
            assert states[tag, address] == "delivered", (tag, address)
            assert got, f"{address} of {tag} was lost"
            assert told[tag, address] == 1, f"{address} of {tag} was sent again though its delivery was written down"
            for again in got[:-1]:
                # Who is killed in the middle has sent more than it knows: what lay in the socket is taken all the same.
                kill = min((begin for begin, end in kills if end > again.began), default=again.at + COMMIT)
                gaps.append(max(kill - again.at, 0.0))
                assert gaps[-1] < COMMIT, f"{tag} twice to {address}, and no kill"
    notices = bounces(box)
    assert {tag: notices[tag] for tag in ledger.acknowledged} == dict.fromkeys(ledger.acknowledged, 1)
    assert {tag for tag, _ in taken} <= ledger.acknowledged | ledger.unanswered
    checked = box.cli("db", "check", "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    return {
        "kills": len(kills), "letters": len(ledger.acknowledged), "recipients": len(ledger.acknowledged) * len(PEOPLE),
        "lost": 0, "doubled in the window": len(gaps), "longest window ms": round(max(gaps, default=0.0) * 1000),
    }  # fmt: skip


def torture(folder: Path, rounds: int, at_random: int, letters: int, seed: int) -> dict[str, int]:
    """Each step `rounds` times, then at random moments; then as many letters as are wanted, in peace."""
    chance, ledger = random.Random(seed), Ledger()
    with RecordingPeer(Moody(), slow=0.002) as peer, pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        patch.setenv("MAILSTEAD_OUTBOUND_RELAY_HOST", f"127.0.0.1:{peer.port}")
        box = Sandbox(folder / "box", free_base(), ("--no-samples",))
        database = folder / "box" / "data" / "mailstead.db"
        murder = Murder(box, peer, chance)
        try:
            box.start()
            moments = [step for _ in range(rounds) for step in STEPS] + [""] * at_random
            for number, step in enumerate(moments):
                authors = [Author(f"{number}-{one}", box, ledger) for one in range(2)]
                for author in authors:
                    author.start()
                if step:
                    murder.kill_at(step, whole=number % 2 == 0)
                else:
                    murder.kill_sometime()
                for author in authors:
                    author.stop.set()
                murder.revive()
                for author in authors:
                    author.join(30)
                    assert not author.is_alive()
            if len(ledger.acknowledged) < letters:
                rest = Author("peace", box, ledger, letters - len(ledger.acknowledged))
                rest.start()
                rest.join(120)
            deadline = time.monotonic() + 120
            while waiting(database):
                assert time.monotonic() < deadline, "some still wait"
                time.sleep(0.05)
            return check(box, database, peer, ledger, murder.kills)
        finally:
            if box.process is not None and box.process.poll() is None:
                box.stop()


@pytest.mark.e2e
@pytest.mark.slow
def test_ten_kills(tmp_path: Path) -> None:
    counts = torture(tmp_path, rounds=1, at_random=4, letters=20, seed=7)
    assert counts["doubled in the window"] >= 1  # the step `taken` sees to it


@pytest.mark.soak
def test_three_hundred_kills(tmp_path: Path) -> None:
    counts = torture(tmp_path, rounds=46, at_random=24, letters=300, seed=int(os.environ.get("SEED", "1")))
    record("kill -9 while letters leave, at each step of an attempt and at any moment", **counts)
    assert counts["letters"] >= 300
