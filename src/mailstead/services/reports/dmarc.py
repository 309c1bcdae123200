"""DMARC aggregate reports (RFC 9990), of what was counted."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Final

from mailstead.ground.formats.dmarc_destinations import find_destinations
from mailstead.ground.formats.feedback.aggregate import About, Counted, Report, render
from mailstead.ground.formats.feedback.letters import AGGREGATE, Covering, render_aggregate
from mailstead.net.clock import Clock
from mailstead.net.dns import Resolver
from mailstead.services.checks.asking import Inquiry
from mailstead.services.policy.policies import Policies
from mailstead.services.reports.addresses import find_author
from mailstead.services.reports.days import date_of, second_of
from mailstead.services.reports.drafts import Draft, Written
from mailstead.store.port import ReadTx, Store
from mailstead.store.port.reports import DmarcPolicy, ReportKey, ReportKind

RECORDS_MAX: Final = 10_000
"""Kinds of letters in one report."""
AT_ONCE: Final = 500
ASK_SECONDS: Final = 30.0
PIECES_AT_ONCE: Final = 50
GENERATOR: Final = "Mailstead"


class DmarcSource:
    """In the name of each domain of ours whose policy wants it."""

    kind: ReportKind = ReportKind.DMARC

    def __init__(self, store: Store, clock: Clock, resolver: Resolver, policies: Policies) -> None:
        self._store = store
        self._clock = clock
        self._resolver = resolver
        self._policies = policies

    async def list_keys(self, day: int) -> AsyncIterator[ReportKey]:
        """A report for each policy domain that wrote to each domain of ours."""
        after = ("", "")
        while True:

            async def unit(tx: ReadTx, after: tuple[str, str] = after) -> list[tuple[str, str]]:
                return await tx.reports.list_dmarc_domains(day, after, AT_ONCE)

            pairs = await self._store.read(unit)
            for receiver, domain in pairs:
                yield ReportKey(ReportKind.DMARC, day, receiver, domain)
            if len(pairs) < AT_ONCE:
                return
            after = pairs[-1]

    async def draft(self, key: ReportKey) -> Draft | None:
        """None if the domain of ours tells nobody any longer."""
        policy = await self._policies.of(key.receiver)
        published = await self._published(key)
        if not policy.dmarc.report_enabled or published is None:
            return None
        inquiry = Inquiry(self._resolver, self._clock)
        asking = find_destinations(key.domain, published.addresses)
        return Draft(
            key=key,
            report_id=f"{date_of(key.day)}.{key.domain}@{key.receiver}",
            author=await find_author(self._store, self._policies, key.receiver),
            destinations=await inquiry.run(asking, inquiry.deadline(ASK_SECONDS)),
        )

    async def render(self, draft: Draft, end: int) -> Written:
        """Others come between the records: there may be thousands."""
        key = draft.key
        policy = await self._published(key)
        assert policy is not None, "there is no draft without it"
        records = [record async for record in self._records(key)]
        about = About(
            organization=key.receiver, email=str(draft.author), report_id=draft.report_id,
            begin=second_of(key.day), end=end, generator=GENERATOR,
            error=f"more than {RECORDS_MAX} records: the others are left out" if len(records) == RECORDS_MAX else "",
        )  # fmt: skip
        packer = zlib.compressobj(wbits=31)
        packed = bytearray()
        for number, piece in enumerate(render(Report(about, policy.published, tuple(records)))):
            packed += packer.compress(piece)
            if number % PIECES_AT_ONCE == 0:
                await asyncio.sleep(0)
        packed += packer.flush()
        covering = Covering(
            author=draft.author, recipients=draft.destinations.agreed, report_id=draft.report_id, domain=key.domain,
            submitter=key.receiver, begin=second_of(key.day), end=end, at=self._clock.now(),
        )  # fmt: skip
        return Written(render_aggregate(covering, bytes(packed)), bytes(packed), AGGREGATE)

    async def _records(self, key: ReportKey) -> AsyncIterator[Counted]:
        after, left = "", RECORDS_MAX
        while left:

            async def unit(
                tx: ReadTx, after: str = after, limit: int = min(left, AT_ONCE)
            ) -> list[tuple[str, Counted]]:
                return await tx.reports.list_dmarc_counts(key.day, key.receiver, key.domain, after, limit)

            rows = await self._store.read(unit)
            for _, counted in rows:
                yield counted
            left -= len(rows)
            if len(rows) < AT_ONCE:
                return
            after = rows[-1][0]

    async def _published(self, key: ReportKey) -> DmarcPolicy | None:
        async def unit(tx: ReadTx) -> DmarcPolicy | None:
            return await tx.reports.find_dmarc_policy(key.day, key.domain)

        return await self._store.read(unit)
