"""Writes reports, each once: a leased duty for the days that are over, and by hand.

A report is marked in the unit that spools its letter. Whoever dies before has written nothing, and what is spooled may
at worst be sent again with the same report id, as any letter whose receiver was not heard to take it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from mailstead.ground.model.errors import Invalid, MailError
from mailstead.net.clock import Clock
from mailstead.services.reports.days import DAY_SECONDS, day_of, due_at, second_of
from mailstead.services.reports.drafts import Draft, Source
from mailstead.services.reports.posting import Posted, Posting
from mailstead.services.reports.uploads import Uploads
from mailstead.services.spool.outbox import Bundle
from mailstead.store.port import Lane, ReadTx, Store, Tx
from mailstead.store.port.reports import ReportKey, ReportKind, SentReport
from mailstead.telemetry import Event, emit, incident

DAYS_BACK: Final = 2
"""Days that are still reported, should the server or the DNS have been away."""


class Fate(Enum):
    """Of one report."""

    WRITTEN = "written"
    WOULD_BE = "would be written"
    DONE = "written before"
    UNWANTED = "unwanted"  # nobody asked, or whoever was named does not take it
    WAITING = "waiting"  # for an answer of the DNS
    OFF = "off"  # our policy does not want it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it."""

    key: ReportKey
    fate: Fate
    report_id: str = ""
    addresses: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """By hand: a day and maybe the one or other thing alone. `is_early`: the day may not be over; what comes later that
    day is in no report then."""

    day: int
    kind: ReportKind | None = None
    domain: str = ""
    is_early: bool = False
    dry_run: bool = False


class Reporter:
    """One for a worker; `run` is for the one that has the lease."""

    def __init__(
        self, store: Store, clock: Clock, posting: Posting, uploads: Uploads, sources: Sequence[Source]
    ) -> None:
        self._store = store
        self._clock = clock
        self._posting = posting
        self._uploads = uploads
        self._sources = tuple(sources)

    async def run(self) -> None:
        """Whatever is due of the days before today."""
        today = day_of(self._clock.now())
        for day in range(today - DAYS_BACK, today):
            for source in self._sources:
                async for key in source.list_keys(day):
                    await asyncio.sleep(0)
                    if due_at(key) <= self._clock.now() and await self._find(key) is None:
                        await self._write_anyhow(source, key)

    async def _write_anyhow(self, source: Source, key: ReportKey) -> None:
        """A fault of ours with one report must not keep back all others; what the store cannot do now may wait."""
        try:
            await self._write(source, key, second_of(key.day) + DAY_SECONDS - 1)
        except MailError:
            raise
        except Exception as error:  # noqa: BLE001 - as said
            incident(error, subsystem="reports")

    async def send(self, order: Order) -> AsyncIterator[Outcome]:
        """At once, whenever it were due; Invalid."""
        now = self._clock.now()
        if order.day > day_of(now) or (order.day == day_of(now) and not order.is_early):
            raise Invalid("that day is not over: what still comes would be in no report")
        end = min(second_of(order.day) + DAY_SECONDS - 1, now // 1000)
        for source in self._sources:
            if order.kind not in (None, source.kind):
                continue
            async for key in source.list_keys(order.day):
                if order.domain in ("", key.domain):
                    yield await self._send(source, key, end, dry_run=order.dry_run)

    async def _send(self, source: Source, key: ReportKey, end: int, *, dry_run: bool) -> Outcome:
        known = await self._find(key)
        if known is not None:
            return Outcome(
                key, Fate.DONE if known.addresses else Fate.UNWANTED, known.report_id, known.addresses, known.note
            )
        if not dry_run:
            return await self._write(source, key, end)
        draft = await source.draft(key)
        if draft is None:
            return Outcome(key, Fate.OFF)
        fate = self._foresee(draft)
        return _outcome(draft, Fate.WOULD_BE if fate is Fate.WRITTEN else fate)

    async def _write(self, source: Source, key: ReportKey, end: int) -> Outcome:
        draft = await source.draft(key)
        if draft is None:
            return Outcome(key, Fate.OFF)
        match self._foresee(draft):
            case Fate.WRITTEN:
                return await self._post(source, draft, end)
            case Fate.UNWANTED:
                await self._mark(draft)
                return _outcome(draft, Fate.UNWANTED)
            case fate:
                return _outcome(draft, fate)

    def _is_last(self, key: ReportKey) -> bool:
        """Nobody will look at that day again."""
        return key.day <= day_of(self._clock.now()) - DAYS_BACK

    def _foresee(self, draft: Draft) -> Fate:
        """Who cannot be asked now holds up those who agreed, for the report goes out once; but not for ever."""
        if draft.destinations.silent and not self._is_last(draft.key):
            return Fate.WAITING
        return Fate.WRITTEN if draft.is_wanted else Fate.UNWANTED

    async def _post(self, source: Source, draft: Draft, end: int) -> Outcome:
        """Uploads first: what is marked is not tried again."""
        written, agreed = await source.render(draft, end), draft.destinations.agreed
        taken, trouble = await self._uploads.put(draft.uploads, written)
        if not (agreed or taken or self._is_last(draft.key)):
            return replace(_outcome(draft, Fate.WAITING), note="; ".join(trouble))
        posted = await self._posting.prepare(written.letter, draft.author, agreed) if agreed else None
        sent = self._sent(draft, (*map(str, agreed), *taken), trouble, posted)

        async def unit(tx: Tx) -> tuple[bool, Bundle | None]:
            is_first = await tx.reports.put_sent_report(sent)
            return is_first, await posted.put(tx) if is_first and posted is not None else None

        is_first, bundle = await self._store.write(unit, lane=Lane.BULK, size=len(written.letter))
        if not is_first:
            return _outcome(draft, Fate.DONE)
        if bundle is not None:
            self._posting.take(bundle)
        if sent.addresses:
            emit(
                Event.REPORT_LETTER_WRITTEN, kind=draft.key.kind.value, domain=draft.key.domain,
                reporter=draft.key.receiver, recipient_count=len(sent.addresses), report_id=draft.report_id,
            )  # fmt: skip
        fate = Fate.WRITTEN if sent.addresses else Fate.UNWANTED
        return Outcome(draft.key, fate, draft.report_id, sent.addresses, sent.note)

    async def _mark(self, draft: Draft) -> None:
        """So that nobody asks again."""
        sent = self._sent(draft)

        async def unit(tx: Tx) -> bool:
            return await tx.reports.put_sent_report(sent)

        if await self._store.write(unit, lane=Lane.BULK) and sent.note:
            emit(
                Event.REPORT_UNWANTED, kind=draft.key.kind.value, domain=draft.key.domain,
                reporter=draft.key.receiver, detail=sent.note,
            )  # fmt: skip

    def _sent(
        self, draft: Draft, addresses: tuple[str, ...] = (), trouble: Sequence[str] = (), posted: Posted | None = None
    ) -> SentReport:
        note = "; ".join((*draft.destinations.refused, *trouble))
        return SentReport(
            key=draft.key, report_id=draft.report_id, letter=posted.id if posted is not None else None, note=note,
            addresses=addresses, written_at=self._clock.now(),
        )  # fmt: skip

    async def _find(self, key: ReportKey) -> SentReport | None:
        async def unit(tx: ReadTx) -> SentReport | None:
            return await tx.reports.find_sent_report(key)

        return await self._store.read(unit)


def _outcome(draft: Draft, fate: Fate) -> Outcome:
    found = draft.destinations
    addresses = (*map(str, found.agreed), *draft.uploads)
    return Outcome(draft.key, fate, draft.report_id, addresses, "; ".join((*found.silent, *found.refused)))
