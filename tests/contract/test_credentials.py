"""SCRAM verifiers, app passwords and tokens keep their promises on both engines."""

import pytest

from mailstead.ground.model.credential import CredentialKind
from mailstead.ground.model.directory import Status, UserRole
from mailstead.ground.model.errors import AlreadyExists, NotFound
from mailstead.ground.model.ids import Instant, UserId
from mailstead.store.port import ReadTx, Tx
from mailstead.store.port.credentials import PLACES_MAX
from tests.support.stores import Engine

NOW = Instant(1_800_000_000_000)
APP, TOKEN = CredentialKind.APP_PASSWORD, CredentialKind.TOKEN


async def test_verifiers_go_with_the_password(engine: Engine) -> None:
    store = await engine.open()

    async def lacks(tx: ReadTx) -> bool:
        return await tx.credentials.lacks_verifier()

    assert not await store.read(lacks), "nobody is there"

    async def add(tx: Tx) -> UserId:
        await tx.directory.insert_user("locked@x.test", "", is_admin=False, now=NOW)
        return (await tx.directory.insert_user("ann@x.test", "hash", is_admin=False, now=NOW)).id

    ann = await store.write(add)
    assert await store.read(lacks)
    await store.write(lambda tx: tx.credentials.store_verifier(ann, "v1"))
    assert not await store.read(lacks)
    assert await store.read(lambda tx: tx.credentials.find_verifier(ann)) == "v1"
    await store.write(lambda tx: tx.directory.update_user(ann, role=UserRole.ADMIN))
    assert await store.read(lambda tx: tx.credentials.find_verifier(ann)) == "v1"
    await store.write(lambda tx: tx.directory.update_user(ann, password_hash="new"))
    assert await store.read(lambda tx: tx.credentials.find_verifier(ann)) is None
    assert await store.read(lacks)
    await store.write(lambda tx: tx.directory.update_user(ann, status=Status.SUSPENDED))
    assert not await store.read(lacks)
    with pytest.raises(NotFound):
        await store.write(lambda tx: tx.credentials.store_verifier(UserId(999), "v"))


async def test_credentials(engine: Engine) -> None:
    store = await engine.open()

    async def add(tx: Tx) -> UserId:
        user = await tx.directory.insert_user("ann@x.test", "hash", is_admin=False, now=NOW)
        await tx.credentials.insert_credential(user.id, (APP, "b", "d1"), ("imap", "smtp"), now=NOW, expires_at=None)
        await tx.credentials.insert_credential(user.id, (APP, "a", "d2"), (), now=NOW, expires_at=Instant(NOW + 1))
        await tx.credentials.insert_credential(user.id, (TOKEN, "a", "d3"), (), now=NOW, expires_at=None)
        return user.id

    ann = await store.write(add)
    listed = await store.read(lambda tx: tx.credentials.list_credentials(ann, APP))
    assert [(one.name, one.protocols, one.expires_at) for one in listed] == [
        ("a", (), NOW + 1),
        ("b", ("imap", "smtp"), None),
    ]
    assert [one.serves("imap") for one in listed] == [True, True]
    assert [one.serves("pop3") for one in listed] == [True, False]
    assert [one.is_over(Instant(NOW + 1)) for one in listed] == [True, False]
    found = await store.read(lambda tx: tx.credentials.find_credential("d1"))
    assert found == listed[1]
    holder = await store.read(lambda tx: tx.credentials.find_holder("d3"))
    assert holder is not None
    assert (holder[0].login, holder[1].kind) == ("ann@x.test", TOKEN)
    assert await store.read(lambda tx: tx.credentials.find_holder("d9")) is None
    with pytest.raises(AlreadyExists):
        await store.write(
            lambda tx: tx.credentials.insert_credential(ann, (APP, "a", "d4"), (), now=NOW, expires_at=None)
        )
    await store.write(lambda tx: tx.credentials.touch_credentials([(listed[0].id, Instant(NOW + 5)), (999, NOW)]))
    touched = await store.read(lambda tx: tx.credentials.find_credential("d2"))
    assert touched is not None
    assert touched.used_at == NOW + 5
    gone = await store.write(lambda tx: tx.credentials.delete_credential(ann, APP, "b"))
    assert gone.digest == "d1"
    with pytest.raises(NotFound):
        await store.write(lambda tx: tx.credentials.delete_credential(ann, APP, "b"))
    await store.write(lambda tx: tx.directory.delete_user(ann))
    assert await store.read(lambda tx: tx.credentials.find_credential("d2")) is None


async def test_a_secret_is_kept_once(engine: Engine) -> None:
    store = await engine.open()
    assert await store.read(lambda tx: tx.credentials.find_secret("s")) is None
    assert await store.write(lambda tx: tx.credentials.keep_secret("s", "first")) == "first"
    assert await store.write(lambda tx: tx.credentials.keep_secret("s", "second")) == "first"
    assert await store.read(lambda tx: tx.credentials.find_secret("s")) == "first"


async def test_places(engine: Engine) -> None:
    store = await engine.open()

    async def add(tx: Tx) -> UserId:
        return (await tx.directory.insert_user("ann@x.test", "hash", is_admin=False, now=NOW)).id

    ann = await store.write(add)

    async def is_familiar(place: str, since: int = NOW) -> bool:
        return await store.read(lambda tx: tx.credentials.is_familiar(ann, place, Instant(since)))

    async def note(places: list[str], now: int, forget: int = 0) -> None:
        seen = [(ann, place) for place in places]
        await store.write(lambda tx: tx.credentials.note_places(seen, Instant(now), Instant(forget)))

    await note(["a", "b"], NOW)
    assert [await is_familiar(place) for place in "abc"] == [True, True, False]
    assert not await is_familiar("a", NOW + 1)
    await note(["b"], NOW + 10)
    assert await is_familiar("b", NOW + 10)
    await note(["c"], NOW + 20, forget=NOW + 10)
    assert [await is_familiar(place, 0) for place in "abc"] == [False, True, True]
    await store.write(lambda tx: tx.directory.delete_user(ann))
    assert not await is_familiar("b", 0)


async def test_of_each_user_the_latest_places_are_kept(engine: Engine) -> None:
    store = await engine.open()

    async def furnish(tx: Tx) -> tuple[UserId, UserId]:
        users = [await tx.directory.insert_user(f"{name}@x.test", "hash", is_admin=False, now=NOW) for name in "ab"]
        await tx.credentials.note_places([(users[1].id, "home")], NOW, Instant(0))
        for number in range(PLACES_MAX + 3):
            await tx.credentials.note_places([(users[0].id, f"{number}")], Instant(NOW + number), Instant(0))
        return users[0].id, users[1].id

    ann, bob = await store.write(furnish)

    async def is_familiar(user: UserId, place: str) -> bool:
        return await store.read(lambda tx: tx.credentials.is_familiar(user, place, Instant(0)))

    assert [await is_familiar(ann, str(n)) for n in (0, 2, 3, PLACES_MAX + 2)] == [False, False, True, True]
    assert await is_familiar(bob, "home")
