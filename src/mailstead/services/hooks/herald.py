"""Tells hooks of letters that were filed: a single duty that follows the events of every account.

A letter is filed with a trace, and its account counts one up. Whoever sees the count reads which letters came by
their ids, which rise with time but for those on their way at the same moment: so a little is always read again.
Errands are written with the place that was reached: a worker may die at any point, and a hook hears of each letter at
least once.
"""

import asyncio
from dataclasses import replace
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.hook import Hook, Stage
from mailstead.ground.model.ids import AccountId, Instant, MessageId, ModSeq
from mailstead.net.clock import Clock
from mailstead.net.ids import first_of, moment_of
from mailstead.services.checks.specimen import Content
from mailstead.services.filters.asking import Silent
from mailstead.services.hooks.book import HookBook
from mailstead.services.hooks.calling import Caller
from mailstead.services.hooks.telling import tell_letter
from mailstead.store.port import Lane, ReadTx, Store, Tx
from mailstead.store.port.hooks import Cursor, Errand, FiledLetter
from mailstead.telemetry import Event, emit

ACCOUNTS_AT_ONCE: Final = 500
LETTERS_AT_ONCE: Final = 500
ERRANDS_AT_ONCE: Final = 10
OVERLAP: Final = 120_000
"""Milliseconds between an id and its commit, at most: the store answers Busy long before."""
TRIES_MAX: Final = 10
PAUSE_LONGEST: Final = 3_600_000
RUN_SECONDS: Final = 20.0
"""Then the lease is looked at again."""


class Herald:
    """One for a worker; whoever has the lease runs."""

    def __init__(self, store: Store, book: HookBook, caller: Caller, clock: Clock) -> None:
        self._store = store
        self._book = book
        self._caller = caller
        self._clock = clock
        self._cursors: dict[AccountId, Cursor] = {}

    async def run(self) -> None:
        """Follow all accounts, then tell what is due. Where no hook wants to hear, nothing is read."""
        await self._book.look()
        hooks = self._book.of(Stage.DELIVERED)
        if not hooks:
            self._cursors.clear()
            return
        began = self._clock.monotonic()
        await self._read_cursors()
        await self._follow_all(hooks)
        while self._clock.monotonic() - began < RUN_SECONDS and await self._tell_some(hooks):
            pass

    async def _read_cursors(self) -> None:
        """Each time anew: another worker may have had the lease meanwhile."""
        after = AccountId(0)
        while True:

            async def unit(tx: ReadTx, after: AccountId = after) -> list[Cursor]:
                return await tx.hooks.list_cursors(after, ACCOUNTS_AT_ONCE)

            found = await self._store.read(unit)
            self._cursors |= {cursor.account_id: cursor for cursor in found}
            if len(found) < ACCOUNTS_AT_ONCE:
                return
            after = found[-1].account_id
            await asyncio.sleep(0)

    async def _follow_all(self, hooks: tuple[Hook, ...]) -> None:
        after = AccountId(0)
        while True:

            async def unit(tx: ReadTx, after: AccountId = after) -> list[tuple[AccountId, ModSeq]]:
                return await tx.finding.counters(after, ACCOUNTS_AT_ONCE)

            rows = await self._store.read(unit)
            for account, modseq in rows:
                cursor = self._cursors.get(account)
                if cursor is None or cursor.modseq < modseq:
                    await self._follow(account, hooks)
            if len(rows) < ACCOUNTS_AT_ONCE:
                return
            after = rows[-1][0]
            await asyncio.sleep(0)

    async def _follow(self, account: AccountId, hooks: tuple[Hook, ...]) -> None:
        """Until it has no more news."""
        since = min(hook.created_at for hook in hooks)
        is_more = True
        while is_more:
            try:
                is_more = await self._follow_some(account, hooks, since)
            except NotFound:
                return  # it went meanwhile
            await asyncio.sleep(0)

    async def _follow_some(self, account: AccountId, hooks: tuple[Hook, ...], since: Instant) -> bool:
        """A step; True if there may be more."""
        cursor = self._cursors.get(account) or Cursor(
            account_id=account, modseq=ModSeq(0), message_id=_first_of(since)
        )  # fmt: skip
        start = max(_first_of(Instant(moment_of(cursor.message_id) - OVERLAP)), _first_of(since))

        async def look(tx: ReadTx) -> tuple[ModSeq, str, list[MessageId]]:
            modseq = await tx.modseq(account)  # before the letters: what comes later counts it up again
            owner = (await tx.directory.get_account(account)).address.domain
            return modseq, owner, await tx.hooks.letters_filed(account, start, LETTERS_AT_ONCE)

        modseq, domain, letters = await self._store.read(look)
        is_all = len(letters) < LETTERS_AT_ONCE
        fresh = [letter for letter in letters if letter not in cursor.seen]
        reached = max([cursor.message_id, *letters])
        floor = _first_of(Instant(moment_of(reached) - OVERLAP))
        known = frozenset(one for one in (*cursor.seen, *letters) if one > floor)
        after = Cursor(
            account_id=account, modseq=modseq if is_all else cursor.modseq, message_id=reached, seen=known
        )  # fmt: skip
        errands = [
            Errand(hook=hook.name, message_id=letter, account_id=account, due_at=self._clock.now())
            for letter in fresh
            for hook in hooks
            if hook.is_about(domain) and moment_of(letter) >= hook.created_at
        ]

        async def unit(tx: Tx) -> None:
            await tx.hooks.follow(after, errands)

        await self._store.write(unit, lane=Lane.BULK)
        self._cursors[account] = after
        return not is_all and after != cursor

    async def _tell_some(self, hooks: tuple[Hook, ...]) -> bool:
        """Some of what is due, at the same time; True if there may be more."""
        now = self._clock.now()
        due = await self._store.read(lambda tx: tx.hooks.due_errands(now, ERRANDS_AT_ONCE))
        by_name = {hook.name: hook for hook in hooks}
        async with asyncio.TaskGroup() as together:
            for errand in due:
                together.create_task(self._tell(errand, by_name.get(errand.hook)))
        return len(due) == ERRANDS_AT_ONCE

    async def _tell(self, errand: Errand, hook: Hook | None) -> None:
        letter = await self._store.read(lambda tx: tx.hooks.filed_letter(errand.message_id)) if hook else None
        if hook is not None and letter is not None:
            try:
                await self._call(hook, letter)
            except Silent as silence:
                await self._fail(errand, str(silence))
                return

        async def unit(tx: Tx) -> None:
            await tx.hooks.drop_errand(errand)

        await self._store.write(unit, lane=Lane.BULK)

    async def _call(self, hook: Hook, letter: FiledLetter) -> None:
        try:
            body = _Whole(letter.prefix, await self._store.blobs.open(letter.blob_id))
        except NotFound:
            return  # it went meanwhile
        told = await tell_letter(
            hook, Stage.DELIVERED, body, [str(Address.parse(letter.address))], is_spam=letter.is_junk,
            now=self._clock.now(),
        )  # fmt: skip
        await self._caller.call(told)

    async def _fail(self, errand: Errand, why: str) -> None:
        """Again later: 4 s, 8 s, and so on up to an hour; in the end it is given up."""
        tries = errand.attempts + 1
        pause = min(1000 << (tries + 1), PAUSE_LONGEST)
        later = replace(errand, attempts=tries, due_at=Instant(self._clock.now() + pause))

        async def unit(tx: Tx) -> None:
            await (tx.hooks.put_off(later) if tries < TRIES_MAX else tx.hooks.drop_errand(errand))

        await self._store.write(unit, lane=Lane.BULK)
        if tries >= TRIES_MAX:
            emit(Event.HOOK_GIVEN_UP, hook=errand.hook, message=errand.message_id, attempts=tries, detail=why)


def _first_of(at: Instant) -> MessageId:
    return MessageId(first_of(at))


class _Whole:
    """A filed letter as its readers see it."""

    def __init__(self, prefix: bytes, blob: Content) -> None:
        self._prefix = prefix
        self._blob = blob
        self.size = len(prefix) + blob.size

    async def read(self, offset: int, length: int) -> bytes:
        """A part of it."""
        head = self._prefix[offset : offset + length]
        if len(head) == length:
            return head
        return head + await self._blob.read(max(0, offset - len(self._prefix)), length - len(head))
