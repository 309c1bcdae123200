"""Puts the house together: the one place that names implementations."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from mailstead.app.config import Config
from mailstead.app.console import Console
from mailstead.app.context import WorkerContext, WorkerParts
from mailstead.app.doors import Doors, Rooms
from mailstead.app.duties import Duties, Duty
from mailstead.app.mailing import CommandMailing
from mailstead.app.reading_settings import imap_settings, pop3_settings
from mailstead.app.records import record_duties
from mailstead.app.settings import Settings, context_of, login_context_of, start_log, unpack
from mailstead.ground.model.change import Wake
from mailstead.ground.model.ids import BlobId, Instant
from mailstead.net.clock import SystemClock
from mailstead.net.hasher import RemoteHasher
from mailstead.net.ids import IdSource
from mailstead.servers.control.desk import CheckStore, Desk, Json, Reindex, Say
from mailstead.servers.control.server import ControlServer
from mailstead.servers.imap.server import ImapServer
from mailstead.servers.imap.session import Services
from mailstead.servers.pop3.server import Pop3Server
from mailstead.servers.pop3.session import Services as Pop3Services
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.login import Authenticator
from mailstead.services.delivery.quota_letters import QuotaLetters
from mailstead.services.folders.service import Folders
from mailstead.services.policy.concealing import Concealing
from mailstead.services.policy.enforcing import TotpEnforcement
from mailstead.services.reception.refusals import Refusals
from mailstead.services.search.entries import STAMP
from mailstead.services.search.hints import Hints
from mailstead.services.search.indexing import Indexer
from mailstead.services.search.service import Search
from mailstead.store.blobs.local import FileBlobs
from mailstead.store.fulltext.index import SqliteFullText
from mailstead.store.port import OnCommit
from mailstead.store.port.blobs import Blobs
from mailstead.store.sql.lock import holder, lock_path
from mailstead.store.sql.lookup import BlobLookup
from mailstead.store.sql.migrate import SchemaError, migrate_sqlite, next_writer_sqlite
from mailstead.store.sql.sqlite import SqliteStore
from mailstead.store.sql.wal import ForeignLog

if TYPE_CHECKING:
    from mailstead.app.smtp_rooms import SmtpRooms
    from mailstead.servers.web.server import WebServer
    from mailstead.services.submission.submit import Submission
    from mailstead.store.sql.postgres import PostgresStore

UNFIT: Final = (SchemaError, ForeignLog)
"""Why a database is not opened: its schema is newer than this program, or the log beside it is another's."""

LOOK_AGAIN: Final = 1.0
"""Seconds: a wake that was lost on the way costs no more."""


class OpenStore:
    """A store and what else its opening gave. Services see the port alone."""

    def __init__(self, config: Config, on_commit: OnCommit) -> None:
        self._config = config
        self.clock = SystemClock()
        self.ids = IdSource(self.clock, self._next_writer())
        self._blobs: list[FileBlobs] = []
        self.store = self._make(on_commit)

    def _next_writer(self) -> int:
        if self._config.database.url:
            from mailstead.store.sql.postgres_session import next_writer_postgres

            return next_writer_postgres(self._config.database.url)
        return next_writer_sqlite(self._config.database.path)

    def _make(self, on_commit: OnCommit) -> "SqliteStore | PostgresStore":
        database = self._config.database
        if database.url:
            from mailstead.store.sql.postgres import PostgresStore

            return PostgresStore(
                database.url,
                self._make_blobs,
                on_commit,
                pool_size=database.pool_size,
                blob_folder=self._config.data_dir,
                reserve=database.reserve,
            )
        return SqliteStore(database.path, self._make_blobs, on_commit, reserve=database.reserve)

    def _make_blobs(self, lookup: BlobLookup) -> Blobs:
        blobs = FileBlobs(self._config.data_dir / "blobs", self.ids.next, lookup)
        self._blobs.append(blobs)
        return blobs

    async def close(self) -> None:
        """Finish what waits."""
        await self.store.close()
        for blobs in self._blobs:
            blobs.close()

    # what single duties need of the engine (`duties.Keeper`)

    async def checkpoint(self) -> None:
        """Write the log back; PostgreSQL does so by itself."""
        if isinstance(self.store, SqliteStore):
            await self.store.checkpoint()

    def discard(self, blob: BlobId) -> None:
        """Remove the file of a blob without a row."""
        for blobs in self._blobs:
            blobs.discard(blob)

    async def sweep(self, now: Instant) -> int:
        """Remove files that no row names."""
        return sum([await blobs.sweep(now) for blobs in self._blobs])


def migrate(config: Config) -> None:
    """Bring the schema up to this program, before any worker starts."""
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if config.database.url:
        from mailstead.store.sql.postgres_session import migrate_postgres

        migrate_postgres(config.database.url)
        return
    config.database.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    migrate_sqlite(config.database.path)


def lock_holder(config: Config) -> Callable[[], tuple[int, float] | None]:
    """Who holds the store's lock among processes."""
    if config.database.url:
        return lambda: None
    path = lock_path(config.database.path)
    return lambda: holder(path)


@asynccontextmanager
async def open_whole(config: Config) -> AsyncIterator[OpenStore]:
    """The store and what its opening gave, for a command without a server."""
    await asyncio.to_thread(migrate, config)
    opened = await asyncio.to_thread(OpenStore, config, lambda _: None)
    await opened.store.open()
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def open_store(config: Config) -> AsyncIterator["SqliteStore | PostgresStore"]:
    """The store alone."""
    async with open_whole(config) as opened:
        yield opened.store


def check_of(store: "SqliteStore | PostgresStore") -> CheckStore:
    """`db check`. For commands alone: one of its statements may take seconds, and a worker serves others."""
    from mailstead.store.sql.check import Finding, Progress, check

    async def run(say: Say) -> Json:
        found = 0
        counts: dict[str, int] = {}
        async for report in check(store):
            match report:
                case Finding():
                    found += 1
                    words = {"severity": report.severity.value, "what": report.what, "where": report.where}
                    await say({"row": {**words, "fix": report.fix}})
                case Progress():
                    counts[report.step] = report.done
                    await say({"progress": {"step": report.step, "done": report.done, "total": report.total}})
        return {"schema": "mailstead.check.v1", "findings": found, **counts}

    return run


def reindex_of(config: Config) -> Reindex:
    """`db reindex`, beside a server or without one."""

    async def run() -> None:
        index = SqliteFullText(index_path(config))
        try:
            await index.prepare(STAMP)
            await index.reset()
        finally:
            await index.close()

    return run


def index_path(config: Config) -> Path:
    """The full-text index, whatever the engine: each node has its own."""
    return config.data_dir / "search.db"


async def build_worker(data: bytes, context: WorkerContext) -> WorkerParts:
    """Everything one worker serves with."""
    settings = unpack(data)
    config = settings.config
    start_log(config.logger)
    return await Worker(settings, context).build()


class Worker:
    """The parts of one worker, from the store upwards."""

    def __init__(self, settings: Settings, context: WorkerContext) -> None:
        self._settings = settings
        self._config = settings.config
        self._context = context
        self._tls, self._login_tls = context_of(settings), login_context_of(settings)
        self._opened = OpenStore(self._config, self._committed)
        config, store, clock, ids = self._config, self._opened.store, self._opened.clock, self._opened.ids
        hasher = RemoteHasher(context.hasher_path, config.security.scram_iterations)
        self._folders = Folders.on(store, clock, ids)
        from mailstead.app.blocking import BlockingRooms  # commands that only open the store need none of these
        from mailstead.app.filters import Filters
        from mailstead.app.hooking import HookRooms
        from mailstead.app.own_filter import OwnRooms
        from mailstead.app.quarantine import QuarantineRooms
        from mailstead.app.reports import ReportRooms
        from mailstead.app.sending import SendingRooms

        holder_name = f"{os.getpid()}.{ids.next()}"
        self._sending = SendingRooms(config, store, clock, ids, context.sweep, holder_name)
        self._blocking = BlockingRooms(config, store, clock, context.ledger, self._sending)
        domain, guard = config.server.domain, self._blocking.limits.guard
        enforcement = TotpEnforcement(store, self._sending.policies)
        self._authenticator = Authenticator(
            store, hasher, clock, default_domain=domain, guard=guard, enforcement=enforcement
        )
        self._directory = Directory(
            store=store, hasher=hasher, clock=clock, default_domain=domain,
            min_password_length=config.security.min_password_length,
        )  # fmt: skip
        self._refusals = Refusals(store, clock, Concealing(store))
        self._filters = Filters(config, clock, self._sending.client)
        self._reports = ReportRooms(config, store, clock, ids, self._sending, self._folders.reading)
        self._own = OwnRooms(config, store, clock, self._sending, self._filters.teachers)
        self._hooks = HookRooms(config, store, clock, self._sending.client)
        delivery, teachers = self._sending.delivery, self._filters.teachers
        self._quarantine = QuarantineRooms(config, store, clock, ids, delivery, teachers)
        self._console = Console(config, store, clock, ids, self._sending.returning, self._sending.dispatcher.wake)
        self._index = SqliteFullText(index_path(config))
        self._duties = Duties(store, self._opened, clock, holder_name, self._further_duties())
        self._tasks: list[asyncio.Task[None]] = []

    def _further_duties(self) -> tuple[Duty, ...]:
        opened, hostname = self._opened, self._config.server.hostname
        letters = QuotaLetters(opened.store, opened.clock, opened.ids, hostname=hostname)
        indexer = Indexer(opened.store, self._folders.reading, self._index, time.monotonic)
        own = (
            Duty("quota", 10.0, letters.run),
            Duty("index", 0.5, indexer.run),
            Duty("index-prune", 3600.0, indexer.prune),
        )
        records = record_duties(self._config, opened.store, opened.clock)
        rooms = (self._sending, self._blocking, self._reports, self._hooks, self._quarantine, self._own)
        return (*own, *records, *(duty for room in rooms for duty in room.duties()))

    def _committed(self, wakes: list[Wake]) -> None:
        """The store's `on_commit`: sessions here, then the other workers."""
        self._folders.hub.wake(wakes)
        self._context.bus.publish(wakes)

    async def build(self) -> WorkerParts:
        """Open the store, make the rooms and their doors."""
        await self._opened.store.open()
        self._context.bus.subscribe(self._folders.hub.wake)
        smtp, imap, pop3 = self._smtp(), self._imap(), self._pop3()
        rooms = Rooms(
            smtp=smtp.mx.serve, lmtp=smtp.lmtp.serve, submission=smtp.submission.serve, imap=imap.serve,
            pop3=pop3.serve, control=self._control(smtp.outboxes).serve,
        )  # fmt: skip
        doors = Doors(self._config, self._context, lambda: self._login_tls)
        listeners, web = doors.listeners(rooms), None
        if doors.has("http"):
            web = await self._web()
            listeners.append(doors.http_listener(web))
        self._duties.start()
        self._sending.start()
        self._tasks += map(asyncio.create_task, self._works())

        def drain() -> None:
            smtp.drain()
            self._sending.drain()
            pop3.drain()
            self._tasks.append(asyncio.create_task(imap.drain()))
            if web is not None:
                web.drain()

        async def close() -> None:
            if web is not None:
                await web.close()
            for task in self._tasks:
                task.cancel()
            self._console.counts.close()
            await self._duties.stop()
            await self._sending.stop()
            await self._index.close()
            await asyncio.gather(self._refusals.flush(), self._reports.counts.flush(), self._blocking.notes.flush())
            await self._opened.close()

        return WorkerParts(listeners=listeners, drain=drain, close=close, reload=self._reload, illness=self._illness)

    def _works(self) -> Iterator[Coroutine[None, None, None]]:
        """What goes on until the end."""
        yield self._look()
        for buffer in (self._refusals, self._reports.counts, self._blocking.notes):
            yield buffer.keep_flushing()
        yield self._blocking.limits.keep_telling()
        yield self._reports.failures.keep_writing()

    async def _web(self) -> "WebServer":
        """aiohttp costs memory and start time: only where HTTP is served."""
        from mailstead.app.web import open_web

        link, kept = self._context.link, self._quarantine
        return await open_web(self._config, self._directory, self._authenticator, self._console, link, kept)

    def _smtp(self) -> "SmtpRooms":
        from mailstead.app.smtp_rooms import SmtpRooms

        return SmtpRooms(
            self._config,
            self._opened.store,
            self._opened.clock,
            self._opened.ids,
            sending=self._sending,
            filters=self._filters,
            own=self._own,
            authenticator=self._authenticator,
            refusals=self._refusals,
            blocking=self._blocking,
            feedback=self._reports.feedback,
            tls=lambda: self._tls,
            login_tls=lambda: self._login_tls,
            hooks=self._hooks,
        )

    def _imap(self) -> ImapServer:
        opened, folders = self._opened, self._folders
        search = Search(folders.reading, opened.clock, Hints(opened.store, self._index))
        settings = imap_settings(self._config, lambda: self._login_tls)
        return ImapServer(Services(settings, folders, search, self._authenticator, opened.clock), opened.ids)

    def _pop3(self) -> Pop3Server:
        settings = pop3_settings(self._config, lambda: self._login_tls)
        services = Pop3Services(settings, self._folders, self._authenticator, self._opened.clock)
        return Pop3Server(services, self._opened.ids)

    def _control(self, outboxes: "Submission") -> ControlServer:
        desk = Desk(
            directory=self._directory,
            supervise=self._supervise,
            hand=self._console.hand,
            tracing=self._console.tracing,
            authenticator=self._authenticator,
            explore=self._sending.explorer.explore,
            try_hook=self._hooks.try_hook,
            filters=self._filters.showing(self._context.link),
            mailing=CommandMailing(self._opened.store, outboxes),
            reporter=self._reports.reporter,
            keepers=self._quarantine,
            limits=self._blocking.limits.showing,
        )
        return ControlServer(desk)

    async def _supervise(self, command: str) -> Json:
        """What only the process above all workers can do."""
        if command == "stop":
            self._context.link.stop_program()
            return {}
        answer = await self._context.link.ask()
        return msgspec.structs.asdict(answer.status) | {"workers": msgspec.to_builtins(answer.status.workers)}

    async def _reload(self, data: bytes) -> None:
        """New certificate and log level; the rest needs a restart."""
        self._settings = unpack(data)
        self._tls, self._login_tls = context_of(self._settings), login_context_of(self._settings)
        start_log(self._settings.config.logger)

    def _illness(self) -> str:
        return "" if self._opened.store.has_room() else "the disk is below its reserve: mail is put off"

    async def _look(self) -> None:
        """Lost wakes cost a second and no more."""
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            await self._folders.hub.look()
