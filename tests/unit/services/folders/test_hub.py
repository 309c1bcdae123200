"""The hub: one view for all, wakes that only mark, what happens when events are gone or the folder is."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.change import Wake
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.folder import Folder
from mailstead.ground.model.ids import AccountId, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.net.ids import IdSource
from mailstead.services.folders.filing import Draft, Place
from mailstead.services.folders.hub import IDLE_ACCOUNTS_MAX
from mailstead.services.folders.service import Folders
from tests.support.fake_clock import FakeClock
from tests.support.imap_scene import Relay, furnish
from tests.support.stores import sqlite_engine


@dataclass
class House:
    store: Any
    relay: Relay
    folders: Folders
    account: AccountId
    inbox: Folder

    async def append(self, count: int = 1) -> None:
        draft = Draft(self.folders.take(b"a: b\r\n\r\n"))
        await self.folders.filing.append(Place.of(self.inbox), [draft] * count)

    async def flag(self, *uids: int) -> None:
        wanted = UidSet.of(uids)
        async for _ in self.folders.filing.store_flags(Place.of(self.inbox), wanted, FlagOp.ADD, Flags(Flag.SEEN)):
            pass


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with sqlite_engine(tmp_path) as engine:
        relay = Relay()
        engine.wakes = relay
        store = await engine.open()
        account = await furnish(store, {})
        folders = Folders.on(store, FakeClock(), IdSource(FakeClock(), 1))
        relay.hub = folders.hub
        yield House(store, relay, folders, account, await folders.tree.get(account, "INBOX"))


async def test_sessions_of_a_worker_share_one_view(house: House) -> None:
    first, second = await house.folders.hub.open(house.inbox), await house.folders.hub.open(house.inbox)
    await house.append(3)
    assert (await first.refresh()).uids == UidSet(((1, 3),))
    assert first.view is second.view


async def test_a_wake_announces_after_the_view_followed(house: House) -> None:
    watch = await house.folders.hub.open(house.inbox)
    heard = asyncio.Event()
    watch.listen(heard.set)
    await house.append()
    await asyncio.wait_for(heard.wait(), 5)
    assert len(watch.view.uids) == 1


async def test_a_lost_wake_is_found_by_looking(house: House) -> None:
    house.relay.hub = None
    watch = await house.folders.hub.open(house.inbox)
    heard = asyncio.Event()
    watch.listen(heard.set)
    await house.append()
    assert len((await watch.refresh()).uids) == 0, "nobody said so"
    await house.folders.hub.look()
    await asyncio.wait_for(heard.wait(), 5)
    assert len(watch.view.uids) == 1


async def test_asking_finds_what_other_workers_committed(house: House) -> None:
    house.relay.hub = None
    watch = await house.folders.hub.open(house.inbox)
    await house.append()
    assert len((await watch.refresh(ask=True)).uids) == 1


async def test_flag_news_names_units_in_order(house: House) -> None:
    await house.append(4)
    watch = await house.folders.hub.open(house.inbox)
    start = watch.view.modseq
    await house.flag(1, 2)
    await house.flag(4)
    await watch.refresh()
    news = watch.flag_news(start)
    assert news is not None
    assert [str(item.uids) for item in news] == ["1:2", "4"]
    assert watch.flag_news(news[0].modseq) == news[1:]
    assert watch.flag_news(ModSeq(start - 1)) is None, "older than the log"


async def test_a_view_that_nobody_watched_catches_up(house: House) -> None:
    watch = await house.folders.hub.open(house.inbox)
    watch.close()
    watch.close()
    await house.append(2)
    again = await house.folders.hub.open(house.inbox)
    assert len(again.view.uids) == 2


async def test_events_that_are_gone_make_it_read_the_folder_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.relay.hub = None
    watch = await house.folders.hub.open(house.inbox)
    await house.append(2)
    await house.store.write(lambda tx: tx.duties.forget_changes(before=2**60))
    assert len((await watch.refresh(ask=True)).uids) == 2


async def test_a_deleted_folder_is_empty_and_cannot_be_opened(house: House) -> None:
    tree, hub = house.folders.tree, house.folders.hub
    folder = await tree.create(house.account, "Work")
    watch = await hub.open(folder)
    await tree.delete(house.account, "Work")
    assert (await watch.refresh()).is_gone
    with pytest.raises(NotFound):
        await hub.open(folder)


async def test_idle_accounts_are_forgotten_beyond_a_bound(house: House) -> None:
    hub = house.folders.hub
    watch = await hub.open(house.inbox)
    for number in range(IDLE_ACCOUNTS_MAX + 50):
        hub._idle[AccountId(-number - 1)] = None
        hub._accounts[AccountId(-number - 1)] = hub._accounts[house.account]
    watch.close()
    assert len(hub._accounts) == IDLE_ACCOUNTS_MAX
    assert house.account in hub._accounts


async def test_a_wake_for_nobody_costs_nothing(house: House) -> None:
    house.folders.hub.wake([Wake(AccountId(999), ModSeq(5))])
    assert not house.folders.hub._accounts


async def test_events_of_our_own_commits_are_not_read_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = await house.folders.hub.open(house.inbox)

    async def read(_: Any) -> None:
        raise AssertionError("nothing need be read")

    monkeypatch.setattr(house.folders.hub, "_read_delta", read)
    await house.append(2)
    await house.append()
    assert watch.view.uids == UidSet(((1, 3),))
    watch.close()


async def test_a_wake_with_a_gap_is_read_from_the_store(house: House) -> None:
    watch = await house.folders.hub.open(house.inbox)
    hub, house.relay.hub = house.folders.hub, None  # the worker hears of the first commit late
    await house.append(2)
    house.relay.hub = hub
    await house.append()
    assert (await watch.refresh()).uids == UidSet(((1, 3),))
    watch.close()
