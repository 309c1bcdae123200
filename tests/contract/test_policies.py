"""Policies keep their promises on both engines."""

import asyncio
from dataclasses import replace

from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import PROFILES, Action, Auth, Identity, Policy, Profile, Sheet, Spf
from mailstead.services.policy.policies import Policies
from mailstead.store.port import ReadTx, Tx
from tests.support.stores import Engine

NOW = Instant(1_800_000_000_000)
MU = PROFILES[Profile.MU]


async def put(tx: Tx, domain: str, policy: Policy) -> Policy:
    return await tx.policies.put_policy(domain, policy, version=await tx.policies.advance(), now=NOW)


async def test_a_policy_is_what_was_put(engine: Engine) -> None:
    store = await engine.open()

    async def get(tx: ReadTx) -> tuple[int, Policy, Policy]:
        return await tx.policies.mark(), await tx.policies.get_policy("a.test"), await tx.policies.get_policy("b.test")

    assert await store.read(get) == (0, Policy(), Policy())
    first = await store.write(lambda tx: put(tx, "a.test", MU))
    assert first == replace(MU, version=1, changed_at=NOW)
    assert await store.read(get) == (1, first, Policy())
    second = await store.write(lambda tx: put(tx, "a.test", Policy(spf=Spf(fail_action=Action.TAG))))
    assert await store.read(get) == (2, second, Policy())
    assert (second.version, second.spf.fail_action, second.rate_limit) == (2, Action.TAG, Policy().rate_limit)


async def test_the_template_is_there_from_the_start(engine: Engine) -> None:
    store = await engine.open()

    async def get(tx: ReadTx) -> Sheet:
        return await tx.policies.get_template()

    assert await store.read(get) == Sheet()
    wanted = Sheet(identity=Identity(max_users=7, backup_mx="mx2.test"), policy=MU)

    async def set_it(tx: Tx) -> Sheet:
        return await tx.policies.put_template(wanted, version=await tx.policies.advance(), now=NOW)

    kept = await store.write(set_it)
    assert kept == replace(wanted, policy=replace(MU, version=1, changed_at=NOW))
    assert await store.read(get) == kept


async def test_the_mark_moves_with_the_domains_too_and_policies_go_with_theirs(engine: Engine) -> None:
    store = await engine.open()

    async def look(tx: ReadTx) -> tuple[int, Policy]:
        return await tx.policies.mark(), await tx.policies.get_policy("a.test")

    domain = await store.write(lambda tx: tx.directory.insert_domain("a.test", now=NOW, default_quota=0))
    assert await store.read(look) == (1, Policy())
    kept = await store.write(lambda tx: put(tx, "a.test", MU))
    assert await store.read(look) == (2, kept)
    await store.write(lambda tx: tx.directory.update_domain(replace(domain, max_mailbox_size=5, backup_mx="mx2.test")))
    found = await store.read(lambda tx: tx.directory.find_domain("a.test"))
    assert found == replace(domain, max_mailbox_size=5, backup_mx="mx2.test")
    assert (await store.read(look))[0] == 3
    await store.write(lambda tx: tx.directory.delete_domain(domain.id))
    assert await store.read(look) == (4, Policy())


async def test_another_node_sees_a_change_at_its_next_look(engine: Engine) -> None:
    here, there = await engine.open(), await engine.open()
    policies = Policies(there)
    began = await policies.look()
    assert await began.of("") == Policy()

    async def close_the_door(tx: Tx) -> Sheet:
        return await tx.policies.put_template(Sheet(policy=MU), version=await tx.policies.advance(), now=NOW)

    await here.write(close_the_door)
    assert (await began.of("")).rate_limit == Policy().rate_limit, "a session that began goes on as it began"
    assert (await policies.of("")).rate_limit == MU.rate_limit
    assert await policies.look() is await policies.look()


async def test_changes_beside_each_other_lose_nothing(engine: Engine) -> None:
    store = await engine.open()

    async def one_more(tx: Tx) -> None:
        version = await tx.policies.advance()
        policy = await tx.policies.get_policy("a.test")
        greylist = replace(policy.greylist, delay_minutes=policy.greylist.delay_minutes + 1)
        await tx.policies.put_policy("a.test", replace(policy, greylist=greylist), version=version, now=NOW)

    await asyncio.gather(*(store.write(one_more) for _ in range(8)))

    async def get(tx: ReadTx) -> Policy:
        return await tx.policies.get_policy("a.test")

    policy = await store.read(get)
    assert (policy.version, policy.greylist.delay_minutes) == (8, 13)


async def test_whether_any_domain_asks_for_a_second_factor(engine: Engine) -> None:
    store = await engine.open()

    async def ask(tx: ReadTx) -> bool:
        return await tx.policies.enforces_totp()

    strict = Policy(auth=Auth(totp_enforced=True))
    template = Sheet(policy=strict)
    await store.write(lambda tx: tx.policies.put_template(template, version=1, now=NOW))
    await store.write(lambda tx: put(tx, "a.test", Policy()))
    assert not await store.read(ask), "the template is no domain"
    await store.write(lambda tx: put(tx, "b.test", strict))
    assert await store.read(ask)
