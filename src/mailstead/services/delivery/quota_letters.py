"""Tells people that a quota fills up: one event and one letter in INBOX for each threshold. A duty, no delivery."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.flags import Flags
from mailstead.ground.model.folder import INBOX
from mailstead.ground.model.ids import AccountId, DomainId, MessageId, ModSeq
from mailstead.ground.model.quota import Quota, next_warning
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.folders.append import place, put_letter
from mailstead.services.folders.incoming import Letter, take
from mailstead.store.port import Lane, ReadTx, ReadUnit, Store, Tx, Unit
from mailstead.store.port.quotas import Filling
from mailstead.telemetry import Event, emit

STEP: Final = 1000
"""Accounts looked at in one read."""
PAUSE: Final = 0.01
FULL: Final = 100
MEGABYTE: Final = 1_000_000

Mark = Callable[[Tx, int], Awaitable[bool]]


class QuotaLetters:
    """Walks all accounts and domains. Whoever falls well below a threshold may be told of it again."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, *, hostname: str) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._hostname = hostname

    async def run(self) -> None:
        """One walk."""
        last = await self._store.read(_last_account)
        for start in range(0, last, STEP):
            for filling in await self._store.read(_accounts_after(start)):
                await self._look(filling, AccountId(filling.id), _account_mark(filling))
            await asyncio.sleep(PAUSE if start + STEP < last else 0)
        for filling in await self._store.read(_domains):
            reader = await self._store.read(_admin_account)
            await self._look(filling, reader, _domain_mark(filling), domain=filling.name)

    async def _look(self, filling: Filling, reader: AccountId | None, mark: Mark, *, domain: str = "") -> None:
        level = next_warning(filling.quota.percent, filling.warned)
        if level == filling.warned:
            return
        is_risen = level > filling.warned
        letter = self._write(filling, level, domain) if is_risen and reader is not None else None
        try:
            is_new = await self._store.write(self._unit(mark, level, reader, letter), lane=Lane.BULK)
        except NotFound:
            return  # removed meanwhile
        if is_new and is_risen:
            emit(
                Event.QUOTA_THRESHOLD_CROSSED, account=0 if domain else filling.id, domain=domain,
                address="" if domain else filling.name, limit=level,
            )  # fmt: skip

    def _unit(self, mark: Mark, level: int, reader: AccountId | None, letter: Letter | None) -> Unit[bool]:
        now, message_id = self._clock.now(), MessageId(self._ids.next())

        async def unit(tx: Tx) -> bool:
            modseq = (await tx.advance(reader))[reader] if reader is not None else ModSeq(0)
            if not await mark(tx, level):
                return False
            if letter is None or reader is None:
                return True
            inbox = await tx.folders.find_folder(reader, INBOX)
            assert inbox is not None, "INBOX cannot be deleted"
            await place(
                tx,
                account=reader,
                folder=inbox.id,
                message_id=message_id,
                blob_id=await put_letter(tx, letter),
                prefix=b"",
                size=letter.staged.size,
                flags=Flags(),
                internal_date=now,
                now=now,
                modseq=modseq,
                may_exceed=True,
            )
            return True

        return unit

    def _write(self, filling: Filling, level: int, domain: str) -> Letter:
        whose = f"The domain {domain}" if domain else "Your mailbox"
        number = self._ids.next()
        date = format_datetime(datetime.fromtimestamp(self._clock.now() / 1000, UTC))
        lines = (
            f"From: Mail server <postmaster@{self._hostname}>",
            f"To: {'postmaster' if domain else filling.name}",
            f"Subject: {whose} is {'full' if level == FULL else f'{level} % full'}",
            f"Date: {date}",
            f"Message-ID: <{number}.quota@{self._hostname}>",
            "Auto-Submitted: auto-generated",  # RFC 3834 §5: nobody answers it by itself
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 8bit",
            "",
            f"{whose} holds {_words(filling.quota)}.",
            "",
            "New mail is refused once it is full. Delete what is not needed, and empty the trash,",
            "or ask the administrator for more room.",
            "",
        )
        return take(self._store.blobs, "\r\n".join(lines).encode())


def _words(quota: Quota) -> str:
    parts = []
    if quota.limit_bytes:
        parts.append(f"{quota.used_bytes / MEGABYTE:.1f} of {quota.limit_bytes / MEGABYTE:.1f} MB")
    if quota.limit_messages:
        parts.append(f"{quota.used_messages} of {quota.limit_messages} messages")
    return " and ".join(parts) or "more than it may"


def _account_mark(filling: Filling) -> Mark:
    return lambda tx, level: tx.quotas.mark_account_warned(AccountId(filling.id), filling.warned, level)


def _domain_mark(filling: Filling) -> Mark:
    return lambda tx, level: tx.quotas.mark_domain_warned(DomainId(filling.id), filling.warned, level)


async def _last_account(tx: ReadTx) -> int:
    return await tx.quotas.last_account()


async def _domains(tx: ReadTx) -> list[Filling]:
    return await tx.quotas.list_filling_domains()


async def _admin_account(tx: ReadTx) -> AccountId | None:
    account = await tx.directory.find_admin_account()
    return account.id if account is not None else None


def _accounts_after(start: int) -> ReadUnit[list[Filling]]:
    async def unit(tx: ReadTx) -> list[Filling]:
        return await tx.quotas.list_filling_accounts(start, start + STEP)

    return unit
