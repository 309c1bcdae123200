"""Takes reports of others out of the mail: a leased consumer of the events of those accounts that get them.

The cursor of an account is durable and moves once what lies before it has been kept: whatever dies, nothing is left
out, and what is read twice is known by its id. No delivery waits for this.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from mailstead.ground.formats.addresslist import parse_mailboxes
from mailstead.ground.formats.authres import read as read_results
from mailstead.ground.formats.dkim.header import split_fields
from mailstead.ground.formats.encoding import find_decoder
from mailstead.ground.formats.feedback.complaint import read_complaint
from mailstead.ground.formats.feedback.unpacking import PACKED_MAX
from mailstead.ground.formats.headers import find_field, unfold
from mailstead.ground.formats.parts import Span, unpack_parts, walk_parts
from mailstead.ground.model.change import ChangeKind
from mailstead.ground.model.errors import Invalid, MailError, NotFound
from mailstead.ground.model.ids import AccountId, BlobId, FolderId, Instant, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.accounts.resolve import Resolution, resolve
from mailstead.services.folders.reading import FetchRow, Load, Reading
from mailstead.services.policy.policies import read_policy
from mailstead.services.reports.addresses import intakes_of
from mailstead.services.reports.complaints import Complaints
from mailstead.services.reports.opening import Opened, open_failure, open_report
from mailstead.store.port import Lane, ReadTx, Store, Tx
from mailstead.store.port.reports import DAY_MS, ReceivedReport, ReportRow
from mailstead.telemetry import Event, emit, incident

INTAKES_KEPT: Final = 60.0
EVENTS_AT_ONCE: Final = 500
ROWS_AT_ONCE: Final = 500
PIECE: Final = 256 << 10
ENCODED_MAX: Final = PACKED_MAX * 3 // 2
PARTS_MAX: Final = 100
FAILURE: Final = "message/feedback-report"
ORIGINALS: Final = frozenset(["message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"])
HEADER_MAX: Final = 64 << 10
MEDIA: Final = frozenset(
    [
        FAILURE,
        "application/gzip",
        "application/x-gzip",
        "application/gzip-compressed",
        "application/zip",
        "application/x-zip-compressed",
        "application/x-zip",
        "text/xml",
        "application/xml",
        "application/tlsrpt+gzip",
        "application/tlsrpt+json",
        "application/octet-stream",
    ]
)
"""What reports come as; of these the content decides."""

VERIFIED_MAX: Final = 2000
UNVERIFIED_MAX: Final = 200
"""Reports about one domain in a day: whoever makes them up must not fill our disk, nor keep the others out."""

Intakes = dict[AccountId, set[str]]


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose letter brought it. `is_verified`: DMARC vouches for that."""

    sender: str
    is_verified: bool


class Intake:
    """One for a worker; `run` is for the one that has the lease."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, reading: Reading, complaints: Complaints) -> None:
        self._complaints = complaints
        self._store = store
        self._clock = clock
        self._ids = ids
        self._reading = reading
        self._intakes: Intakes = {}
        self._known = (-1, 0.0)  # the mark of the policies that they follow from, and until when they hold

    async def run(self) -> None:
        """Whatever came since, in every account that an address for reports leads to."""
        for account, domains in (await self._look_up_intakes()).items():
            try:
                await self._follow(account, domains)
            except NotFound:
                continue  # the account went meanwhile

    async def _look_up_intakes(self) -> Intakes:
        """A change of policies or domains is seen at once, one of accounts and aliases a minute later."""
        mark, now = await self._store.read(_read_mark), self._clock.monotonic()
        if mark != self._known[0] or now >= self._known[1]:
            self._intakes = await self._find_intakes()
            self._known = mark, now + INTAKES_KEPT
        return self._intakes

    async def _find_intakes(self) -> Intakes:
        found: Intakes = {}
        for name in await self._store.read(_list_domains):

            async def unit(tx: ReadTx, name: str = name) -> list[AccountId]:
                policy = await read_policy(tx, name)
                ways = [await resolve(tx.directory, address) for address in intakes_of(name, policy)]
                return [one.account.id for way in ways if isinstance(way, Resolution) for one in way.targets]

            for account in await self._store.read(unit):
                found.setdefault(account, set()).add(name)
            await asyncio.sleep(0)
        return found

    async def _follow(self, account: AccountId, domains: set[str]) -> None:
        """The events of one account, in portions."""
        while True:

            async def unit(tx: ReadTx) -> tuple[ModSeq, ModSeq, list[tuple[FolderId, UidSet]]]:
                # The counter is read in the same view: with few events it says how far they reach.
                after, now = await tx.reports.find_report_cursor(account), await tx.modseq(account)
                changes = await tx.changes(account, after, EVENTS_AT_ONCE)
                upto = changes[-1].modseq if len(changes) >= EVENTS_AT_ONCE else now
                came = [(one.folder_id, one.uids) for one in changes if one.kind is ChangeKind.APPENDED]
                return after, upto, came

            after, upto, came = await self._store.read(unit)
            if upto == after:
                return
            for folder, uids in _by_folder(came):
                async for rows in self._reading.rows(folder, uids, Load.HEADER | Load.PARTS):
                    for row in rows:
                        await self._look(row, domains)
            await self._store.write(_Advance(account, upto), lane=Lane.BULK)

    async def _look(self, row: FetchRow, domains: set[str]) -> None:
        """One letter. What is no report stays what it is: mail."""
        spans = [one for one, _ in zip(walk_parts(unpack_parts(row.parts)), range(PARTS_MAX), strict=False)]
        for span in spans:
            if f"{span.type}/{span.subtype}" in MEDIA and span.body_size <= ENCODED_MAX:
                try:
                    await self._take(row, span, domains)
                except Invalid as fault:
                    emit(Event.REPORT_REFUSED, message=row.message_id, detail=str(fault))
                except MailError:
                    raise  # the store's: another time
                except Exception as error:  # noqa: BLE001 - one letter must not end the reading of all others
                    emit(Event.REPORT_REFUSED, message=row.message_id, detail=incident(error, subsystem="reports"))

    async def _take(self, row: FetchRow, span: Span, domains: set[str]) -> None:
        origin, at = find_origin(row), Instant(row.saved_at)
        data = await self._read(row, span)
        if f"{span.type}/{span.subtype}" == FAILURE:
            complaint = read_complaint(data, await self._read_original(row))
            if complaint is not None:
                await self._complaints.take(complaint, origin.sender)
                return
            opened = open_failure(data, _say(row, b"message-id") or str(row.message_id), origin.sender, at)
        else:
            opened = await open_report(data, _say(row, b"tls-report-domain"))
        ours = next((one for one in domains if f".{opened.domain}".endswith(f".{one}")), "")
        if not ours:
            raise Invalid(f"it is about {opened.domain}, and came to an address of others")
        if not await self._is_known(opened):
            await self._judge_number(ours, origin, at)
            await self._keep(opened, origin, at)

    async def _read(self, row: FetchRow, span: Span) -> bytes:
        """Decoded; nothing for a letter that is gone."""
        decoder = find_decoder(span.encoding.encode("latin-1"))
        if decoder is None:
            raise Invalid(f"its encoding {span.encoding[:20]} is unknown")
        try:
            reader = await self._reading.open(BlobId(row.blob_id))
        except NotFound:
            raise Invalid("the letter is gone") from None
        data, offset, end = bytearray(), span.body_offset, span.body_offset + span.body_size
        while offset < end and (piece := await reader.read(offset, min(PIECE, end - offset))):
            data += decoder.feed(piece)
            offset += len(piece)
            await asyncio.sleep(0)
        return bytes(data + decoder.finish())

    async def _read_original(self, row: FetchRow) -> bytes:
        """The beginning of the letter that feedback is about."""
        for span in walk_parts(unpack_parts(row.parts)):
            if f"{span.type}/{span.subtype}" in ORIGINALS:
                return await self._read(row, replace(span, body_size=min(span.body_size, HEADER_MAX)))
        return b""

    async def _is_known(self, opened: Opened) -> bool:
        names = (opened.kind, opened.domain, opened.organization, opened.report_id)

        async def unit(tx: ReadTx) -> bool:
            return await tx.reports.has_received_report(*names)

        return await self._store.read(unit)

    async def _judge_number(self, ours: str, origin: Origin, at: Instant) -> None:
        """Invalid if there were enough of its like."""

        async def unit(tx: ReadTx) -> int:
            since = Instant(at - DAY_MS)
            return await tx.reports.count_received_reports(ours, since, is_verified=origin.is_verified)

        if await self._store.read(unit) >= (VERIFIED_MAX if origin.is_verified else UNVERIFIED_MAX):
            raise Invalid(f"enough reports about {ours} came in a day")

    async def _keep(self, opened: Opened, origin: Origin, received_at: Instant) -> None:
        """Its rows first: the report itself says that all of them are there."""
        number = self._ids.next()
        for start in range(0, len(opened.rows), ROWS_AT_ONCE):
            rows = _PutRows(number, start, opened.rows[start : start + ROWS_AT_ONCE])
            await self._store.write(rows, lane=Lane.BULK)
        report = ReceivedReport(
            id=number, kind=opened.kind, organization=opened.organization, report_id=opened.report_id,
            domain=opened.domain, begin=opened.begin, end=opened.end, received_at=received_at, sender=origin.sender,
            is_verified=origin.is_verified, good=opened.good, bad=opened.bad, about=opened.about,
        )  # fmt: skip

        async def put(tx: Tx) -> bool:
            return await tx.reports.put_received_report(report)

        if await self._store.write(put, lane=Lane.BULK):
            emit(
                Event.REPORT_RECEIVED, kind=opened.kind.value, domain=opened.domain, reporter=opened.organization,
                report_id=opened.report_id, count=len(opened.rows),
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Advance:
    """A unit."""

    account: AccountId
    modseq: ModSeq

    async def __call__(self, tx: Tx) -> None:
        await tx.reports.put_report_cursor(self.account, self.modseq)


@dataclass(frozen=True, slots=True)
class _PutRows:
    """A unit."""

    report: int
    first: int
    rows: Sequence[ReportRow]

    async def __call__(self, tx: Tx) -> None:
        await tx.reports.put_report_rows(self.report, self.first, self.rows)


def find_origin(row: FetchRow) -> Origin:
    """By what we wrote before the letter when it came, and by nothing that stands in it."""
    for field in split_fields(row.prefix):
        results = read_results(field.raw.partition(b":")[2]) if field.name == b"authentication-results" else None
        for finding in results.findings if results is not None else ():
            if finding.method == "dmarc" and finding.result == "pass":
                return Origin(dict(finding.properties).get("header.from", ""), is_verified=True)
    boxes = parse_mailboxes(unfold(find_field(row.header, b"from") or b""))
    host = next((box.host for box in boxes if box.host), b"")
    return Origin(host.decode("utf-8", "replace").lower()[:255], is_verified=False)


def _say(row: FetchRow, name: bytes) -> str:
    return (find_field(row.header, name) or b"").decode("latin-1").strip(" \t<>")


def _by_folder(came: Iterable[tuple[FolderId, UidSet]]) -> list[tuple[FolderId, UidSet]]:
    places: dict[FolderId, list[tuple[int, int]]] = {}
    for folder, uids in came:
        places.setdefault(folder, []).extend(uids.runs)
    return [(folder, UidSet.join(sorted(runs))) for folder, runs in places.items()]


async def _read_mark(tx: ReadTx) -> int:
    return await tx.policies.mark()


async def _list_domains(tx: ReadTx) -> list[str]:
    return [one.name for one in await tx.directory.list_domains()]
