"""The unit that files a letter for all recipients of its transaction: all of it or none of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from mailstead.ground.model.directory import Account
from mailstead.ground.model.flags import Flags
from mailstead.ground.model.folder import INBOX
from mailstead.ground.model.ids import AccountId, BlobId, ModSeq
from mailstead.ground.model.verdict import Reason
from mailstead.services.delivery.plan import Accepted, Copy, Fate, Plan
from mailstead.services.folders.append import place, put_letter
from mailstead.services.spool.bounce import BounceOwed, is_bounce_due, owe_bounce
from mailstead.store.port import Tx
from mailstead.store.port.duties import Trace

_NO_FLAGS = Flags()


@dataclass(frozen=True, slots=True)
class Filing:
    """Runs as a unit. `gone` are accounts that an earlier run did not find any more."""

    plan: Plan
    gone: frozenset[AccountId] = frozenset()

    async def __call__(self, tx: Tx) -> dict[AccountId, Fate]:
        """File, record what was left out, and tell each account's fate."""
        plan = self.plan
        present = [copy for copy in plan.copies if copy.account_id not in self.gone]
        modseqs = await tx.advance(*(copy.account_id for copy in present)) if present else {}
        fates = dict.fromkeys(self.gone, Fate.GONE)
        fitting: list[Copy] = []
        for copy in present:
            if plan.keep_quota and not has_room(await tx.directory.get_account(copy.account_id), plan.size):
                fates[copy.account_id] = Fate.FULL
            else:
                fates[copy.account_id] = Fate.FILED
                fitting.append(copy)
        if fitting:
            blob_id = await put_letter(tx, plan.letter)
            for copy in fitting:
                await self._file(tx, copy, blob_id, modseqs)
            await self._owe(tx, blob_id, fates)
        return fates

    async def _file(self, tx: Tx, copy: Copy, blob_id: BlobId, modseqs: Mapping[AccountId, ModSeq]) -> None:
        plan = self.plan
        inbox = await tx.folders.find_folder(copy.account_id, INBOX)
        assert inbox is not None, "INBOX cannot be deleted"
        await place(
            tx,
            account=copy.account_id,
            folder=inbox.id,
            message_id=copy.message_id,
            blob_id=blob_id,
            prefix=plan.prefix,
            size=plan.size,
            flags=_NO_FLAGS,
            internal_date=plan.now,
            now=plan.now,
            modseq=modseqs[copy.account_id],
            may_exceed=True,
        )
        trace = Trace(
            at=plan.now,
            account_id=copy.account_id,
            message_id=copy.message_id,
            session=plan.client.session,
            story=copy.story,
        )
        await tx.duties.insert_trace(trace)

    async def _owe(self, tx: Tx, blob_id: BlobId, fates: Mapping[AccountId, Fate]) -> None:
        """RFC 5321 §4.2.5: after 250 the failure is ours to report."""
        plan = self.plan
        for accepted, bounce_id in zip(plan.accepted, plan.bounce_ids, strict=True):
            reason = left_out(accepted, fates, may_refuse=plan.may_refuse_each)
            if reason is None or not is_bounce_due(plan.envelope, accepted.recipient):
                continue
            owed = BounceOwed(id=bounce_id, recipient=accepted.recipient, reason=reason, session=plan.client.session)
            await owe_bounce(tx, owed, envelope=plan.envelope, blob_id=blob_id, now=plan.now)


def has_room(account: Account, size: int) -> bool:
    """Whether a message of `size` octets stays within the quota of the account and of its domain."""
    return account.has_room(size)


def left_out(accepted: Accepted, fates: Mapping[AccountId, Fate], *, may_refuse: bool) -> Reason | None:
    """Why some of a recipient's accounts will not have the letter though the reply says yes; None if none are."""
    reached = [fates[target.account.id] for target in accepted.targets]
    if may_refuse and Fate.FILED not in reached:
        return None
    if Fate.GONE in reached:
        return Reason.USER_UNKNOWN
    return Reason.MAILBOX_FULL if accepted.full or Fate.FULL in reached else None
