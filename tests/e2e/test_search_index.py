"""The full-text index of the real program: filled by one worker, asked by all, emptied by a command."""

import time
from pathlib import Path

import apsw
import pytest

from tests.support.server import Sandbox

pytestmark = pytest.mark.e2e

LETTERS = 130
"""With fewer the index is not asked."""


def indexed(path: Path) -> int:
    """Letters in the index."""
    if not path.exists():
        return 0
    reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return int(reader.execute("SELECT count(*) FROM entry WHERE kind = 0").get)
    except apsw.Error:
        return 0  # it is being made
    finally:
        reader.close()


def test_searches_are_right_before_beside_and_after_the_index(box: Sandbox) -> None:
    path = next(Path(str(box.ready["config"])).parent.rglob("mail*.db")).parent / "search.db"
    readers = [box.imap("you") for _ in range(4)]  # the kernel spreads them over the workers
    for number in range(LETTERS):
        text = f"Subject: n\r\n\r\nStraße {number} ende\r\n"
        assert readers[0].append("INBOX", "", "", text.encode())[0] == "OK"
    for reader in readers:
        reader.select("INBOX")

    def all_find(needle: str) -> int:
        counts = set()
        for reader in readers:
            reader.noop()
            reader.literal = needle.encode()
            kind, found = reader.search("UTF-8", "BODY")
            assert kind == "OK"
            counts.add(len(found[0].split()))
        assert len(counts) == 1
        return counts.pop()

    deadline = time.monotonic() + 30
    while (count := indexed(path)) < LETTERS and time.monotonic() < deadline:
        assert all_find("straße 7 ENDE") == 1
        assert all_find("strasse 7 ende") == 0  # i;unicode-casemap
    assert count >= LETTERS
    for number in range(5):
        with box.smtp() as client:
            client.sendmail("a@c.test", ["you@dev.localhost"], f"Subject: late\r\n\r\nlate arrival {number}.\r\n")
        assert all_find(f"arrival {number}.") == 1
    said = box.cli("db", "reindex")
    assert said.returncode == 0, said.stderr
    assert all_find("straße 7 ENDE") == 1
    while indexed(path) < LETTERS and time.monotonic() < deadline:
        assert all_find("late arrival") == 5
    assert indexed(path) >= LETTERS
    for reader in readers:
        reader.logout()
