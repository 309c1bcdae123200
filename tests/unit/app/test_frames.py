"""Frames between supervisor and worker."""

import asyncio
import socket

from mailstead.app.frames import MOST_FRAME, TO_SUPERVISOR, TO_WORKER, Beat, Channel, Drain, Ready, Start


async def pair() -> tuple[Channel, Channel, socket.socket]:
    one, two = socket.socketpair()
    return await Channel.on(one), await Channel.on(two), one


async def test_messages_arrive_in_order_and_whole() -> None:
    ours, theirs, _ = await pair()
    start = Start(1, 2, "/run/x", {"smtp": [5, 6]}, 7, 8, "a:b", b"\x00settings" * 50_000)
    ours.send(start)
    ours.send(Drain(2.5))
    theirs.send(Ready())
    theirs.send(Beat({"x": [(("a",), [1.0])]}, {"smtp": 3}, "ill"))
    assert await theirs.receive(TO_WORKER) == start
    assert await theirs.receive(TO_WORKER) == Drain(2.5)
    assert await ours.receive(TO_SUPERVISOR) == Ready()
    assert await ours.receive(TO_SUPERVISOR) == Beat({"x": [(("a",), [1.0])]}, {"smtp": 3}, "ill")
    ours.close()
    assert await theirs.receive(TO_WORKER) is None
    theirs.send(Ready())  # nobody hears it, nobody is harmed
    theirs.close()
    await asyncio.sleep(0)


async def test_an_absurd_length_is_the_end() -> None:
    ours, theirs, sock = await pair()
    sock.send((MOST_FRAME + 1).to_bytes(4, "big"))
    assert await theirs.receive(TO_WORKER) is None
    ours.close()
    theirs.close()
    await asyncio.sleep(0)
