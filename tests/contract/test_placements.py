"""Placements: numbering, flags, copies and removal, with counters and quota that stay right."""

import pytest

from mailstead.ground.model.errors import NotFound, OverQuota
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.ids import FolderId, MessageId
from mailstead.ground.model.uidset import UidSet
from mailstead.store.port.placements import Copied, FlagRow
from tests.support.mailbox import DELETED, NOW, PREFIX, SEEN, Mailbox, make_mailbox
from tests.support.stores import AnyStore

EVERYTHING = UidSet(((1, 0xFFFFFFFF),))


@pytest.fixture
async def box(store: AnyStore) -> Mailbox:
    return await make_mailbox(store)


@pytest.fixture
def inbox(box: Mailbox) -> FolderId:
    return box.folders["INBOX"]


async def test_append_numbers_and_counts(box: Mailbox, inbox: FolderId) -> None:
    assert [await box.append(inbox, b"abc", flags) for flags in (Flags(), SEEN, DELETED)] == [1, 2, 3]
    folder, account = await box.folder(inbox), await box.account_row()
    size = 3 * (len(PREFIX) + 3)
    assert (folder.uidnext, folder.messages, folder.unseen, folder.deleted, folder.size) == (4, 3, 2, 1, size)
    assert (account.used_messages, account.used_bytes) == (3, size)
    assert folder.modseq == await box.store.read(lambda tx: tx.modseq(box.account))


async def test_append_gives_uidvalidity(box: Mailbox, inbox: FolderId) -> None:
    folder = await box.folder(inbox)

    async def step(tx, modseq):
        return await tx.placements.append(
            inbox, MessageId(1), Flags(), size=1, internal_date=NOW, modseq=modseq, now=NOW
        )

    assert await box.advanced(step) == (1, folder.uidvalidity)


async def test_append_to_a_folder_that_is_gone(box: Mailbox) -> None:
    work = await box.create("Work")
    await box.delete(work)
    for folder in (work, FolderId(99_999)):
        with pytest.raises(NotFound):
            await box.append(folder)
    assert (await box.account_row()).used_bytes == 0


async def test_quota_is_refused_only_where_asked(store: AnyStore) -> None:
    one = len(PREFIX) + 10
    box = await make_mailbox(store, quota=2 * one)
    inbox = box.folders["INBOX"]
    for _ in range(2):
        await box.append(inbox, b"0123456789", may_exceed=False)
    with pytest.raises(OverQuota):
        await box.append(inbox, b"0123456789", may_exceed=False)
    assert (await box.account_row()).is_full
    assert (await box.folder(inbox)).messages == 2  # the refused unit left nothing
    assert await box.append(inbox, b"0123456789") == 3
    assert (await box.account_row()).used_bytes == 3 * one


async def test_uids_are_runs_and_can_be_read_in_parts(box: Mailbox, inbox: FolderId) -> None:
    for _ in range(10):
        await box.append(inbox)
    await box.expunge(inbox, UidSet.of([3, 4, 8]))

    async def uids(first: int, limit: int) -> str:
        return str(await box.store.read(lambda tx: tx.placements.uids(inbox, first, limit)))

    assert await uids(1, 100) == "1:2,5:7,9:10"
    assert await uids(1, 3) == "1:2,5"
    assert await uids(6, 3) == "6:7,9"
    assert await uids(11, 3) == ""


async def test_first_unseen(box: Mailbox, inbox: FolderId) -> None:
    async def first_unseen() -> int | None:
        return await box.store.read(lambda tx: tx.placements.first_unseen(inbox))

    assert await first_unseen() is None
    for flags in (SEEN, Flags(), Flags()):
        await box.append(inbox, b"x", flags)
    assert await first_unseen() == 2
    await box.store_flags(inbox, EVERYTHING, FlagOp.ADD, SEEN)
    assert await first_unseen() is None


async def test_list_placements(box: Mailbox, inbox: FolderId) -> None:
    await box.append(inbox, b"one", Flags.of(Flag.SEEN, ("$Forwarded",)))
    await box.append(inbox, b"two!")
    first, second = await box.store.read(lambda tx: tx.placements.list_placements(inbox, 1, 10))
    assert (first.uid, first.flags, first.size) == (1, Flags.of(Flag.SEEN, ("$Forwarded",)), len(PREFIX) + 3)
    assert (second.uid, second.flags, second.size) == (2, Flags(), len(PREFIX) + 4)
    assert first.modseq < second.modseq
    assert first.message_id < second.message_id
    assert first.internal_date == first.saved_at >= NOW
    assert await box.store.read(lambda tx: tx.placements.list_placements(inbox, 1, 10, 1)) == [first]
    assert await box.store.read(lambda tx: tx.placements.list_placements(inbox, 2, 2)) == [second]


@pytest.mark.parametrize("uids", [UidSet(((1, 4),)), UidSet.of([1, 2, 4]), UidSet(((1, 2), (4, 0xFFFFFFFF)))])
async def test_one_bit_on_and_off(box: Mailbox, inbox: FolderId, uids: UidSet) -> None:
    for flags in (Flags(), SEEN, Flags(), Flags(Flag.FLAGGED)):
        await box.append(inbox, b"x", flags)
    rows, refused = await box.store_flags(inbox, uids, FlagOp.ADD, SEEN)
    changed = [uid for uid in (1, 3, 4) if uid in uids]
    assert [row.uid for row in rows] == changed
    assert not refused
    assert all(row.bits & Flag.SEEN for row in rows)
    folder = await box.folder(inbox)
    assert folder.unseen == 3 - len(changed)
    assert {row.modseq for row in rows} == {folder.modseq}
    rows, _ = await box.store_flags(inbox, uids, FlagOp.REMOVE, SEEN)
    assert [row.uid for row in rows] == [uid for uid in (1, 2, 3, 4) if uid in uids]
    assert (await box.folder(inbox)).unseen == 4
    assert (await box.flags(inbox))[4] == (Flag.FLAGGED, "")


async def test_deleted_is_counted(box: Mailbox, inbox: FolderId) -> None:
    for _ in range(3):
        await box.append(inbox)
    await box.store_flags(inbox, UidSet(((1, 2),)), FlagOp.ADD, DELETED)
    assert (await box.folder(inbox)).deleted == 2
    await box.store_flags(inbox, UidSet(((2, 3),)), FlagOp.REMOVE, DELETED)
    assert (await box.folder(inbox)).deleted == 1
    await box.store_flags(inbox, EVERYTHING, FlagOp.REPLACE, Flags(Flag.DELETED | Flag.SEEN))
    folder = await box.folder(inbox)
    assert (folder.deleted, folder.unseen) == (3, 0)


async def test_what_does_not_change_keeps_its_modseq(box: Mailbox, inbox: FolderId) -> None:
    await box.append(inbox, b"x", Flags.of(Flag.SEEN, ("work",)))
    before = await box.folder(inbox)
    for op, flags in (
        (FlagOp.ADD, SEEN),
        (FlagOp.ADD, Flags.of(Flag.SEEN, ("WORK",))),
        (FlagOp.REMOVE, Flags(Flag.DRAFT)),
        (FlagOp.REMOVE, Flags.of(Flag.NONE, ("home",))),
        (FlagOp.REPLACE, Flags.of(Flag.SEEN, ("work",))),
        (FlagOp.ADD, Flags()),
    ):
        assert await box.store_flags(inbox, EVERYTHING, op, flags) == ([], UidSet()), (op, flags)
    assert await box.folder(inbox) == before


async def test_keywords_and_bits_in_one_store(box: Mailbox, inbox: FolderId) -> None:
    for flags in (Flags(), Flags.of(Flag.SEEN, ("Old", "work")), Flags.of(Flag.DRAFT, ("b",))):
        await box.append(inbox, b"x", flags)
    rows, _ = await box.store_flags(inbox, EVERYTHING, FlagOp.ADD, Flags.of(Flag.FLAGGED, ("Work",)))
    folder = await box.folder(inbox)
    assert rows == [
        FlagRow(1, Flag.FLAGGED, "Work", folder.modseq),
        FlagRow(2, Flag.FLAGGED | Flag.SEEN, "Old work", folder.modseq),
        FlagRow(3, Flag.FLAGGED | Flag.DRAFT, "b Work", folder.modseq),
    ]
    rows, _ = await box.store_flags(inbox, EVERYTHING, FlagOp.REMOVE, Flags.of(Flag.NONE, ("WORK", "b")))
    assert [row.keywords for row in rows] == ["", "Old", ""]
    words = await box.store.read(lambda tx: tx.placements.keywords(inbox))
    assert [word.lower() for word in words] == ["b", "old", "work"]


async def test_unchanged_since(box: Mailbox, inbox: FolderId) -> None:
    """RFC 7162 §3.1.3: those that changed since are refused and named, the others change."""
    for _ in range(4):
        await box.append(inbox)
    since = (await box.folder(inbox)).modseq
    await box.store_flags(inbox, UidSet.of([2, 4]), FlagOp.ADD, Flags(Flag.FLAGGED))
    rows, refused = await box.store_flags(inbox, EVERYTHING, FlagOp.ADD, SEEN, unchanged_since=since)
    assert [row.uid for row in rows] == [1, 3]
    assert refused == UidSet.of([2, 4])
    assert (await box.folder(inbox)).unseen == 2


async def test_many_scattered_placements(box: Mailbox, inbox: FolderId) -> None:
    for _ in range(60):
        await box.append(inbox)
    odd = UidSet.of(range(1, 61, 2))
    rows, _ = await box.store_flags(inbox, odd, FlagOp.REPLACE, Flags.of(Flag.SEEN | Flag.DELETED, ("a", "B")))
    assert [row.uid for row in rows] == list(odd)
    assert await box.expunge(inbox, EVERYTHING, only_deleted=True) == odd
    folder = await box.folder(inbox)
    assert (folder.messages, folder.unseen, folder.deleted) == (30, 30, 0)


async def test_copy(box: Mailbox, inbox: FolderId) -> None:
    archive = box.folders["Archive"]
    await box.append(archive)
    for flags in (Flags(), SEEN, Flags.of(Flag.DELETED, ("$Junk",))):
        await box.append(inbox, b"abc", flags)
    used = (await box.account_row()).used_bytes
    copied = await box.copy(inbox, UidSet.of([1, 3, 9]), archive)
    assert copied == Copied(UidSet.of([1, 3]), UidSet(((2, 3),)))
    folder = await box.folder(archive)
    assert (folder.uidnext, folder.messages, folder.unseen, folder.deleted) == (4, 3, 3, 1)
    assert await box.flags(archive) == {1: (0, ""), 2: (0, ""), 3: (Flag.DELETED, "$Junk")}
    assert await box.store.read(lambda tx: tx.placements.keywords(archive)) == ["$Junk"]
    assert (await box.account_row()).used_bytes == used  # a copy is the same message
    source = await box.store.read(lambda tx: tx.placements.list_placements(inbox, 1, 9))
    target = await box.store.read(lambda tx: tx.placements.list_placements(archive, 2, 9))
    assert [(row.message_id, row.internal_date) for row in target] == [
        (row.message_id, row.internal_date) for row in source if row.uid != 2
    ]
    assert target[0].saved_at > source[0].saved_at


async def test_copy_into_the_same_folder(box: Mailbox, inbox: FolderId) -> None:
    for _ in range(3):
        await box.append(inbox)
    assert await box.copy(inbox, UidSet(((2, 3),)), inbox) == Copied(UidSet(((2, 3),)), UidSet(((4, 5),)))
    assert (await box.folder(inbox)).messages == 5


async def test_copy_of_nothing_and_into_nowhere(box: Mailbox, inbox: FolderId) -> None:
    await box.append(inbox)
    assert await box.copy(inbox, UidSet.of([7]), box.folders["Trash"]) == Copied(UidSet(), UidSet())
    assert await box.copy(inbox, UidSet(), box.folders["Trash"]) == Copied(UidSet(), UidSet())
    with pytest.raises(NotFound):
        await box.copy(inbox, UidSet.of([1]), FolderId(99_999))


async def test_expunge_gives_back_with_the_last_placement(box: Mailbox, inbox: FolderId) -> None:
    await box.append(inbox, b"kept")
    await box.append(inbox, b"gone")
    await box.copy(inbox, UidSet.of([2]), box.folders["Trash"])
    assert await box.expunge(inbox, UidSet.of([2])) == UidSet.of([2])
    assert (await box.account_row()).used_messages == 2
    assert await box.expunge(box.folders["Trash"], EVERYTHING) == UidSet.of([1])
    account = await box.account_row()
    assert (account.used_messages, account.used_bytes) == (1, len(PREFIX) + 4)
    folder = await box.folder(inbox)
    assert (folder.uidnext, folder.messages, folder.unseen, folder.size) == (3, 1, 1, len(PREFIX) + 4)
    modseq = await box.store.read(lambda tx: tx.modseq(box.account))
    assert folder.modseq == modseq - 1  # one unit ago; Trash was the last


async def test_expunge_of_what_is_not_there_changes_nothing(box: Mailbox, inbox: FolderId) -> None:
    await box.append(inbox)
    before = await box.folder(inbox)
    assert await box.expunge(inbox, UidSet.of([5, 9])) == UidSet()
    assert await box.expunge(inbox, UidSet()) == UidSet()
    assert await box.expunge(inbox, EVERYTHING, only_deleted=True) == UidSet()
    assert await box.folder(inbox) == before


async def test_two_placements_of_a_message_in_one_expunge(box: Mailbox, inbox: FolderId) -> None:
    await box.append(inbox)
    await box.copy(inbox, UidSet.of([1]), inbox)
    assert len(await box.expunge(inbox, EVERYTHING)) == 2
    account = await box.account_row()
    assert (account.used_messages, account.used_bytes) == (0, 0)


async def test_a_folder_that_is_gone_refuses_flags_and_expunge(box: Mailbox) -> None:
    work = await box.create("Work")
    await box.append(work)
    await box.delete(work)
    with pytest.raises(NotFound):
        await box.store_flags(work, EVERYTHING, FlagOp.ADD, SEEN)
    with pytest.raises(NotFound):
        await box.expunge(work, EVERYTHING)
