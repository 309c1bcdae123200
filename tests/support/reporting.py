"""A reporter on a real store: our domain example.com tells others what it gets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mailstead.ground.formats.feedback.aggregate import Record
from mailstead.ground.model.policy_columns import find_column
from mailstead.net.guarded import FetchFailed, Request, Response
from mailstead.net.ids import IdSource
from mailstead.services.accounts.directory import Directory
from mailstead.services.policy.editing import edit
from mailstead.services.policy.policies import Policies
from mailstead.services.reports.dmarc import DmarcSource
from mailstead.services.reports.posting import Posting
from mailstead.services.reports.reporter import Reporter
from mailstead.services.reports.tls import TlsSource
from mailstead.services.reports.uploads import Uploads
from mailstead.services.spool.outbox import NoOutbox
from mailstead.services.spool.spooling import Spooling
from mailstead.services.spool.terms import Terms
from mailstead.store.port.reports import DAY_MS, DmarcCount, DmarcPolicy
from mailstead.store.port.spool import Wanted
from tests.support.aggregate import BAD, GOOD, PUBLISHED
from tests.support.directory import open_directory
from tests.support.fake_clock import START_MS, FakeClock
from tests.support.known_names import KnownNames

TODAY = START_MS // DAY_MS
THEY = "they.test"


@dataclass
class Web:
    """Takes what is uploaded, or says why not."""

    status: int = 201
    asked: list[Request] = field(default_factory=list)

    async def ask(self, request: Request) -> Response:
        self.asked.append(request)
        if not self.status:
            raise FetchFailed("nobody is there")
        return Response(self.status, {}, "", b"")


@dataclass
class Scene:
    directory: Directory
    clock: FakeClock
    names: KnownNames
    ids: IdSource
    web: Web = field(default_factory=Web)

    @property
    def store(self) -> Any:
        return self.directory.store

    async def want(self, **values: Any) -> None:
        """Of our policy."""
        changes = {find_column(f"dmarc.{name}"): value for name, value in values.items()}
        await edit(self.directory, "example.com", changes)

    def reporter(self, store: Any = None) -> Reporter:
        """Over another store, if a test wants one that fails."""
        store = store or self.store
        policies, ids = Policies(store), self.ids
        posting = Posting(store, self.clock, ids, Spooling(Terms(), NoOutbox()))
        sources = (
            DmarcSource(store, self.clock, self.names, policies),
            TlsSource(store, self.clock, self.names, policies, domain="example.com"),
        )
        return Reporter(store, self.clock, posting, Uploads(self.web), sources)

    async def count(self, *records: Record, day: int = TODAY, domain: str = THEY, to: tuple[str, ...] = ()) -> None:
        """Letters under a policy of that domain."""
        policy = DmarcPolicy(day, replace(PUBLISHED, domain=domain), to or (f"reports@{domain}",))
        counts = [DmarcCount(day, "example.com", domain, record) for record in records or (GOOD, BAD)]
        await self.store.write(lambda tx: tx.reports.add_dmarc_counts([policy], counts))

    async def spooled(self) -> list[tuple[Any, list[str], bytes]]:
        """Each letter with its recipients and its octets."""
        rows = await self.store.read(lambda tx: tx.spool.list_waiting(Wanted()))
        letters = {letter.id: letter for letter, _ in rows}
        found = []
        for number, letter in letters.items():
            reader = await self.store.blobs.open(letter.blob_id)
            to = [str(one.address) for about, one in rows if about.id == number]
            found.append((letter, to, await reader.read(0, reader.size)))
        return found

    def pass_a_day(self) -> None:
        self.clock.advance(86_400 + 5 * 3600)


@asynccontextmanager
async def open_reporting(folder: Path) -> AsyncIterator[Scene]:
    clock = FakeClock(TODAY * DAY_MS + 3_600_000)
    async with open_directory(folder, clock) as directory:
        scene = Scene(directory, clock, KnownNames(), IdSource(clock, 1))
        await scene.want(report_enabled=True)
        yield scene
