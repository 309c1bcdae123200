"""A POP3 server before one client in memory, on the store and the people of the IMAP scene."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.uidset import UidSet
from mailstead.net.ids import IdSource
from mailstead.net.stream import TlsInfo
from mailstead.servers.pop3.server import Pop3Server
from mailstead.servers.pop3.session import Services
from mailstead.servers.pop3.settings import Pop3Settings
from mailstead.services.accounts.login import Authenticator
from mailstead.services.folders.filing import Draft, Place
from mailstead.services.folders.service import Folders
from tests.support.fake_clock import FakeClock
from tests.support.imap_scene import FAULTS, PlainHasher, Shaky, furnish
from tests.support.memory_stream import MemoryStream
from tests.support.stores import sqlite_engine

SHORT = b"Subject: letter %d\r\n\r\nBody of letter %d.\r\n.dot\r\n..two\r\nend\r\n"
LETTERS = {
    "short": b"",
    "cut": b"Subject: cut\r\n\r\nno line end",
    "bare": b"Subject: bare\n\n.dot\n.\nend\n",
    "headless": b"\r\n.\r\nonly a body\r\n",
    "only-header": b"Subject: only a header\r\n",
    "8bit-body": b"Subject: plain\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ngr\xc3\xbc\xc3\x9fe\r\n",
    "8bit-header": (
        b"From: J\xc3\xb6rg <joerg@example.test>\r\nTo: \xc3\xbcber@client.test, ann@b\xc3\xbccher.test\r\n"
        b'Subject: gr\xc3\xbc\xc3\x9fe\r\nContent-Type: text/plain; name="\xc3\xbc.txt"\r\n'
        b"Received: from \xff by mx\r\nX-Ascii: stays  as it is\r\n\r\nb\xc3\xb6dy\r\n"
    ),
    "latin-header": b"Subject: gr\xfc\xdfe\r\n\r\nbody\r\n",
}


@dataclass
class Pop3Scene:
    """One client at a server; `then` lines let others act on ann's account."""

    clock: FakeClock
    store: Shaky
    folders: Folders
    authenticator: Authenticator
    pop3: Pop3Server
    stream: MemoryStream
    server: asyncio.Task[None]
    account: AccountId
    letters: int = field(default=0)

    async def inbox(self) -> Place:
        return Place.of(await self.folders.tree.get(self.account, "INBOX"))

    async def append(self, data: bytes = b"") -> None:
        self.letters += 1
        letter = self.folders.take(data or SHORT % (self.letters, self.letters))
        await self.folders.filing.append(await self.inbox(), [Draft(letter)])

    async def append_large(self, size: int) -> None:
        """Past what the database holds: `size` octets in lines that begin with dots."""
        incoming = self.folders.receive(size + 1000)
        incoming.write(b"Subject: large\r\n\r\n")
        for _ in range(size // 64):
            incoming.write(b"." * 62 + b"\r\n")
        await self.folders.filing.append(await self.inbox(), [Draft(await incoming.finish())])

    async def check(self, statement: str) -> None:
        """`other appends N|expunges UIDS`, `store is <fault>|well`, `inbox has N letters`, `server drains`..."""
        if match := re.fullmatch(r"other appends (\d+)", statement):
            for _ in range(int(match[1])):
                await self.append()
        elif match := re.fullmatch(r"other expunges (\S+)", statement):
            uids = UidSet.parse(match[1].replace("+", ","))
            async for _ in self.folders.filing.expunge(await self.inbox(), uids, only_deleted=False):
                pass
        elif match := re.fullmatch(r"inbox has (\d+) letters?", statement):
            assert (await self.folders.tree.get(self.account, "INBOX")).messages == int(match[1])
        elif match := re.fullmatch(r"store is (\w+)", statement):
            self.store.fault = FAULTS.get(match[1])
        elif statement == "TLS is on":
            assert self.stream.tls is not None
        elif statement == "server drains":
            self.pop3.drain()
        elif match := re.fullmatch(r"(\d+) lines of (\d+) octets and a dot follow", statement):
            said = self.stream.peer.take_all()
            assert said == (b"." * int(match[2]) + b"\r\n") * int(match[1]) + b".\r\n", len(said)
        else:
            raise AssertionError(f"what is {statement!r}?")


@asynccontextmanager
async def open_scene(folder: Path, given: Mapping[str, str]) -> AsyncIterator[Pop3Scene]:
    """`letters=3`: so many lie in INBOX, or `letters=cut,bare` those; `login=no`: the client has still to log in."""
    clock = FakeClock()
    async with sqlite_engine(folder) as engine:
        store = Shaky(await engine.open())
        account = await furnish(store, given)
        ids = IdSource(clock, 7)
        folders = Folders.on(store, clock, ids)  # type: ignore[arg-type]
        authenticator = Authenticator(store, PlainHasher(), clock, default_domain="example.test")  # type: ignore[arg-type]
        settings = Pop3Settings(
            hostname="pop.example.test",
            tls=(lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) if given.get("stls") == "yes" else None,
            plain_login=given.get("plain_login", "yes") == "yes",
            errors_max=int(given.get("errors_max", "20")),
            early_commands_max=int(given.get("early_commands_max", "100")),
        )
        pop3 = Pop3Server(Services(settings, folders, authenticator, clock), ids)
        tls = TlsInfo("TLSv1.3", "TLS_AES_256_GCM_SHA384") if given.get("tls") == "yes" else None
        stream = MemoryStream(clock, peer_ip=given.get("from", "127.0.0.1"), tls=tls)
        task = asyncio.create_task(asyncio.sleep(0))
        scene = Pop3Scene(clock, store, folders, authenticator, pop3, stream, task, account)
        await _fill(scene, given.get("letters", "0"))
        scene.server = task = asyncio.create_task(pop3.serve(stream))
        if given.get("login") != "no":
            await _log_in(stream, given.get("user", "ann"))
        try:
            yield scene
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _fill(scene: Pop3Scene, letters: str) -> None:
    if letters.isdigit():
        for _ in range(int(letters)):
            await scene.append()
        return
    for name in letters.split(","):
        if name.startswith("large:"):
            await scene.append_large(int(name[6:]))
        else:
            await scene.append(LETTERS[name])


async def _log_in(stream: MemoryStream, user: str) -> None:
    stream.peer.send(b"USER %b@example.test\r\nPASS pw\r\n" % user.encode())
    for _ in range(3):
        line = await stream.peer.read_line()
        assert line is not None
        assert line.startswith(b"+OK"), line
