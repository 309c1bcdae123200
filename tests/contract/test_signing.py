"""Keys that sign keep their promises on both engines."""

from dataclasses import replace

import pytest

from mailstead.ground.model.errors import Conflict, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.signing import Algorithm, KeyState, SigningKey
from mailstead.store.port import ReadTx, Tx
from tests.support.stores import Engine

NOW = Instant(1_800_000_000_000)


def key(domain: str, selector: str, state: KeyState = KeyState.NEW, activated_at: int | None = None) -> SigningKey:
    return SigningKey(
        domain=domain,
        selector=selector,
        algorithm=Algorithm.ED25519,
        pem=f"pem of {selector}",
        state=state,
        created_at=NOW,
        activated_at=Instant(activated_at) if activated_at else None,
    )


async def test_keys(engine: Engine) -> None:
    store = await engine.open()
    one, two = key("a.test", "one"), key("a.test", "two", KeyState.ACTIVE, NOW + 2)
    three, four = key("a.test", "three", KeyState.ACTIVE, NOW + 1), key("b.test", "one")

    async def add(tx: Tx) -> list[bool]:
        return [await tx.signing.insert_key(each) for each in (one, two, three, four, one)]

    assert await store.write(add) == [True, True, True, True, False]

    async def look(tx: ReadTx) -> tuple[list[SigningKey], ...]:
        signing = tx.signing
        return (
            await signing.list_keys(),
            await signing.list_keys("a.test"),
            await signing.list_keys(after=("a.test", "three"), limit=2),
            await signing.list_keys("a.test", after=("a.test", "one"), limit=1),
            await signing.keys_in(KeyState.NEW),
            await signing.keys_in(KeyState.NEW, after=("a.test", "one")),
            await signing.active_keys("a.test"),
            await signing.active_keys("b.test"),
        )

    assert await store.read(look) == (
        [one, three, two, four],
        [one, three, two],
        [two, four],
        [three],
        [one, four],
        [four],
        [three, two],
        [],
    )
    assert await store.read(lambda tx: tx.signing.get_key("a.test", "two")) == two
    with pytest.raises(NotFound):
        await store.read(lambda tx: tx.signing.get_key("a.test", "four"))


async def test_a_key_lives_and_goes(engine: Engine) -> None:
    store = await engine.open()
    new = key("a.test", "one")
    active = replace(
        new, state=KeyState.ACTIVE, seen_at=NOW, activated_at=Instant(NOW + 1), retired_at=Instant(NOW + 2)
    )

    async def live(tx: Tx) -> SigningKey:
        await tx.signing.insert_key(new)
        await tx.signing.update_key(active, was=KeyState.NEW)
        return await tx.signing.get_key("a.test", "one")

    assert await store.write(live) == active
    with pytest.raises(Conflict):
        await store.write(lambda tx: tx.signing.update_key(new, was=KeyState.NEW))
    await store.write(lambda tx: tx.signing.delete_key("a.test", "one"))
    with pytest.raises(NotFound):
        await store.write(lambda tx: tx.signing.delete_key("a.test", "one"))


async def test_keys_go_with_their_domain(engine: Engine) -> None:
    store = await engine.open()

    async def unit(tx: Tx) -> list[SigningKey]:
        domain = await tx.directory.insert_domain("a.test", now=NOW, default_quota=0)
        await tx.directory.insert_domain("alias.test", now=NOW, default_quota=0, alias_of=domain.id)
        for name in ("a.test", "alias.test", "b.test"):
            await tx.signing.insert_key(key(name, "one"))
        await tx.directory.delete_domain(domain.id)
        return await tx.signing.list_keys()

    assert await store.write(unit) == [key("b.test", "one")]


def test_a_private_key_does_not_show() -> None:
    assert "pem" not in repr(key("a.test", "one"))
