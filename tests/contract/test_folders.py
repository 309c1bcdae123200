"""Folders: names, UIDVALIDITY, renames of whole trees, subscriptions."""

from typing import Any

import pytest

from mailstead.ground.model.errors import AlreadyExists, Invalid, NotFound
from mailstead.ground.model.folder import BIRTH_FOLDERS, SpecialUse
from mailstead.ground.model.ids import AccountId, FolderId, Instant, ModSeq
from tests.support.mailbox import NOW, SEEN, Mailbox, make_mailbox
from tests.support.stores import AnyStore


@pytest.fixture
async def box(store: AnyStore) -> Mailbox:
    return await make_mailbox(store)


async def names(box: Mailbox) -> list[str]:
    return [folder.name for folder in await box.store.read(lambda tx: tx.folders.list_folders(box.account))]


async def subscriptions(box: Mailbox) -> list[str]:
    return await box.store.read(lambda tx: tx.folders.list_subscriptions(box.account))


async def test_birth(box: Mailbox) -> None:
    folders = await box.store.read(lambda tx: tx.folders.list_folders(box.account))
    assert {folder.name: folder.special_use for folder in folders} == dict(BIRTH_FOLDERS)
    assert [folder.name for folder in folders] == sorted(folder.name for folder in folders)
    assert await subscriptions(box) == [folder.name for folder in folders]
    assert len({folder.uidvalidity for folder in folders}) == len(folders)
    assert all((folder.uidnext, folder.messages, folder.modseq) == (1, 0, 1) for folder in folders)


async def test_find_and_get(box: Mailbox) -> None:
    for name in ("INBOX", "inbox", "InBox"):
        found = await box.store.read(lambda tx, name=name: tx.folders.find_folder(box.account, name))
        assert found is not None
        assert found == await box.folder(box.folders["INBOX"])
    for name in ("sent", "", "Nope", "ınbox"):
        assert await box.store.read(lambda tx, name=name: tx.folders.find_folder(box.account, name)) is None
    with pytest.raises(NotFound):
        await box.folder(FolderId(99_999))


async def test_names_are_exact_and_in_any_script(box: Mailbox) -> None:
    for name in ("work", "Work", "Работа/日本語", "Entwürfe", "a%_b"):
        await box.create(name)
    listed = await names(box)
    assert listed == sorted(listed)
    assert {"work", "Work", "Работа/日本語", "Entwürfe", "a%_b"} < set(listed)
    with pytest.raises(AlreadyExists):
        await box.create("Work")
    with pytest.raises(AlreadyExists):
        await box.create("iNBOX")


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "a\0b"])
async def test_names_that_cannot_be(box: Mailbox, name: str) -> None:
    with pytest.raises(Invalid):
        await box.create(name)
    with pytest.raises(Invalid):
        await box.rename("Sent", name)


async def test_special_use_is_kept(box: Mailbox) -> None:
    async def step(tx: Any, modseq: ModSeq) -> Any:
        return await tx.folders.insert_folder(box.account, "All", special_use=SpecialUse.ALL, modseq=modseq, now=NOW)

    folder = await box.advanced(step)
    assert folder.special_use is SpecialUse.ALL
    assert await box.folder(folder.id) == folder


async def test_uidvalidity_rises_even_if_the_clock_does_not(box: Mailbox) -> None:
    """RFC 9051 §2.3.1.1: a folder made anew under an old name has a greater one."""

    async def make(name: str, now: int) -> int:
        async def step(tx: Any, modseq: ModSeq) -> int:
            folder = await tx.folders.insert_folder(box.account, name, modseq=modseq, now=Instant(now))
            await tx.folders.delete_folder(folder.id, now=Instant(now))
            return int(folder.uidvalidity)

        return await box.advanced(step)

    given = [await make("Work", now) for now in (NOW, NOW, NOW - 50_000, 0, NOW + 3_600_000)]
    assert given == sorted(set(given))
    assert given[-1] == (NOW + 3_600_000) // 1000


async def test_rename_takes_the_whole_tree(box: Mailbox) -> None:
    ids = {name: await box.create(name) for name in ("a", "a/b", "a/b/c", "ab", "a%", "A/b")}
    await box.append(ids["a/b"])
    before = await box.folder(ids["a/b"])
    renamed = await box.rename("a", "z/y")
    assert [folder.name for folder in renamed] == ["z/y", "z/y/b", "z/y/b/c"]
    after = await box.folder(ids["a/b"])
    assert (after.name, after.uidvalidity, after.uidnext, after.messages) == ("z/y/b", before.uidvalidity, 2, 1)
    assert after.modseq == await box.store.read(lambda tx: tx.modseq(box.account))
    assert renamed[1] == after
    assert {"ab", "a%", "A/b"} < set(await names(box))
    assert "a" not in await names(box)


async def test_rename_to_the_name_of_its_parent(box: Mailbox) -> None:
    for name in ("p/q", "p/q/q", "p/q/q/q"):
        await box.create(name)
    assert [folder.name for folder in await box.rename("p/q", "p")] == ["p", "p/q", "p/q/q"]


async def test_rename_beyond_the_basic_plane(box: Mailbox) -> None:
    await box.create("😀é")
    await box.create("😀é/unten")
    assert [folder.name for folder in await box.rename("😀é", "x")] == ["x", "x/unten"]


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("Nope", "x", NotFound),
        ("a", "Sent", AlreadyExists),
        ("a", "a", AlreadyExists),
        ("a", "inbox", AlreadyExists),
        ("a", "b", AlreadyExists),  # a/c would become b/c, which is there
        ("a", "a/c/d", Invalid),
        ("inbox", "x", Invalid),
    ],
)
async def test_rename_refused(box: Mailbox, old: str, new: str, error: type[Exception]) -> None:
    for name in ("a", "a/c", "b/c"):
        await box.create(name)
    before = await names(box)
    with pytest.raises(error):
        await box.rename(old, new)
    assert await names(box) == before


async def test_renames_of_others_do_not_meet(store: AnyStore, box: Mailbox) -> None:
    other = await make_mailbox(store, "bob@example.test")
    await box.rename("Sent", "Gesendet")
    assert "Sent" in await names(other)


async def test_delete(box: Mailbox) -> None:
    work, _ = await box.create("Work"), await box.create("Work/Old")
    await box.append(work)
    await box.append(work, b"x", SEEN)
    assert await box.delete(work) == 2
    assert "Work" not in await names(box)
    assert "Work/Old" in await names(box)
    for call in (box.folder, box.delete):
        with pytest.raises(NotFound):
            await call(work)
    again = await box.create("Work")
    assert again != work
    assert (await box.folder(again)).messages == 0
    with pytest.raises(Invalid):
        await box.delete(box.folders["INBOX"])


async def test_subscriptions_are_names(box: Mailbox) -> None:
    """RFC 9051 §6.3.7: of folders that may not be there; a rename does not move them."""

    async def unit(tx: Any) -> None:
        await tx.folders.subscribe(box.account, "Not/There")
        await tx.folders.subscribe(box.account, "Not/There")
        await tx.folders.subscribe(box.account, "inbox")
        await tx.folders.unsubscribe(box.account, "Drafts")
        await tx.folders.unsubscribe(box.account, "Never")

    await box.store.write(unit)
    await box.rename("Sent", "Gesendet")
    assert await subscriptions(box) == ["Archive", "INBOX", "Junk", "Not/There", "Sent", "Trash"]


async def test_an_account_that_is_gone_gets_no_folder(store: AnyStore) -> None:
    async def unit(tx: Any) -> None:
        await tx.folders.insert_folder(AccountId(99_999), "x", modseq=ModSeq(1), now=NOW)

    with pytest.raises(NotFound):
        await store.write(unit)
