"""Annotations on both engines: whose they are, how many, and when they go."""

import pytest

from mailstead.ground.model.ids import FolderId, Instant, UserId
from mailstead.services.folders import metadata
from mailstead.services.folders.metadata import (
    SERVER,
    Shelf,
    TooManyAnnotations,
    Wanted,
    copy_annotations,
    read_annotations,
    read_of_account,
    write_annotations,
)
from tests.contract.test_quotas import NOW, folders_on, furnish
from tests.support.stores import AnyStore

ANN, BOB = UserId(1), UserId(2)
EVERYTHING = Wanted(("/shared", "/private"), depth=None)


async def shelf_of(store: AnyStore, name: str = "Sent") -> Shelf:
    account = (await store.read(lambda tx: tx.directory.list_accounts()))[0].id
    folder = await folders_on(store, 101).tree.get(account, name)
    return Shelf(folder.account_id, folder.id)


async def entries(store: AnyStore, shelf: Shelf, user: UserId, wanted: Wanted = EVERYTHING) -> dict[str, bytes]:
    return {note.entry: note.value for note in await read_annotations(store, shelf, user, wanted)}


async def test_private_ones_are_each_users_own(store: AnyStore) -> None:
    await furnish(store)
    shelf = await shelf_of(store)
    await write_annotations(store, shelf, ANN, [("/private/x", b"ann\0"), ("/shared/x", b"all")], NOW)
    await write_annotations(store, shelf, BOB, [("/private/x", b"bob")], NOW)
    await write_annotations(store, SERVER, ANN, [("/private/x", b"server")], NOW)
    assert await entries(store, shelf, ANN) == {"/private/x": b"ann\0", "/shared/x": b"all"}
    assert await entries(store, shelf, BOB) == {"/private/x": b"bob", "/shared/x": b"all"}
    assert await entries(store, SERVER, BOB) == {}
    assert await entries(store, SERVER, ANN) == {"/private/x": b"server"}
    found = await read_of_account(store, shelf.account_id, BOB, ["/private/x", "/shared/none"])
    assert found == {shelf.folder_id: {"/private/x": b"bob"}}
    await write_annotations(store, shelf, BOB, [("/shared/x", None), ("/shared/none", None)], NOW)
    assert await entries(store, shelf, ANN) == {"/private/x": b"ann\0"}


async def test_long_values_are_not_read(store: AnyStore) -> None:
    await furnish(store)
    shelf = await shelf_of(store)
    await write_annotations(store, shelf, ANN, [("/private/x", b"12345"), ("/private/y", b"1")], NOW)
    notes = await read_annotations(store, shelf, ANN, Wanted(("/private",), None, 4))
    assert [(note.entry, note.size, note.value) for note in notes] == [("/private/x", 5, b""), ("/private/y", 1, b"1")]


async def test_limits_undo_the_whole_command(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    await furnish(store)
    shelf = await shelf_of(store)
    monkeypatch.setattr(metadata, "OF_FOLDER_MAX", 3)
    await write_annotations(store, shelf, ANN, [(f"/private/{number}", b"x") for number in range(3)], NOW)
    with pytest.raises(TooManyAnnotations):
        await write_annotations(store, shelf, ANN, [("/private/0", b"changed"), ("/private/more", b"x")], NOW)
    assert (await entries(store, shelf, ANN))["/private/0"] == b"x"
    await write_annotations(store, shelf, ANN, [("/shared/more", b"x")], NOW)
    monkeypatch.setattr(metadata, "BYTES_OF_ACCOUNT_MAX", 10)
    with pytest.raises(TooManyAnnotations):
        await write_annotations(store, shelf, ANN, [("/shared/more", b"x" * 11)], NOW)


async def test_they_go_with_folder_and_user(store: AnyStore) -> None:
    await furnish(store)
    shelf, inbox = await shelf_of(store), await shelf_of(store, "INBOX")
    await write_annotations(store, shelf, ANN, [("/private/x", b"1"), ("/shared/x", b"2")], NOW)
    await copy_annotations(store, shelf, inbox)
    await store.write(lambda tx: tx.folders.delete_folder(FolderId(shelf.folder_id), now=NOW))
    while await store.write(lambda tx: tx.duties.exhume(now=Instant(NOW + 1))):
        pass
    assert await entries(store, shelf, ANN) == {}
    assert await entries(store, inbox, ANN) == {"/private/x": b"1", "/shared/x": b"2"}
    users = await store.read(lambda tx: tx.directory.list_users())
    assert users[0].id == ANN
    await store.write(lambda tx: tx.directory.delete_user(ANN))
    assert await entries(store, inbox, ANN) == {"/shared/x": b"2"}
