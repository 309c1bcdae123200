"""Writes failure reports (RFC 9991): from a bounded queue, redacted, so many a day to any one domain and no more.

Whoever lets such letters come by the thousand must not make us write by the thousand: what is past a bound is lost,
and counted.
"""

import asyncio
from typing import Final

from mailstead.ground.formats.dmarc_destinations import Destinations, find_destinations
from mailstead.ground.formats.feedback.failure import FailureReport, render_failure
from mailstead.ground.formats.feedback.redaction import Redactor
from mailstead.ground.model.errors import MailError
from mailstead.ground.model.question import Kind, Question
from mailstead.net.clock import Clock
from mailstead.net.dns import Resolver
from mailstead.net.ids import IdSource
from mailstead.services.accounts.kept_secret import KeptSecret
from mailstead.services.checks.asking import Inquiry
from mailstead.services.policy.policies import Policies
from mailstead.services.reports.addresses import find_author
from mailstead.services.reports.days import day_of
from mailstead.services.reports.failing import Failing
from mailstead.services.reports.posting import Posting
from mailstead.services.spool.outbox import Bundle
from mailstead.store.port import Lane, Store, Tx
from mailstead.telemetry import Event, emit, incident

WAITING_MAX: Final = 100
FULL_MAX: Final = 10_000
ASK_SECONDS: Final = 30.0
SPF_MAX: Final = 1000
"""Characters told of an SPF record."""
RESULTS_MAX: Final = 900
"""Characters, on one line: not everybody who reads such reports unfolds them."""
SECRET_NAME: Final = "redaction"  # noqa: S105 - a name


class Failures:
    """One for a worker."""

    def __init__(
        self, store: Store, clock: Clock, ids: IdSource, resolver: Resolver, policies: Policies, posting: Posting
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._resolver = resolver
        self._policies = policies
        self._posting = posting
        self._waiting: asyncio.Queue[Failing] = asyncio.Queue(WAITING_MAX)
        self._full: set[tuple[int, str, str]] = set()  # who was told often enough today
        self._redactor: Redactor | None = None

    def note(self, failing: Failing) -> None:
        """Remember one, if there is room."""
        if (day_of(self._clock.now()), failing.receiver, failing.at) in self._full:
            return
        try:
            self._waiting.put_nowait(failing)
        except asyncio.QueueFull:
            emit(Event.REPORT_FACTS_LOST, count=1)

    async def keep_writing(self) -> None:
        """Until cancelled."""
        while True:
            await self.write_next()

    async def write_next(self) -> None:
        """The next one, once there is one."""
        failing = await self._waiting.get()
        try:
            await self._write(failing)
        except MailError:
            emit(Event.REPORT_FACTS_LOST, count=1)  # a store that is busy now has better to do
        except Exception as error:  # noqa: BLE001 - one letter must not end the telling of all others
            incident(error, subsystem="reports")

    async def _write(self, failing: Failing) -> None:
        policy = await self._policies.of(failing.receiver)
        key = (day_of(self._clock.now()), failing.receiver, failing.at)
        inquiry = Inquiry(self._resolver, self._clock)
        until = inquiry.deadline(ASK_SECONDS)
        found: Destinations = await inquiry.run(find_destinations(failing.at, failing.addresses, tag="ruf"), until)
        if not policy.failures.enabled or not found.agreed or key in self._full:
            return
        author = await find_author(self._store, self._policies, failing.receiver)
        redactor = await self._redact()
        report = FailureReport(
            author=author, recipients=found.agreed, message_id=f"{self._ids.next()}.failure@{failing.receiver}",
            at=self._clock.now(), failure=failing.failure, domain=failing.author, source_ip=failing.source_ip,
            mail_from=redactor.address(failing.mail_from), unaligned=failing.unaligned, delivery=failing.delivery,
            results=" ".join(failing.results.decode("ascii", "replace").split())[:RESULTS_MAX],
            header=redactor.header(failing.header), signature=failing.signature,
            spf_record=await self._find_spf(inquiry, failing.spf_domain, until),
        )  # fmt: skip
        posted = await self._posting.prepare(render_failure(report), author, found.agreed)

        async def unit(tx: Tx) -> Bundle | None:
            is_allowed = await tx.reports.count_failure_report(*key, policy.failures.per_day)
            return await posted.put(tx) if is_allowed else None

        bundle = await self._store.write(unit, lane=Lane.BULK)
        if bundle is None:
            self._remember_full(key)
            return
        self._posting.take(bundle)
        emit(
            Event.REPORT_LETTER_WRITTEN, kind="failure", domain=failing.author, reporter=failing.receiver,
            recipient_count=len(found.agreed), report_id=report.message_id,
        )  # fmt: skip

    def _remember_full(self, key: tuple[int, str, str]) -> None:
        if len(self._full) >= FULL_MAX:
            self._full.clear()
        self._full.add(key)

    async def _find_spf(self, inquiry: Inquiry, domain: str, until: float) -> tuple[str, str] | None:
        """RFC 9991 §4: as it is published, where an aligned SPF failed."""
        if not domain:
            return None
        found = await inquiry.ask(Question(Kind.TXT, domain), until)
        texts = [text for text in found.records if text.lower().startswith("v=spf1")] if found is not None else []
        return domain, texts[0][:SPF_MAX] if texts else ""

    async def _redact(self) -> Redactor:
        """The key is the same in all workers and after a restart, and so are its marks."""
        if self._redactor is None:
            self._redactor = Redactor(await KeptSecret(self._store, SECRET_NAME).get())
        return self._redactor
