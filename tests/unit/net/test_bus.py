"""Wakes between workers: coalesced, never blocking, dead ends harmless."""

import asyncio
from pathlib import Path

from mailstead.ground.model.change import Wake
from mailstead.ground.model.ids import AccountId, ModSeq
from mailstead.net.bus import Bus


def wake(account: int, modseq: int) -> Wake:
    return Wake(AccountId(account), ModSeq(modseq))


async def test_wakes_reach_all_workers_once(tmp_path: Path) -> None:
    one, two = Bus(tmp_path, 0, 3), Bus(tmp_path, 1, 3)  # a third is not up
    own: list[list[Wake]] = []
    heard: asyncio.Queue[list[Wake]] = asyncio.Queue()
    one.subscribe(own.append)
    two.subscribe(heard.put_nowait)
    one.open()
    two.open()
    one.publish([wake(1, 5), wake(2, 1)])
    one.publish([wake(1, 6)])
    async with asyncio.timeout(5):
        assert await heard.get() == [wake(1, 6), wake(2, 1)]
    assert own == []
    one.close()
    two.close()


async def test_a_full_socket_drops_and_goes_on(tmp_path: Path) -> None:
    one, two = Bus(tmp_path, 0, 2), Bus(tmp_path, 1, 2)
    heard: asyncio.Queue[list[Wake]] = asyncio.Queue()
    two.subscribe(heard.put_nowait)
    one.open()
    two.open()
    for turn in range(2000):  # the other reads nothing meanwhile
        one.publish([wake(turn, 1)])
        one._send()
    async with asyncio.timeout(5):
        assert await heard.get()
        one.publish([wake(7, 9)])
        while wake(7, 9) not in await heard.get():
            pass
    one.close()
    two.close()


async def test_rubbish_is_ignored(tmp_path: Path) -> None:
    one, two = Bus(tmp_path, 0, 2), Bus(tmp_path, 1, 2)
    heard: asyncio.Queue[list[Wake]] = asyncio.Queue()
    two.subscribe(heard.put_nowait)
    one.open()
    two.open()
    for frame in (b"x", b"W1short", b"W1"):
        one._send_frame(frame, str(tmp_path / "bus-1"))
    one.publish([wake(1, 1)])
    async with asyncio.timeout(5):
        assert await heard.get() == [wake(1, 1)]
    one.close()
    two.close()
