"""Blocks in the operator's hand, and the duty that forgets those that are over."""

import asyncio
from collections.abc import Sequence
from typing import Final

from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.block import LoginBlock, read_subject
from mailstead.ground.model.errors import NotFound
from mailstead.net.clock import Clock
from mailstead.services.accounts.directory import Directory
from mailstead.services.policy.policies import Policies
from mailstead.store.port import Lane, ReadTx, Store, Tx

PAUSE: Final = 0.01


async def list_blocks(directory: Directory) -> Sequence[LoginBlock]:
    """Those in force, the latest end first."""
    now = directory.clock.now()

    async def unit(tx: ReadTx) -> list[LoginBlock]:
        return await tx.limits.list_blocks(now)

    return await directory.store.read(unit)


async def remove_block(
    directory: Directory, subject: str, domain: str | None, *, dry_run: bool = False
) -> Sequence[LoginBlock]:
    """Hear them again, at one domain or at all; NotFound, Invalid."""
    wanted, now = read_subject(subject), directory.clock.now()
    scope = canonical_domain(domain) if domain else domain

    async def unit(tx: Tx) -> list[LoginBlock]:
        dropped = await tx.limits.drop_block(wanted, scope, now)
        if not dropped:
            raise NotFound(f"{wanted} is not blocked" + (f" at {scope}" if scope else ""))
        for block in dropped:
            before = {"subject": block.subject, "until": block.until, "failures": block.failures}
            await directory.record(tx, "login_block.removed", block.subject, domain=block.domain, before=before)
        return dropped

    return await directory.commit(unit, dry_run=dry_run)


class Cleaning:
    """Forgets what has run out, as often as the template says."""

    def __init__(self, store: Store, clock: Clock, policies: Policies) -> None:
        self._store = store
        self._clock = clock
        self._policies = policies
        self._due_at = 0.0

    async def run(self) -> None:
        """If it is time."""
        if self._clock.monotonic() < self._due_at:
            return
        template, now = await self._policies.of(""), self._clock.now()

        async def unit(tx: Tx) -> int:
            return await tx.limits.forget(now)

        while True:
            if not await self._store.write(unit, lane=Lane.BULK):
                break
            await asyncio.sleep(PAUSE)
        wait = min(template.auth.cleanup_interval, template.rate_limit.cleanup_interval)
        self._due_at = self._clock.monotonic() + wait
