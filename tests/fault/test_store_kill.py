"""kill -9 of workers under load, again and again: every acknowledged letter is there, exactly once, under its UID."""

import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from mailstead.ground.model.ids import BlobId, MessageId
from tests.support.mailboxes import Mailbox, make_mailbox
from tests.support.stores import sqlite_engine

ROUNDS = 4


class Victim:
    def __init__(self, path: Path, mailbox: Mailbox, size: str) -> None:
        words = [sys.executable, "-m", "tests.fault.delivering", path, mailbox.account, mailbox.inbox, size]
        self.process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE)

    def acknowledged(self, count: int) -> list[tuple[int, int]]:
        """Wait for so many, kill it, give them all."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"
        lines = [self.process.stdout.readline() for _ in range(count)]
        self.process.kill()
        lines += self.process.stdout.readlines()
        self.process.wait()
        self.process.stdout.close()
        pairs = [line.split() for line in lines if line.endswith(b"\n")]
        return [(int(message), int(uid)) for message, uid in pairs]


@pytest.mark.slow
@pytest.mark.parametrize("size", ["small", "large"])
async def test_nothing_acknowledged_is_lost_or_doubled(tmp_path: Path, size: str) -> None:
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        mailbox = await make_mailbox(store)
        await store.close()
        path = Path(engine.where)
        acknowledged: dict[int, int] = {}
        for turn in range(ROUNDS):
            victims = [Victim(path, mailbox, size) for _ in range(2)]
            for number, victim in enumerate(victims):  # the second dies while the first one's log lies there
                acknowledged.update(victim.acknowledged(7 * turn + 40 * number + 1))
        rows = await _rows(path, mailbox)
        assert {message: uid for message, uid in rows.items() if message in acknowledged} == acknowledged
        store = await engine.open()
        if size == "large":
            for message in list(acknowledged)[-10:]:
                blob = (
                    await store.read(lambda tx, message=message: tx.messages.get_message(MessageId(message)))
                ).blob_id
                reader = await store.blobs.open(BlobId(blob))
                assert (await reader.read(0, 40)).startswith(b"%d " % message)


async def _rows(path: Path, mailbox: Mailbox) -> dict[int, int]:
    connection = apsw.Connection(str(path))
    try:
        assert connection.execute("PRAGMA integrity_check").get == "ok"
        rows = connection.execute(
            "SELECT message_id, uid FROM placement WHERE folder_id = ?", (mailbox.inbox,)
        ).fetchall()
        assert len(dict(rows)) == len(rows)
        uidnext, messages = connection.execute(
            "SELECT uidnext, messages FROM folder WHERE id = ?", (mailbox.inbox,)
        ).get
        assert sorted(uid for _, uid in rows) == list(range(1, uidnext))
        assert messages == len(rows)
        changes = connection.execute(
            "SELECT modseq FROM change WHERE account_id = ? ORDER BY modseq", (mailbox.account,)
        ).fetchall()
        assert len(set(changes)) == len(rows)
        return dict(rows)
    finally:
        connection.close()
