"""Sessions of two workers on one folder of a real store: after a sync each client knows what the store holds.

Wakes between the workers are lost or come at any time. Changes of one's own are told by the STORE itself.
Clients keep modseqs too, and could go away at any sync: what one kept, with all that happened since the HIGHESTMODSEQ
it was told of (RFC 7162 §3.2.5), is what the store holds, whether or not events were forgotten meanwhile.
"""

import asyncio
import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mailstead.ground.model.directory import Role
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.ids import Instant, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap.response import render_flags
from mailstead.net.ids import IdSource
from mailstead.servers.imap.homes import Home
from mailstead.servers.imap.selected import Selected
from mailstead.servers.imap.speech import Speech
from mailstead.services.folders.filing import Draft, FlagRow, Place
from mailstead.services.folders.service import Folders
from tests.support.fake_clock import FakeClock
from tests.support.imap_scene import NOW, furnish
from tests.support.stores import Engine, sqlite_engine

SPEECH = Speech(condstore=True)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # each example is a database: shrinking takes minutes
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["append", "flag", "unflag", "expunge", "wake", "sync", "sync", "hold", "store", "forget"]),
        st.integers(0, 3),  # which client, and so which worker
        st.sets(st.integers(1, 12), min_size=1, max_size=6),  # UIDs or numbers
    ),
    max_size=25,
)


class Client:
    """Keeps uid, flags and modseq for each number, from responses alone."""

    def __init__(self, folders: Folders, selected: Selected, known: list[list[Any]]) -> None:
        self.folders, self.selected, self.known = folders, selected, known
        self.left: list[tuple[int, list[list[Any]]]] = []  # what it would know had it gone away then

    async def take(self, data: bytes) -> None:
        for line in data.split(b"\r\n"):
            if match := re.fullmatch(rb"\* (\d+) EXPUNGE", line):
                self.known.pop(int(match[1]) - 1)
            elif match := re.fullmatch(rb"\* (\d+) EXISTS", line):
                await self.meet(int(match[1]))
            elif match := re.fullmatch(rb"\* (\d+) FETCH \(UID (\d+) FLAGS (\(.*\)) MODSEQ \((\d+)\)\)", line):
                entry = self.known[int(match[1]) - 1]
                assert entry[0] in (None, int(match[2])), "a number moved without EXPUNGE"
                entry[:] = [int(match[2]), match[3], int(match[4])]
            else:
                assert not line or line.startswith(b"* FLAGS "), line

    async def meet(self, count: int) -> None:
        """New messages: a client fetches their flags."""
        assert count >= len(self.known)
        told = self.selected.numbering.told
        for number in range(len(self.known) + 1, count + 1):
            self.known.append([told.uid(number), b"?", 0])
        async for rows in self.folders.reading.flag_rows(self.selected.place.folder_id, told):
            for number, row in zip(self.selected.numbering.numbers_of([row.uid for row in rows]), rows, strict=True):
                if self.known[number - 1][1] == b"?":
                    self.known[number - 1] = list(entry_of(row))

    async def sync(self, *, may_expunge: bool, ask: bool) -> None:
        await self.selected.sync(self.take, self.folders.reading, may_expunge=may_expunge, ask=ask)
        self.left.append((self.selected.highest, [list(entry) for entry in self.known]))

    async def store(self, uids: UidSet) -> None:
        """As the STORE command does: numbers held, changes told by itself."""
        wanted = uids & self.selected.numbering.told
        async for done in self.folders.filing.store_flags(
            self.selected.place, wanted, FlagOp.ADD, Flags(Flag.ANSWERED)
        ):
            self.selected.told_own(done.modseq)
            await self.take(self.selected.render_flags(done.rows))
        await self.sync(may_expunge=False, ask=False)


async def play(actions: list[tuple[str, int, set[int]]], engine: Engine) -> None:
    workers, account = [], None
    for number in range(2):
        store = await engine.open()
        account = account or await furnish(store, {})
        workers.append(Folders.on(store, FakeClock(), IdSource(FakeClock(), number)))
    inbox = Place.of(await workers[0].tree.get(account, "INBOX"))
    await workers[0].filing.append(inbox, [Draft(workers[0].take(b"a: b\r\n\r\n"))] * 10)
    clients = [await enter(workers[number % 2], account) for number in range(4)]
    for action, who, uids in actions:
        await act(action, clients[who], workers, UidSet.of(uids), engine)
    for client in clients:
        await client.sync(may_expunge=True, ask=True)
        truth = [
            list(entry_of(row))
            async for rows in client.folders.reading.flag_rows(client.selected.place.folder_id, UidSet(((1, 999),)))
            for row in rows
        ]
        assert client.known == truth
        for highest, known in client.left:
            assert await come_back(client, ModSeq(highest), known) == truth


def entry_of(row: FlagRow) -> tuple[int, bytes, int]:
    return row.uid, render_flags(row.bits, row.keywords), row.modseq


async def come_back(client: Client, since: ModSeq, known: list[list[Any]]) -> list[list[Any]]:
    """As SELECT (QRESYNC ...) does."""
    told, place, deltas = client.selected.numbering.told, client.selected.place, client.folders.deltas
    delta = await deltas.read(place, since)
    everything = UidSet(((1, client.selected.watch.view.uidnext - 1),))
    gone = (everything if delta is None else delta.gone) - told
    entries = {entry[0]: entry for entry in known if entry[0] not in gone}
    touched = await deltas.touched_since(place, told, since, delta)
    async for rows in client.folders.reading.flag_rows(place.folder_id, touched):
        entries |= {row.uid: list(entry_of(row)) for row in rows if row.modseq > since}
    return [entries[uid] for uid in sorted(entries)]


async def enter(folders: Folders, account: Any) -> Client:
    folder = await folders.tree.get(account, "INBOX")
    watch = await folders.hub.open(folder)
    client = Client(
        folders, Selected(Home(account, Role.ADMIN), folder, watch, [], is_read_only=False, speech=SPEECH), []
    )
    await client.meet(len(watch.view.uids))
    return client


async def act(action: str, client: Client, workers: list[Folders], uids: UidSet, engine: Any) -> None:
    place, filing = client.selected.place, client.folders.filing
    match action:
        case "append":
            await filing.append(place, [Draft(client.folders.take(b"a: b\r\n\r\n"))])
        case "flag" | "unflag":
            op = FlagOp.ADD if action == "flag" else FlagOp.REMOVE
            async for _ in filing.store_flags(place, uids, op, Flags(Flag.FLAGGED)):
                pass
        case "expunge":
            async for _ in filing.expunge(place, uids, only_deleted=False):
                pass
        case "wake":  # what came so far reaches one worker; the other's is lost
            for wakes in engine.wakes:
                client.folders.hub.wake(wakes)
            engine.wakes.clear()
            await asyncio.sleep(0)
        case "sync" | "hold":
            await client.sync(may_expunge=action == "sync", ask=bool(uids.first % 2))
        case "store":
            await client.store(uids)
        case "forget":  # the duty that drops old events
            store = client.folders.store
            while await store.write(lambda tx: tx.duties.forget_changes(before=Instant(NOW + 1))):
                pass


@settings(max_examples=40, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(ACTIONS)
def test_clients_know_what_the_store_holds(actions: list[tuple[str, int, set[int]]]) -> None:
    async def on_sqlite(folder: Path) -> None:
        async with sqlite_engine(folder) as engine:
            await play(actions, engine)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(on_sqlite(Path(folder)))
