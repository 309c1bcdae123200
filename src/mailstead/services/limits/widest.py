"""What an address may do before it is known which domain it means: as much as the most liberal domain lets it."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.policy import Rate, RateLimit
from mailstead.net.clock import Clock
from mailstead.services.policy.policies import View
from mailstead.store.port import ReadTx, Store

A_PAGE: Final = 100
WINDOWS_MAX: Final = 4
QUICK: Final = 0.05
"""Seconds: a reading that takes longer, of thousands of domains, is rested from for `REST` times as long. Until then
what was read holds at the greeting; at RCPT the recipient's policy always holds at once."""
REST: Final = 10

Rates = tuple[Rate, ...]
"""Of different windows: whoever is within one of them is let in; (): everybody is."""


@dataclass(frozen=True, slots=True)
class Widest:
    """Over all domains."""

    smtp_per_ip: Rates
    auth_per_ip: Rates


class WidestRates:
    """One for a worker. Read anew when any policy has changed."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._rest_until = 0.0
        self._mark: int | None = None
        self._widest = Widest((), ())
        self._reading: asyncio.Lock = asyncio.Lock()

    async def look(self, view: View) -> Widest:
        """As of that view. Who comes while they are read waits for it."""
        if view.mark != self._mark and self._clock.monotonic() >= self._rest_until:
            async with self._reading:
                if view.mark != self._mark:
                    began = self._clock.monotonic()
                    self._widest = await self._read(view)
                    self._mark = view.mark
                    took = self._clock.monotonic() - began
                    self._rest_until = began + REST * took if took > QUICK else 0.0
        return self._widest

    async def _read(self, view: View) -> Widest:
        groups: set[RateLimit] = set()
        after = ""
        while page := await self._page(after):
            groups.update(group for _, group in page)
            after = page[-1][0]
            await asyncio.sleep(0)
        if not groups:
            groups.add((await view.of("")).rate_limit)
        return Widest(
            _widest(group.smtp_per_ip if group.enabled else None for group in groups),
            _widest(group.auth_per_ip if group.enabled else None for group in groups),
        )

    async def _page(self, after: str) -> list[tuple[str, RateLimit]]:
        async def unit(tx: ReadTx) -> list[tuple[str, RateLimit]]:
            return await tx.limits.list_rates(after, A_PAGE)

        return await self._store.read(unit)


def _widest(rates: Iterable[Rate | None]) -> Rates:
    counts: dict[int, int] = {}
    for rate in rates:
        if rate is None or not rate.is_limit:
            return ()
        counts[rate.window_minutes] = max(rate.count, counts.get(rate.window_minutes, 0))
    if len(counts) > WINDOWS_MAX:
        return ()  # too many to count in: each domain does so when it is known
    return tuple(Rate(count, minutes) for minutes, count in sorted(counts.items()))
