"""Two tenants on one server: whatever ann does, nothing of bert shows, as if there was no bert."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Access, AccountKind, Role
from mailstead.services.folders.filing import Draft, Place
from tests.support.fake_clock import FakeClock
from tests.support.imap_scene import NOW, Relay, Shaky, build, furnish
from tests.support.memory_stream import MemoryStream
from tests.support.stores import sqlite_engine

SECRET = "Xylophone"
"""In every name, letter and annotation of the other tenant."""

FOREIGN = "bert@other.test"
NOBODY = "nope@other.test"
NAMES = ("INBOX", "Users/{0}/INBOX", "Users/{0}/" + SECRET, "Shared/{0}/INBOX", "Shared/{0}", "Users/{0}", "{0}")
COMMANDS = (
    "SELECT {name}", "EXAMINE {name}", "STATUS {name} (MESSAGES UIDNEXT DELETED-STORAGE)", "DELETE {name}",
    "RENAME {name} Mine", "RENAME Drafts {name}", "CREATE {name}", "SUBSCRIBE {name}", 'LIST "" {name}',
    'LIST "" * RETURN (MYRIGHTS METADATA (/shared/comment) STATUS (MESSAGES))', 'LIST "" Users/*', 'LSUB "" *',
    "MYRIGHTS {name}", "GETACL {name}", "SETACL {name} {who} lr", "DELETEACL {name} {who}", "LISTRIGHTS {name} {who}",
    "SETACL INBOX {who} lr", "DELETEACL INBOX {who}", "GETQUOTA {who}", "GETQUOTAROOT {name}",
    "SETQUOTA {who} (STORAGE 1)", "GETMETADATA {name} (/shared/comment /private/comment)",
    "GETMETADATA (DEPTH infinity) {name} /shared", 'SETMETADATA {name} (/shared/comment "x")', "NAMESPACE",
    "COPY 1 {name}", "MOVE 1 {name}", "FETCH 1 (FLAGS ENVELOPE BODY[])", "SEARCH TEXT " + SECRET, "UID SEARCH ALL",
    "ESEARCH IN (mailboxes {name} subtree {name}) ALL", "ESEARCH IN (personal subscribed inboxes) TEXT " + SECRET,
    "THREAD REFS UTF-8 TEXT " + SECRET, "SORT (FROM) UTF-8 FUZZY TEXT " + SECRET,
)  # fmt: skip

steps = st.lists(st.tuples(st.sampled_from(COMMANDS), st.sampled_from(NAMES)), min_size=1, max_size=12)


async def furnish_other(store: Any, folders: Any) -> None:
    """bert of another domain, with a folder, a letter and an annotation."""

    async def unit(tx: Any) -> Any:
        domain = await tx.directory.insert_domain("other.test", now=NOW, default_quota=0)
        account = await tx.directory.insert_account(
            domain.id, Address.parse(FOREIGN), kind=AccountKind.PERSONAL, quota_bytes=4096, now=NOW
        )
        modseq = (await tx.advance(account.id))[account.id]
        await tx.folders.create_birth_folders(account.id, modseq=modseq, now=NOW)
        folder = await tx.folders.insert_folder(account.id, SECRET, modseq=modseq, now=NOW)
        user = await tx.directory.insert_user(FOREIGN, "$argon2id$pw", is_admin=False, now=NOW)
        await tx.directory.grant(Access(user.id, account.id, Role.ADMIN))
        return folder

    folder = await store.write(unit)
    letter = f"From: {FOREIGN}\r\nSubject: {SECRET}\r\n\r\n{SECRET}\r\n".encode()
    await folders.filing.append(Place.of(folder), [Draft(folders.take(letter))])


async def run(folder: Path, sequence: list[tuple[str, str]], who: str) -> list[bytes]:
    """The answers to these commands with `who` in their names, that name made the same in all of them."""
    clock = FakeClock()
    async with sqlite_engine(folder) as engine:
        relay = Relay()
        engine.wakes = relay
        store = Shaky(await engine.open())
        await furnish(store, {"shared": "yes"})
        folders, imap = build(store, clock, {})
        relay.hub = folders.hub
        await furnish_other(store, folders)
        stream = MemoryStream(clock, peer_ip="127.0.0.1", tls=None)
        task = asyncio.create_task(imap.serve(stream))
        lines = ["x1 LOGIN ann@example.test pw", "x2 SELECT INBOX"]
        for number, (command, name) in enumerate(sequence):
            lines.append(f"a{number} " + command.format(name=name.format(who), who=who))
        stream.peer.send("\r\n".join([*lines, "zz LOGOUT", ""]).encode())
        answers = []
        while (line := await stream.peer.read_line()) is not None:
            answers.append(line.replace(who.encode(), b"WHO"))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    for path in folder.glob("mail.db*"):
        path.unlink()
    return answers


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_nothing_of_another_tenant_shows(tmp_path: Path, sequence: list[tuple[str, str]]) -> None:
    there = asyncio.run(run(tmp_path, sequence, FOREIGN))
    absent = asyncio.run(run(tmp_path, sequence, NOBODY))
    assert there == absent, "an account of a stranger answers as one that is not there"
    asked = {name.format("WHO").encode() for _, name in sequence if SECRET in name}
    shown = b"\n".join(there)
    for name in asked:
        shown = shown.replace(name, b"")
    assert SECRET.encode() not in shown
