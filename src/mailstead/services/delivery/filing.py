"""The unit that files a letter for all recipients of its transaction, here and elsewhere: all of it or none of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mailstead.ground.formats.dsn.addresses import write_orcpt
from mailstead.ground.model.directory import Account
from mailstead.ground.model.envelope import DsnRequest, Recipient
from mailstead.ground.model.flags import Flag, Flags
from mailstead.ground.model.folder import INBOX, Folder, SpecialUse
from mailstead.ground.model.ids import AccountId, BlobId, MessageId, ModSeq
from mailstead.ground.model.quarantine import KeptLetter
from mailstead.services.delivery.plan import Accepted, Copy, Fate, Plan
from mailstead.services.folders.append import place, put_letter
from mailstead.services.spool.outbox import Bundle
from mailstead.services.spool.spooling import prepare_local, put_bundle
from mailstead.store.port import Tx
from mailstead.store.port.duties import Trace

_READ = Flags(Flag.SEEN)


@dataclass(frozen=True, slots=True)
class Filed:
    """What a unit did: each account's fate, and what is in the spool."""

    fates: Mapping[AccountId, Fate]
    bundles: tuple[Bundle, ...] = ()


@dataclass(frozen=True, slots=True)
class Filing:
    """Runs as a unit. `gone` are accounts that an earlier run did not find any more."""

    plan: Plan
    gone: frozenset[AccountId] = frozenset()

    async def __call__(self, tx: Tx) -> Filed:
        """File, spool what goes on and what was left out, and tell each account's fate."""
        plan = self.plan
        present = [copy for copy in plan.copies if copy.account_id not in self.gone]
        touched = {copy.account_id for copy in present} | ({plan.sent.account_id} if plan.sent else set())
        modseqs = await tx.advance(*touched) if touched else {}
        fates = dict.fromkeys(self.gone, Fate.GONE)
        fitting: list[Copy] = []
        for copy in present:
            if plan.keep_quota and not has_room(await tx.directory.get_account(copy.account_id), plan.size):
                fates[copy.account_id] = Fate.FULL
            else:
                fates[copy.account_id] = Fate.FILED
                fitting.append(copy)
        if not fitting and not plan.bundles and not plan.kept:
            return Filed(fates)
        blob_id = await put_letter(tx, plan.letter)
        for copy in fitting:
            await self._file(tx, copy, blob_id, modseqs)
        for one in plan.kept:
            await self._hold(tx, replace(one.letter, blob_id=blob_id), one.story)
        if plan.sent is not None:
            await self._keep(tx, blob_id, modseqs[plan.sent.account_id])
        bundles = await self._spool(tx, blob_id, fates)
        if plan.within is not None:
            await plan.within(tx)
        return Filed(fates, bundles)

    async def _file(self, tx: Tx, copy: Copy, blob_id: BlobId, modseqs: Mapping[AccountId, ModSeq]) -> None:
        plan = self.plan
        junk = await tx.folders.find_special(copy.account_id, SpecialUse.JUNK) if copy.aside_story else None
        folder = junk or await tx.folders.find_folder(copy.account_id, INBOX)
        assert folder is not None, "INBOX cannot be deleted"
        modseq = modseqs[copy.account_id]
        await self._place(tx, folder, copy.message_id, blob_id, copy.prefix, copy.marks, modseq)
        trace = Trace(
            at=plan.now,
            account_id=copy.account_id,
            message_id=copy.message_id,
            session=plan.client.session,
            story=copy.aside_story if junk is not None else copy.story,
        )
        await tx.duties.insert_trace(trace)

    async def _hold(self, tx: Tx, kept: KeptLetter, story: bytes) -> None:
        """Nothing of it is in an account, and yet it has its trace."""
        plan = self.plan
        await tx.quarantine.keep(kept)
        trace = Trace(
            at=plan.now, account_id=kept.account_id, message_id=kept.id, session=plan.client.session, story=story
        )
        await tx.duties.insert_trace(trace)

    async def _keep(self, tx: Tx, blob_id: BlobId, modseq: ModSeq) -> None:
        """The sender's own copy; who has no folder for it wants none."""
        sent = self.plan.sent
        assert sent is not None
        folder = await tx.folders.find_special(sent.account_id, SpecialUse.SENT)
        if folder is not None:
            await self._place(tx, folder, sent.message_id, blob_id, b"", _READ, modseq)

    async def _place(
        self, tx: Tx, folder: Folder, message: MessageId, blob_id: BlobId, prefix: bytes, flags: Flags, modseq: ModSeq
    ) -> None:
        plan = self.plan
        await place(
            tx,
            account=folder.account_id,
            folder=folder.id,
            message_id=message,
            blob_id=blob_id,
            prefix=prefix,
            size=len(prefix) + plan.letter.staged.size,
            flags=flags,
            internal_date=plan.now,
            now=plan.now,
            modseq=modseq,
            may_exceed=True,
        )

    async def _spool(self, tx: Tx, blob_id: BlobId, fates: Mapping[AccountId, Fate]) -> tuple[Bundle, ...]:
        """RFC 5321 §4.2.5: after 250 what could not be filed is ours to try again, and at last to return."""
        plan = self.plan
        bundles = [await put_bundle(tx, bundle, blob_id) for bundle in plan.bundles]
        for accepted, number in zip(plan.accepted, plan.later_ids, strict=True):
            missed = left_out(accepted, fates, may_refuse=plan.may_refuse_each)
            if missed:
                later = prepare_local(
                    number, plan.letter, plan.envelope, missed, plan.terms, prefix=plan.later_prefix, now=plan.now
                )
                bundles.append(await put_bundle(tx, later, blob_id))
        return tuple(bundles)


def has_room(account: Account, size: int) -> bool:
    """Whether a message of `size` octets stays within the quota of the account and of its domain."""
    return account.has_room(size)


def left_out(accepted: Accepted, fates: Mapping[AccountId, Fate], *, may_refuse: bool) -> tuple[Recipient, ...]:
    """Those behind a recipient who have not got the letter though the reply says yes: each by their own address, so
    that nobody gets it twice, and with the one that was written to, which alone its sender is told of."""
    if accepted.treatment.custody is not None:
        return ()
    missed = [target for target in accepted.targets if fates[target.account.id] is not Fate.FILED]
    if may_refuse and len(missed) == len(accepted.targets) and not accepted.abroad:
        return ()
    dsn = accepted.recipient.dsn
    dsn = DsnRequest(dsn.notify, dsn.original or write_orcpt(str(accepted.recipient.address)))
    return tuple(Recipient(target.account.address, dsn) for target in (*missed, *accepted.full))
