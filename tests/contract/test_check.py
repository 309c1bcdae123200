"""The check finds nothing in what units wrote, and each kind of damage that is done beside them."""

from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.uidset import UidSet
from mailstead.store.sql.check import Finding, Progress, Severity, check
from mailstead.store.sql.check.rules import NO_FOLDER, PLACEMENTS, SWEEPS
from tests.support.mailbox import NOW, SEEN, Mailbox, make_mailbox
from tests.support.spooled import letter, recipient
from tests.support.stores import AnyStore, Engine

LARGE = bytes(range(256)) * 4096


async def findings(store: AnyStore) -> list[Finding]:
    return [report async for report in check(store) if isinstance(report, Finding)]


async def damage(store: AnyStore, *texts: str) -> None:
    async def unit(tx: Any) -> None:
        for text in texts:
            assert await tx.session.run(text), text

    await store.write(unit)


@pytest.fixture
async def box(store: AnyStore) -> Mailbox:
    """A life: letters filed twice, flagged, moved, removed; a folder gone, an account buried, one blob a file."""
    box = await make_mailbox(store)
    inbox, archive = box.folders["INBOX"], box.folders["Archive"]
    for number in range(6):
        await box.append(inbox, b"%d" % (number % 4), Flags.of(Flag.NONE, ("word",)))
    await box.store_flags(inbox, UidSet.of([1, 3]), FlagOp.ADD, SEEN)
    await box.copy(inbox, UidSet(((2, 5),)), archive)
    await box.append(inbox, b"gone")
    await box.expunge(inbox, UidSet.of([2, 6, 7]))
    work = await box.create("Work")
    await box.append(work, b"work")
    await box.delete(work)
    other = await make_mailbox(store, "bob@example.test")
    await other.append(other.folders["INBOX"], b"0")
    await store.write(lambda tx: tx.directory.bury_account(other.account, NOW))

    writer = store.blobs.stage()
    writer.write(LARGE)
    staged = await writer.finish()
    await store.write(lambda tx: tx.blobs.put(staged))
    await store.write(lambda tx: tx.spool.insert(letter(1, blob_id=staged.id), [recipient(1)]))
    return box


async def test_a_sound_store(box: Mailbox) -> None:
    assert await findings(box.store) == []
    while await box.store.write(lambda tx: tx.duties.exhume(now=NOW, limit=3)):
        assert await findings(box.store) == []
    while (await box.store.write(lambda tx: tx.duties.reap_blobs(unused_since=Instant(NOW + 10**9), limit=2))).count:
        assert await findings(box.store) == []


async def test_progress_reaches_its_total(box: Mailbox) -> None:
    last: dict[str, Progress] = {}
    async for report in check(box.store):
        assert isinstance(report, Progress)
        assert report.done >= (last[report.step].done if report.step in last else 0)
        last[report.step] = report
    assert {"accounts", "folders", "placements", "messages", "blobs", "bytes"} <= set(last)
    assert all(report.done == report.total for report in last.values())


DAMAGE = {
    "counts {2} messages of": ["UPDATE account SET used_bytes = used_bytes + 1 WHERE id = 1"],
    "has a change past": ["UPDATE account SET modseq = 2 WHERE id = 1", "UPDATE folder SET modseq = 1"],
    "belongs to domain {2}": ["DELETE FROM domain"],
    "counts {2} messages (": ["UPDATE folder SET unseen = unseen + 1 WHERE id = 1"],
    "has a UID past": ["UPDATE folder SET uidnext = 1 WHERE id = 1"],
    "is at modseq": ["UPDATE folder SET modseq = 0 WHERE id = 1"],
    "belongs to account {2}": ["DELETE FROM account WHERE status = 'deleted'"],
    "places message": ["DELETE FROM message WHERE id = (SELECT MIN(message_id) FROM placement WHERE folder_id = 1)"],
    "says {2} bytes": ["UPDATE placement SET size = 0 WHERE folder_id = 1 AND uid = 3"],
    "shows message": ["UPDATE message SET account_id = 2"],
    "has lost its blob {1}": ["DELETE FROM blob WHERE id = (SELECT MIN(blob_id) FROM message)"],
    "says {1} bytes": ["UPDATE message SET size = size + 1"],
    "is in no folder": ["DELETE FROM placement WHERE folder_id = 1 AND uid = 1"],
    "belongs to account {1}": ["UPDATE message SET account_id = 99"],
    "has no envelope": ["DELETE FROM header"],
    "is used by nothing": ["DELETE FROM unused_blob"],
    "from {1} has lost": ["UPDATE spool_letter SET blob_id = 77"],
    "counts {1} recipients": ["UPDATE spool_letter SET waiting = 2"],
    "waits for {1}, and no lane": ["DELETE FROM spool_lane"],
    "rendered: the blob is gone": [
        "UPDATE rendered SET blob_id = 7 WHERE blob_id = (SELECT MAX(r.blob_id) FROM rendered r)"
    ],
    "header: the blob is gone": ["DELETE FROM blob WHERE id = (SELECT MIN(blob_id) FROM header)"],
    "unused_blob: the blob": ["DELETE FROM blob WHERE id IN (SELECT blob_id FROM unused_blob)"],
    "holds {2} messages": ["UPDATE domain SET quota_bytes = 5, used_bytes = 1"],
    "is another name": ["UPDATE domain SET alias_of = 99"],
    "is of user {1}, who": [
        "INSERT INTO credential (user_id, kind, name, protocols, digest, created_at) VALUES (9, '', '', '', '', 1)"
    ],
    "is of user {0}, who": [
        "INSERT INTO totp (user_id, secret, enrolled_at, last_step, failures, failed_at) VALUES (9, '', 1, 0, 0, 0)"
    ],
    "for {1} has lost its blob": [
        """INSERT INTO quarantine (id, domain, recipient, recipient_key, account_id, kept_at, sender, client_ip, body,
                  smtputf8, blob_id, prefix, size, message_id, author, subject, reason, words, has_virus)
           SELECT 1, '', 'a@b', 'a@b', 0, 0, '', '', '7BIT', 0, 77, m.prefix, 1, '', '', '', '', '', 0
             FROM message m WHERE m.id = (SELECT MIN(n.id) FROM message n)"""
    ],
    "user {0} may enter": ["INSERT INTO access (user_id, account_id, role) VALUES (9, 1, 1)"],
    "belongs to domain {2}, which is gone": [
        "INSERT INTO alias (domain_id, address, address_key, targets, created_at) VALUES (9, 'a@b', 'a@b', '[]', 0)"
    ],
    "has placements and no row": ["DELETE FROM folder WHERE id = 1"],
}


@pytest.mark.parametrize("start", DAMAGE)
async def test_damage_is_named(box: Mailbox, start: str) -> None:
    await damage(box.store, *DAMAGE[start])
    found = await findings(box.store)
    rules = [rule for sweep in (*SWEEPS, PLACEMENTS) for rule in sweep.rules] + [NO_FOLDER]
    meant = [rule for rule in rules if rule.what.startswith(start)]
    assert meant
    words = {rule.what.split("{")[0] for rule in meant}
    assert any(finding.what.startswith(word) for finding in found for word in words), found
    for finding in found:
        assert "{" not in finding.what + finding.where
        assert finding.fix


def test_every_rule_is_tried() -> None:
    rules = [rule for sweep in (*SWEEPS, PLACEMENTS) for rule in sweep.rules] + [NO_FOLDER]
    assert all(any(rule.what.startswith(start) for start in DAMAGE) for rule in rules)


async def test_fixes_of_counters_fix_them(box: Mailbox) -> None:
    await damage(
        box.store,
        "UPDATE folder SET messages = 99, size = 0 WHERE id = 1",
        "UPDATE account SET used_bytes = 1, used_messages = 0 WHERE id = 1",
    )
    found = await findings(box.store)
    assert [finding.severity for finding in found] == [Severity.WARNING, Severity.WARNING]
    await damage(box.store, *(finding.fix.removeprefix("with the server stopped: ") for finding in found))
    assert await findings(box.store) == []


async def test_bytes_in_the_database(box: Mailbox) -> None:
    await damage(
        box.store,
        "UPDATE blob SET data = (SELECT o.data FROM blob o WHERE o.data IS NOT NULL ORDER BY o.id DESC LIMIT 1)"
        " WHERE id = (SELECT MIN(id) FROM blob)",
    )
    (found,) = await findings(box.store)
    assert found.severity is Severity.ERROR
    assert "hash" in found.what or "bytes" in found.what
    await damage(box.store, "UPDATE blob SET data = hash WHERE id = (SELECT MIN(id) FROM blob)")
    (found,) = await findings(box.store)
    assert found.what.startswith("cannot be unpacked")


async def test_bytes_in_files(engine: Engine, box: Mailbox) -> None:
    (path,) = [path for path in (engine.folder / "blobs").rglob("*") if path.is_file() and path.stat().st_size > 1000]
    whole = path.read_bytes()
    middle = len(whole) // 2
    for damaged in (whole[:middle], whole[:middle] + b"\xff\xff\xff" + whole[middle + 3 :], b""):
        _overwrite(path, damaged)
        (found,) = await findings(box.store)
        assert "file" in found.where
    path.unlink()
    (found,) = await findings(box.store)
    assert "cannot be read" in found.what


def _overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(data)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_pages_of_the_file(engine: Engine, box: Mailbox) -> None:
    """An index that lacks an entry is named by its table; PostgreSQL checks its own pages (pg_amcheck)."""
    import apsw

    with apsw.Connection(engine.where) as connection:
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)
        connection.pragma("writable_schema", 1)
        other = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'alias_domain'").get
        connection.execute("UPDATE sqlite_schema SET rootpage = ? WHERE name = 'message_blob'", (other,))
        version = connection.pragma("schema_version")
        connection.pragma("schema_version", version + 1)
    found = await findings(box.store)
    assert any("message_blob" in finding.what and finding.where == "table message" for finding in found), found
