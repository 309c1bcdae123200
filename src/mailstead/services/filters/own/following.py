"""Learns from what people do: what they move into Junk is junk, what they move out of it is not.

Follows the changes of every account behind a durable cursor; nothing waits for it. What a filter filed there itself
teaches nothing, nor does what is thrown away from there.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final, Protocol

from mailstead.ground.formats.spam.anatomy import LETTER_MAX, dissect
from mailstead.ground.model.address import Address
from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.errors import MailError, NotFound
from mailstead.ground.model.flags import Flag
from mailstead.ground.model.folder import INBOX, SpecialUse
from mailstead.ground.model.ids import AccountId, BlobId, FolderId, Instant, ModSeq
from mailstead.ground.model.policy import Policy
from mailstead.ground.model.uidset import UidSet
from mailstead.net.clock import Clock
from mailstead.net.ids import moment_of
from mailstead.services.checks.specimen import Content
from mailstead.services.filters.own.knowing import count, find_origin, find_written
from mailstead.services.filters.own.learning import Learner, Lesson
from mailstead.services.filters.own.own import look_at
from mailstead.services.filters.own.recollection import base_of
from mailstead.store.port import Lane, ReadTx, Store, Tx
from mailstead.store.port.blobs import Blobs
from mailstead.store.port.learning import Name
from mailstead.store.port.messages import FetchRow, Load
from mailstead.telemetry import Event, emit

ACCOUNTS_AT_ONCE: Final = 500
CHANGES_AT_ONCE: Final = 500
LETTERS_AT_ONCE: Final = 20
KEPT_MAX: Final = 10
"""Letters in the inbox that a person has seen and kept: they are gone through whenever something was junk, so that
what is common to all letters does not speak against any."""
COPY_AGE: Final = 10_000
"""Milliseconds: a letter that is so much older than its place in Junk was copied there, not filed or uploaded."""
KEPT_MS: Final = 365 * 86_400_000
STEP: Final = 200
PAUSE: Final = 0.01
SELDOM: Final = 1000
"""Changes after which a cursor is written though nothing was learned."""


_FOLLOWED: Final = (SpecialUse.JUNK, SpecialUse.TRASH, SpecialUse.SENT)


class PolicySource(Protocol):
    """What domains want."""

    async def of(self, domain: str) -> Policy: ...


class OtherTeacher(Protocol):
    """Of the filters of others: see `services.filters.teaching`."""

    async def learn(self, content: Content, *, is_spam: bool) -> None: ...


class Follower:
    """A duty: one worker of all does it."""

    def __init__(
        self, store: Store, clock: Clock, learner: Learner, policies: PolicySource, others: OtherTeacher
    ) -> None:
        self._store = store
        self._clock = clock
        self._blobs: Blobs = store.blobs
        self._learner = learner
        self._policies = policies
        self._others = others
        self._seen: dict[AccountId, ModSeq] = {}
        self._written: dict[AccountId, ModSeq] = {}

    async def run(self) -> None:
        """All accounts once."""
        async for account, modseq in self._accounts():
            if self._seen.get(account) == modseq:
                continue
            try:
                await self._follow(account, modseq)
            except NotFound:
                continue  # it went meanwhile

    async def forget(self) -> None:
        """Lessons too old to be taken back, whom nobody heard of for long, and all of accounts that are no more."""
        before = Instant(self._clock.now() - KEPT_MS)

        async def unit(tx: Tx) -> int:
            gone = await tx.learning.forget_lessons(before=before, limit=STEP)
            gone += await tx.learning.forget_known(before=before, limit=STEP)
            return gone + await tx.learning.forget_orphans(limit=STEP)

        while True:
            if not await self._store.write(unit, lane=Lane.BULK):
                return
            await asyncio.sleep(PAUSE)

    async def _accounts(self) -> AsyncIterator[tuple[AccountId, ModSeq]]:
        after = AccountId(0)
        while True:
            last = after

            async def unit(tx: ReadTx, last: AccountId = last) -> list[tuple[AccountId, ModSeq]]:
                return await tx.finding.counters(last, ACCOUNTS_AT_ONCE)

            rows = await self._store.read(unit)
            for row in rows:
                yield row
            if len(rows) < ACCOUNTS_AT_ONCE:
                return
            after = rows[-1][0]

    async def _follow(self, account: AccountId, modseq: ModSeq) -> None:
        begin = self._seen.get(account)
        if begin is None:
            begin = await self._store.read(lambda tx: tx.learning.cursor(account))
        if begin is None:
            begin = await self._store.read(lambda tx: tx.oldest_change(account))
        self._written.setdefault(account, begin)
        while begin < modseq:
            begin, taught = await self._follow_some(account, begin, modseq)
            self._seen[account] = begin
            if taught or begin - self._written[account] > SELDOM:
                await self._note(account, begin)

    async def _note(self, account: AccountId, modseq: ModSeq) -> None:
        async def unit(tx: Tx) -> None:
            await tx.learning.set_cursor(account, modseq)

        await self._store.write(unit, lane=Lane.BULK)
        self._seen[account] = self._written[account] = modseq

    async def _follow_some(self, account: AccountId, after: ModSeq, now: ModSeq) -> tuple[ModSeq, bool]:
        async def unit(tx: ReadTx) -> tuple[list[Change], tuple[FolderId | None, ...], str]:
            changes = await tx.changes(account, after, CHANGES_AT_ONCE)
            found = [await tx.folders.find_special(account, use) for use in _FOLLOWED]
            domain = (await tx.directory.get_account(account)).address.domain
            return changes, tuple(folder.id if folder else None for folder in found), domain

        changes, (junk, trash, sent), domain = await self._store.read(unit)
        upto = changes[-1].modseq if len(changes) >= CHANGES_AT_ONCE else now
        for change in changes:
            if change.kind is ChangeKind.APPENDED and change.folder_id == sent:
                await self._note_sent(account, change)
        if junk is None or not any(change.folder_id == junk for change in changes):
            return upto, False
        policy = await self._policies.of(domain)
        if not policy.spam.enabled or not policy.spam.learning_enabled:
            return upto, False
        moved, copied = _sort_out(changes, junk)
        taught = await self._teach(account, moved, is_spam=True)
        taught += await self._teach(account, copied, is_spam=True, since=COPY_AGE)
        has_junk = bool(taught)
        taught += await self._teach(account, _moved_out(changes, junk, trash), is_spam=False)
        if has_junk:
            await self._keep_balance(account)
        return upto, bool(taught)

    async def _teach(self, account: AccountId, changes: Iterable[Change], *, is_spam: bool, since: int = 0) -> int:
        """`since`: only letters that are so much older than their place."""
        count = 0
        for change in changes:
            async for rows in self._rows(change.folder_id, change.uids):
                meant = [row for row in rows if row.saved_at - moment_of(row.message_id) >= since]
                lessons = [await self._lesson(row, is_spam=is_spam) for row in meant]
                learned = await self._learner.learn(account, lessons) if lessons else 0
                count += learned
                if learned:
                    await self._count(account, meant, is_spam=is_spam)
                    await self._tell(account, meant, learned, is_spam=is_spam)
        return count

    async def _count(self, account: AccountId, rows: Sequence[FetchRow], *, is_spam: bool) -> None:
        """From where they came, as our own fields before them say."""
        came = [names for row in rows if (names := await self._origin(row))]

        async def unit(tx: Tx) -> None:
            for names in came:
                await count(tx, account, names, self._clock.now(), is_spam=is_spam)

        if came:
            await self._store.write(unit, lane=Lane.BULK)

    async def _origin(self, row: FetchRow) -> list[Name]:
        reader = await self._blobs.open(BlobId(row.blob_id))
        return find_origin(row.prefix, dissect(await reader.read(0, LETTER_MAX)))

    async def _tell(self, account: AccountId, rows: Sequence[FetchRow], learned: int, *, is_spam: bool) -> None:
        emit(Event.SPAM_LEARNED, account=int(account), count=learned, result="spam" if is_spam else "ham")
        for row in rows:
            try:
                await self._others.learn(await self._blobs.open(BlobId(row.blob_id)), is_spam=is_spam)
            except (MailError, OSError):
                continue  # removed meanwhile

    async def _note_sent(self, account: AccountId, change: Change) -> None:
        """Whoever is written to is known, and what answers is expected."""
        async for rows in self._rows(change.folder_id, change.uids, Load.MESSAGE | Load.HEADER):
            letters = [find_written(row.header) for row in rows]
            ids = [letter.number for letter in letters if letter.number]
            people = [address for letter in letters for address in letter.recipients]

            async def unit(tx: Tx, ids: list[int] = ids, people: list[Address] = people) -> None:
                await tx.learning.note_sent(account, ids, self._clock.now())
                await tx.guards.note_acquaintances(account, people, self._clock.now())

            await self._store.write(unit, lane=Lane.BULK)

    async def _lesson(self, row: FetchRow, *, is_spam: bool) -> Lesson:
        reader = await self._blobs.open(BlobId(row.blob_id))
        weighed = look_at(await reader.read(0, LETTER_MAX))
        return Lesson(f"m{row.message_id}", weighed.tokens, base_of(weighed.symptoms), is_spam)

    async def _keep_balance(self, account: AccountId) -> None:
        """What lies in the inbox and was seen is wanted."""
        inbox = await self._store.read(lambda tx: tx.folders.find_folder(account, INBOX))
        if inbox is None:
            return
        uids = await self._store.read(lambda tx: tx.placements.uids(inbox.id))
        newest = uids.numbers(max(1, len(uids) - 3 * KEPT_MAX), len(uids)) if uids else uids
        kept: list[FetchRow] = []
        async for rows in self._rows(inbox.id, newest):
            kept += [row for row in rows if row.bits & Flag.SEEN and not row.bits & Flag.DELETED]
        lessons = [await self._lesson(row, is_spam=False) for row in kept[-KEPT_MAX:]]
        if lessons:
            await self._learner.learn(account, lessons)

    async def _rows(self, folder: FolderId, uids: UidSet, load: int = Load.MESSAGE) -> AsyncIterator[list[FetchRow]]:
        for first, last in uids.runs:
            begin = first
            while begin <= last:
                start = begin

                async def unit(tx: ReadTx, start: int = start, last: int = last) -> list[FetchRow]:
                    return await tx.messages.fetch(folder, start, last, load, LETTERS_AT_ONCE)

                rows = await self._store.read(unit)
                if rows:
                    yield rows
                if len(rows) < LETTERS_AT_ONCE:
                    break
                begin = rows[-1].uid + 1


def _sort_out(changes: Sequence[Change], junk: FolderId) -> tuple[list[Change], list[Change]]:
    """What came into Junk by a change that took it away elsewhere, and what came by another."""
    left = {change.modseq for change in changes if change.kind is ChangeKind.EXPUNGED and change.folder_id != junk}
    came = [change for change in changes if change.kind is ChangeKind.APPENDED and change.folder_id == junk]
    moved = [change for change in came if change.modseq in left]
    return moved, [change for change in came if change.modseq not in left]


def _moved_out(changes: Sequence[Change], junk: FolderId, trash: FolderId | None) -> list[Change]:
    """What left Junk by the same change as it came elsewhere, and was not thrown away."""
    left = {change.modseq for change in changes if change.kind is ChangeKind.EXPUNGED and change.folder_id == junk}
    return [
        change
        for change in changes
        if change.kind is ChangeKind.APPENDED and change.modseq in left and change.folder_id not in (junk, trash)
    ]
