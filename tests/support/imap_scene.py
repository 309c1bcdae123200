"""An IMAP server before one client in memory, on a real store; others act through the same services."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailstead.ground.model.address import Address
from mailstead.ground.model.change import Wake
from mailstead.ground.model.directory import Access, AccountKind, Role
from mailstead.ground.model.errors import Busy, NoSpace
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.ids import AccountId, Instant
from mailstead.ground.model.uidset import UidSet
from mailstead.net.ids import IdSource
from mailstead.net.stream import TlsInfo
from mailstead.servers.imap.server import ImapServer
from mailstead.servers.imap.session import Services
from mailstead.servers.imap.settings import ImapSettings
from mailstead.services.accounts.login import Authenticator
from mailstead.services.accounts.passwords import derive_verifier
from mailstead.services.folders.filing import Draft, Place
from mailstead.services.folders.metadata import SERVER, Shelf, write_annotations
from mailstead.services.folders.service import Folders
from mailstead.services.search.service import Search
from tests.support.fake_clock import FakeClock
from tests.support.memory_stream import MemoryStream
from tests.support.stores import sqlite_engine

NOW = Instant(1_800_000_000_000)
LETTER = b"From: Eve <eve@client.test>\r\nTo: ann@example.test\r\nSubject: letter %d\r\n\r\nBody of letter %d.\r\n"
VERIFIER = derive_verifier("pw", 4096)
FLAGS = {f"\\{flag.name.title()}": flag for flag in Flag if flag.name}


class PlainHasher:
    """Stored passwords are the words themselves."""

    iterations = 4096

    async def verify(self, password: str, stored: str) -> bool:
        return stored == f"$argon2id${password}"

    async def hash(self, password: str) -> str:
        return f"$argon2id${password}"

    async def derive(self, password: str) -> str:
        return derive_verifier(password, self.iterations)


class Shaky:
    """A store that can be busy, full or broken."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.fault: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def has_room(self) -> bool:
        return not isinstance(self.fault, NoSpace)

    async def write(self, unit: Any, **options: Any) -> Any:
        if self.fault is not None and not (isinstance(self.fault, NoSpace) and not options.get("incoming")):
            raise self.fault
        return await self._store.write(unit, **options)


class Relay(list[list[Wake]]):
    """Stands where the engine collects wakes, and hands them to the hub."""

    hub: Any = None

    def append(self, wakes: list[Wake]) -> None:
        if self.hub is not None:
            self.hub.wake(wakes)


FAULTS = {"busy": Busy("queue full"), "full": NoSpace("disk full"), "broken": RuntimeError("a bug")}


@dataclass
class ImapScene:
    """One client at a server; `then` lines let others act on ann's account."""

    clock: FakeClock
    store: Shaky
    folders: Folders
    imap: ImapServer
    stream: MemoryStream
    server: asyncio.Task[None]
    account: AccountId
    letters: int = field(default=0)

    async def place(self, name: str) -> Place:
        return Place.of(await self.folders.tree.get(self.account, name))

    async def append(self, name: str, letter: bytes = b"") -> int:
        self.letters += 1
        data = letter or LETTER % (self.letters, self.letters)
        done = await self.folders.filing.append(await self.place(name), [Draft(self.folders.take(data))])
        return int(done[0].uid)

    async def share(self, name: str, word: str, whose: str) -> None:
        """Give a role in an account, or take it away: `nothing`."""

        async def unit(tx: Any) -> None:
            user = await tx.directory.find_user(f"{name}@example.test")
            account = await tx.directory.find_account(Address.parse(f"{whose}@example.test"))
            if word == "nothing":
                await tx.directory.revoke(user.id, account.id)
            else:
                await tx.directory.grant(Access(user.id, account.id, Role[word.upper()]))

        await self.store.write(unit)

    async def annotate(self, name: str, entry: str, value: bytes | None) -> None:
        """As ann, on another connection; `server` is no folder."""
        user = await self.store.read(lambda tx: tx.directory.find_user("ann@example.test"))
        place = None if name == "server" else await self.place(name)
        shelf = SERVER if place is None else Shelf(place.account_id, place.folder_id)
        await write_annotations(self.store, shelf, user.id, [(entry, value)], self.clock.now())

    async def check(self, statement: str) -> None:
        """`other <does something>`, `store is <fault>|well`, `<folder> has N letters`, `server drains`, `TLS is on`."""
        if match := re.fullmatch(r"other appends (\d+) to (\S+)", statement):
            for _ in range(int(match[1])):
                await self.append(match[2])
        elif match := re.fullmatch(r"other (adds|removes) (\S+) (?:on|from) (\S+) in (\S+)", statement):
            op = FlagOp.ADD if match[1] == "adds" else FlagOp.REMOVE
            flags = Flags(FLAGS[match[2]]) if match[2] in FLAGS else Flags.of(Flag.NONE, (match[2],))
            uids = UidSet.parse(match[3].replace("+", ","))
            async for _ in self.folders.filing.store_flags(await self.place(match[4]), uids, op, flags):
                pass
        elif match := re.fullmatch(r"other expunges (\S+) in (\S+)", statement):
            uids = UidSet.parse(match[1].replace("+", ","))
            async for _ in self.folders.filing.expunge(await self.place(match[2]), uids, only_deleted=False):
                pass
        elif match := re.fullmatch(r"other deletes folder (\S+)", statement):
            await self.folders.tree.delete(self.account, match[1])
        elif match := re.fullmatch(r"other creates folder (\S+)", statement):
            await self.folders.tree.create(self.account, match[1])
        elif match := re.fullmatch(r"other renames folder (\S+) to (\S+)", statement):
            await self.folders.tree.rename(self.account, match[1], match[2])
        elif match := re.fullmatch(r"other (un)?subscribes (\S+)", statement):
            await self.folders.tree.subscribe(self.account, match[2], wanted=not match[1])
        elif match := re.fullmatch(r"other annotates (\S+) (\S+) (\S+)", statement):
            await self.annotate(match[1], match[2], None if match[3] == "NIL" else match[3].encode())
        elif match := re.fullmatch(r"(\S+) has (\d+) letters?", statement):
            assert (await self.folders.tree.get(self.account, match[1])).messages == int(match[2])
        elif match := re.fullmatch(r"store is (\w+)", statement):
            self.store.fault = FAULTS.get(match[1])
        elif match := re.fullmatch(r"(\w+) becomes (\w+) of (\w+)", statement):
            await self.share(*match.groups())
        elif statement == "TLS is on":
            assert self.stream.tls is not None
        elif statement == "client compresses":
            self.stream.peer.compress()
        elif statement == "client sends rubbish":
            self.stream.arrive(b"\xff\xff\xff\xff")
        elif statement == "server drains":
            self.drained = asyncio.create_task(self.imap.drain())
        else:
            raise AssertionError(f"what is {statement!r}?")


async def furnish(store: Any, given: Mapping[str, str]) -> AccountId:
    """ann and bob with the password `pw`, and team, which ann may edit and bob may see."""

    async def unit(tx: Any) -> AccountId:
        domain = await tx.directory.insert_domain("example.test", now=NOW, default_quota=0)
        ids = {}
        for name, kind in (("ann", AccountKind.PERSONAL), ("bob", AccountKind.PERSONAL), ("team", AccountKind.SHARED)):
            account = await tx.directory.insert_account(
                domain.id,
                Address.parse(f"{name}@example.test"),
                kind=kind,
                quota_bytes=int(given.get("quota", "0")),
                now=NOW,
            )
            if "quota_messages" in given:
                await tx.directory.update_account(account.id, quota_messages=int(given["quota_messages"]))
            modseq = (await tx.advance(account.id))[account.id]
            await tx.folders.create_birth_folders(account.id, modseq=modseq, now=NOW)
            ids[name] = account.id
        for name, role in (("ann", Role.EDITOR), ("bob", Role.VIEWER)):
            user = await tx.directory.insert_user(
                f"{name}@example.test", "$argon2id$pw", is_admin=given.get("admin") == "yes", now=NOW
            )
            if given.get("scram") == "yes":
                await tx.credentials.store_verifier(user.id, VERIFIER)
            await tx.directory.grant(Access(user.id, ids[name], Role.ADMIN))
            if given.get("shared") == "yes":
                await tx.directory.grant(Access(user.id, ids["team"], role))
        return AccountId(ids["ann"])

    return AccountId(await store.write(unit))


def build(store: Any, clock: FakeClock, given: Mapping[str, str]) -> tuple[Folders, ImapServer]:
    """The server as `given` describes it."""
    settings = ImapSettings(
        hostname="imap.example.test",
        tls=(lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) if given.get("starttls") == "yes" else None,
        plain_login=given.get("plain_login", "yes") == "yes",
        max_message_size=int(given.get("max_message_size", "52428800")),
        bad_commands_max=int(given.get("bad_commands_max", "50")),
        message_limit=int(given.get("message_limit", "1000000")),
    )
    ids = IdSource(clock, 7)
    folders = Folders.on(store, clock, ids)
    authenticator = Authenticator(store, PlainHasher(), clock, default_domain="example.test")
    services = Services(settings, folders, Search(folders.reading, clock), authenticator, clock)
    return folders, ImapServer(services, ids)


@asynccontextmanager
async def open_scene(folder: Path, given: Mapping[str, str]) -> AsyncIterator[ImapScene]:
    """`letters=3`: so many lie in INBOX. `login=no`: the client has still to log in, else it has done so."""
    clock = FakeClock()
    async with sqlite_engine(folder) as engine:
        relay = Relay()
        engine.wakes = relay
        store = Shaky(await engine.open())
        account = await furnish(store, given)
        folders, imap = build(store, clock, given)
        relay.hub = folders.hub
        emails = tuple(given["certificate"].split(",")) if "certificate" in given else ()
        end_point = b"h" * 32 if given.get("scram") == "yes" else b""
        tls = TlsInfo("TLSv1.3", "TLS_AES_256_GCM_SHA384", "", end_point, emails) if given.get("tls") == "yes" else None
        stream = MemoryStream(clock, peer_ip=given.get("from", "127.0.0.1"), tls=tls)
        task = asyncio.create_task(imap.serve(stream))
        scene = ImapScene(clock, store, folders, imap, stream, task, account)
        for _ in range(int(given.get("letters", "0"))):
            await scene.append("INBOX")
        if given.get("login") != "no":
            await _log_in(stream, given)
        try:
            yield scene
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _log_in(stream: MemoryStream, given: Mapping[str, str]) -> None:
    peer = stream.peer
    user = given.get("user", "ann")
    lines = 2
    peer.send(b"x1 LOGIN %b@example.test pw\r\n" % user.encode())
    if "select" in given:
        peer.send(b"x2 SELECT %b\r\n" % given["select"].encode())
        lines = 3
    while lines:
        line = await peer.read_line()
        assert line is not None
        lines -= line.startswith((b"x", b"* OK [CAPABILITY"))
