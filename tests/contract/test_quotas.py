"""Quotas of accounts and domains, by bytes and by messages, held under parallel appends of two workers."""

import asyncio

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Access, AccountKind, Role
from mailstead.ground.model.errors import OverQuota
from mailstead.ground.model.folder import INBOX
from mailstead.ground.model.ids import AccountId, DomainId, Instant
from mailstead.ground.model.uidset import UidSet
from mailstead.net.clock import SystemClock
from mailstead.net.ids import IdSource
from mailstead.services.delivery import quota_letters
from mailstead.services.delivery.quota_letters import QuotaLetters
from mailstead.services.folders.filing import Draft, Place
from mailstead.services.folders.service import Folders
from tests.support.stores import AnyStore, Engine

NOW = Instant(1_800_000_000_000)
LETTER = b"Subject: one of many\r\n\r\n" + b"x" * 476  # 500 bytes


async def furnish(store: AnyStore, *, quota: int = 0) -> tuple[DomainId, list[AccountId]]:
    """ann and bob of one domain; ann is an admin."""

    async def unit(tx):
        domain = await tx.directory.insert_domain("example.test", now=NOW, default_quota=0)
        ids = []
        for name in ("ann", "bob"):
            address = Address.parse(f"{name}@example.test")
            account = await tx.directory.insert_account(
                domain.id, address, kind=AccountKind.PERSONAL, quota_bytes=quota, now=NOW
            )
            modseq = (await tx.advance(account.id))[account.id]
            await tx.folders.create_birth_folders(account.id, modseq=modseq, now=NOW)
            user = await tx.directory.insert_user(str(address), "-", is_admin=name == "ann", now=NOW)
            await tx.directory.grant(Access(user.id, account.id, Role.ADMIN))
            ids.append(account.id)
        return domain.id, ids

    return await store.write(unit)


def folders_on(store: AnyStore, writer: int) -> Folders:
    clock = SystemClock()
    return Folders.on(store, clock, IdSource(clock, writer))


async def append(folders: Folders, account: AccountId, letter: bytes = LETTER) -> bool:
    inbox = await folders.tree.get(account, INBOX)
    try:
        await folders.filing.append(Place.of(inbox), [Draft(folders.take(letter))])
    except OverQuota:
        return False
    return True


async def account_of(store: AnyStore, account: AccountId):
    return await store.read(lambda tx: tx.directory.get_account(account))


async def set_limits(store: AnyStore, domain: DomainId, size: int, messages: int) -> None:
    await store.write(lambda tx: tx.directory.set_domain_quota(domain, size, messages))


async def test_parallel_appends_of_two_workers_stay_within(engine: Engine) -> None:
    first, second = await engine.open(), await engine.open()
    _, (ann, _bob) = await furnish(first, quota=5_200)
    workers = [folders_on(first, 101), folders_on(second, 102)]
    done = await asyncio.gather(*(append(workers[turn % 2], ann) for turn in range(40)))
    account = await account_of(first, ann)
    assert sum(done) == account.used_messages == 10
    assert account.used_bytes == 5_000 <= account.quota_bytes


async def test_messages_are_counted(engine: Engine) -> None:
    first, second = await engine.open(), await engine.open()
    _, (ann, _bob) = await furnish(first)
    await first.write(lambda tx: tx.directory.update_account(ann, quota_messages=7))
    workers = [folders_on(first, 101), folders_on(second, 102)]
    done = await asyncio.gather(*(append(workers[turn % 2], ann) for turn in range(20)))
    assert sum(done) == (await account_of(first, ann)).used_messages == 7


async def test_a_domain_fills_up_by_all_its_accounts(engine: Engine) -> None:
    first, second = await engine.open(), await engine.open()
    domain, accounts = await furnish(first)
    workers = [folders_on(first, 101), folders_on(second, 102)]
    assert await append(workers[0], accounts[0])  # before there is a limit: counted when it is set
    await set_limits(first, domain, 4_100, 0)
    done = await asyncio.gather(*(append(workers[turn % 2], accounts[turn // 2 % 2]) for turn in range(24)))
    assert sum(done) == 7
    quota = (await first.read(lambda tx: tx.directory.get_domain(domain))).quota
    assert (quota.used_bytes, quota.used_messages) == (4_000, 8)
    assert (await account_of(first, accounts[1])).domain_quota == quota
    inbox = await workers[0].tree.get(accounts[0], INBOX)
    async for _ in workers[0].filing.expunge(Place.of(inbox), UidSet(((1, 1),)), only_deleted=False):
        pass
    assert (await first.read(lambda tx: tx.directory.get_domain(domain))).quota.used_bytes == 3_500
    assert await append(workers[0], accounts[1])


@pytest.mark.parametrize(
    ("steps", "letters"), [([81], 1), ([81, 91, 101], 3), ([101], 1), ([70], 0), ([91, 70, 91], 2)]
)
async def test_each_threshold_is_told_once(
    store: AnyStore, steps: list[int], letters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(quota_letters, "emit", lambda event, **fields: told.append(fields["limit"]))
    _, (ann, bob) = await furnish(store)
    folders = folders_on(store, 101)
    await append(folders, bob, b"Subject: x\r\n\r\n" + b"y" * 100_000)
    clock = SystemClock()
    duty = QuotaLetters(store, clock, IdSource(clock, 103), hostname="mail.example.test")
    for percent in steps:
        limit = (await account_of(store, bob)).used_bytes * 100 // percent
        await store.write(lambda tx, limit=limit: tx.directory.update_account(bob, quota_bytes=limit))
        await duty.run()
        await duty.run()
    assert (await folders.tree.get(bob, INBOX)).messages == 1 + letters
    assert len(told) == letters
    assert (await folders.tree.get(ann, INBOX)).messages == 0


async def test_the_admin_hears_of_a_domain(store: AnyStore) -> None:
    domain, (ann, bob) = await furnish(store)
    folders = folders_on(store, 101)
    await set_limits(store, domain, 100_000, 0)
    await append(folders, bob, b"Subject: x\r\n\r\n" + b"y" * 85_000)
    clock = SystemClock()
    duty = QuotaLetters(store, clock, IdSource(clock, 103), hostname="mail.example.test")
    await duty.run()
    await duty.run()
    assert (await folders.tree.get(ann, INBOX)).messages == 1
    assert (await folders.tree.get(bob, INBOX)).messages == 1
    await set_limits(store, domain, 0, 0)
    await duty.run()
    await set_limits(store, domain, 100_000, 0)
    await duty.run()
    assert (await folders.tree.get(ann, INBOX)).messages == 2, "left and met again"
