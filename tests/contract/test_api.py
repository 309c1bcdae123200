"""The whole API on both engines: every list and thing, conditions and keys, by many at once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mailstead.services.accounts.auditing import verify
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import NewDomain, add_domain
from tests.support.api_scene import PASSWORD, Scene, build_scene, furnish
from tests.support.directory import CountingHasher
from tests.support.fake_clock import FakeClock
from tests.support.stores import AnyStore

NEW = {"address": "sales@one.test", "targets": ["ann@one.test"]}


@pytest.fixture
async def scene(store: AnyStore) -> AsyncIterator[Scene]:
    clock = FakeClock()
    directory = Directory(store=store, hasher=CountingHasher(), clock=clock, default_domain="example.com")
    await add_domain(directory, NewDomain(name="example.com"))
    made = await build_scene(directory, clock)
    await furnish(made)
    yield made
    await made.client.close()


async def test_everything_there_is_can_be_read(scene: Scene) -> None:
    kept = await scene.keep("ann@one.test")
    await scene.call("POST", "/blocklist", {"pattern": "a@b.test", "domain": "one.test"})
    await scene.call("POST", "/domains/one.test/dkim-keys", {"selector": "s1", "algorithm": "ed25519"})
    paths = (
        "/users", "/users?domain=one.test", "/users/ann@one.test", "/users/ann@one.test/usage",
        "/users/ann@one.test/tokens", "/users/ann@one.test/tokens/key", "/users/ann@one.test/totp", "/accounts",
        "/accounts/team@one.test", "/accounts/team@one.test/access", "/aliases", "/aliases/info@one.test", "/domains",
        "/domains/one.test", "/domains/one.test/policy", "/domains/_default/policy", "/domains/one.test/dkim-keys",
        "/blocklist", "/blocklist?domain=one.test", "/queue", "/quarantine", f"/quarantine/{kept}", "/audit",
        "/audit?who=api%20token&action=blocklist&domain=one.test&since=2020-01-01", "/audit/verify", "/stats",
    )  # fmt: skip
    for path in paths:
        answered = await scene.call("GET", path)
        assert answered.status == 200, (path, answered.body)
        assert answered.body.get("items") != [] or path in ("/queue",), path
        assert (await scene.call("GET", path, headers={"If-None-Match": answered.headers["ETag"]})).status == 304, path
    uses = (await scene.call("GET", "/stats")).body["domains"]
    assert {type(value) for one in uses for name, value in one.items() if name != "domain"} == {int}
    seen = (await scene.call("GET", "/users", by="dora@one.test")).body["items"]
    assert [one["login"] for one in seen] == ["ann@one.test", "dora@one.test"]


async def test_at_once(scene: Scene) -> None:
    calls = [scene.call("POST", "/aliases", NEW, headers={"Idempotency-Key": "k"}) for _ in range(8)]
    answers = await asyncio.gather(*calls)
    assert {(one.status, one.raw) for one in answers} == {(201, answers[0].raw)}
    tag = (
        answers[0].headers["ETag"]
        if "ETag" in answers[0].headers
        else (await scene.call("GET", "/aliases/sales@one.test")).headers["ETag"]
    )
    targets = [{"targets": [f"x{n}@far.test"]} for n in range(6)]
    changes = [scene.call("PATCH", "/aliases/sales@one.test", one, headers={"If-Match": tag}) for one in targets]
    assert sorted(one.status for one in await asyncio.gather(*changes)) == [200, *[412] * 5]
    people = [scene.call("POST", "/users", {"email": f"u{n}@one.test", "password": PASSWORD}) for n in range(10)]
    assert {one.status for one in await asyncio.gather(*people)} == {201}
    told = (await scene.call("GET", "/audit?limit=200&domain=one.test")).body["items"]
    assert len([one for one in told if one["action"] == "alias.changed"]) == 1
    found = await verify(scene.directory)
    assert found.fault is None
