"""Digests: once a day each account reads what was kept for it, where its domain wants that."""

import asyncio
from typing import Final

from mailstead.ground.formats.dsn.text import Language
from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.flags import Flags
from mailstead.ground.model.folder import INBOX
from mailstead.ground.model.ids import AccountId, Instant, MessageId
from mailstead.ground.model.policy import Digest as Wanted
from mailstead.ground.model.policy import Place, Policy
from mailstead.ground.model.quarantine import KeptLetter
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.folders.append import place, put_letter
from mailstead.services.folders.incoming import Incoming, Letter
from mailstead.services.policy.policies import Policies
from mailstead.services.quarantine.letter import Digest, Line, render_digest
from mailstead.services.quarantine.links import Links
from mailstead.store.port import Lane, Store, Tx
from mailstead.telemetry import Event, emit

DAY: Final = 86_400_000
SHOWN_MAX: Final = 50
"""Letters of one digest; more come with the next."""
STEP: Final = 100
_DIGEST_MAX: Final = 1 << 20


class Digests:
    """A duty."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, links: Links, *, language: Language) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._links = links
        self._language = language
        self._policies = Policies(store)

    async def run(self) -> None:
        """All accounts whose last digest is a day old."""
        await self.send(Instant(self._clock.now() - DAY))

    async def send(self, before: Instant) -> int:
        """All accounts that have news, and whose last digest was sent before that; how many digests were written."""
        count, after = 0, AccountId(0)
        while accounts := await self._list(before, after):
            for account in accounts:
                count += await self._tell(account, before)
                await asyncio.sleep(0)
            after = accounts[-1]
        return count

    async def count(self, before: Instant) -> int:
        """How many accounts `send` would look at."""
        count, after = 0, AccountId(0)
        while accounts := await self._list(before, after):
            count, after = count + len(accounts), accounts[-1]
        return count

    async def _list(self, before: Instant, after: AccountId) -> list[AccountId]:
        return await self._store.read(lambda tx: tx.quarantine.list_untold(before, after=after, limit=STEP))

    async def _tell(self, number: AccountId, before: Instant) -> bool:
        try:
            account = await self._store.read(lambda tx: tx.directory.get_account(number))
            news = await self._store.read(lambda tx: tx.quarantine.list_untold_of(number, STEP))
            told = [(kept, await self._policies.of(kept.domain)) for kept in news]
            wanted = [(kept, policy) for kept, policy in told if _is_wanted(policy)][:SHOWN_MAX]
            return bool(wanted) and await self._file(account, wanted, before)
        except NotFound:
            return False  # the account is gone: what was kept for it ends by its time

    async def _file(self, account: Account, wanted: list[tuple[KeptLetter, Policy]], before: Instant) -> bool:
        now, number = self._clock.now(), self._ids.next()
        letter = await self._write(account, wanted, number, now)
        numbers = [kept.id for kept, _ in wanted]

        async def unit(tx: Tx) -> bool:
            modseq = (await tx.advance(account.id))[account.id]
            if not await tx.quarantine.mark_told(account.id, numbers, now, since=before):
                return False
            inbox = await tx.folders.find_folder(account.id, INBOX)
            assert inbox is not None, "INBOX cannot be deleted"
            await place(
                tx, account=account.id, folder=inbox.id, message_id=MessageId(number),
                blob_id=await put_letter(tx, letter), prefix=b"", size=letter.staged.size, flags=Flags(),
                internal_date=now, now=now, modseq=modseq, may_exceed=True,
            )  # fmt: skip
            return True

        is_filed = await self._store.write(unit, lane=Lane.BULK, incoming=True, size=letter.staged.size)
        if is_filed:
            emit(Event.QUARANTINE_DIGEST_FILED, account=account.id, address=str(account.address), count=len(numbers))
        return is_filed

    async def _write(
        self, account: Account, wanted: list[tuple[KeptLetter, Policy]], number: int, now: Instant
    ) -> Letter:
        lines = [Line(kept, await self._link(kept, policy)) for kept, policy in wanted]
        author = Address.of("postmaster", account.address.domain)
        digest = Digest(
            address=account.address,
            lines=lines,
            days=min(policy.quarantine.days for _, policy in wanted),
            language=self._language,
            author=author,
            message_id=f"{number}.quarantine@{author.domain}",
            at=now,
        )
        incoming = Incoming(self._store.blobs, _DIGEST_MAX)
        incoming.write(render_digest(digest))
        return await incoming.finish()

    async def _link(self, kept: KeptLetter, policy: Policy) -> str:
        if kept.has_virus or not policy.quarantine.recipient_release:
            return ""
        until = Instant(kept.kept_at + policy.quarantine.days * DAY)
        return await self._links.make(kept.id, kept.account_id, until)


def _is_wanted(policy: Policy) -> bool:
    """Where spam is filed as junk only viruses are kept, and nobody need hear of them."""
    return policy.quarantine.digest is Wanted.DAILY and policy.quarantine.place is Place.KEPT
