"""Peers that fall silent, with the patience that RFC 5321 §4.5.3.2 asks for: minutes at each stage."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.support.peer import Act, Peer
from tests.support.record import record
from tests.support.world.home import Home
from tests.support.world.letters import letter
from tests.support.world.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.soak]

STAGES = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "content")
FIRST = 40
PATIENCE = 15 * 60.0


async def test_silence_at_every_stage(world: World, home: Home) -> None:
    """All at once. Before the end of the content the next host takes it; after that nobody else may."""
    async with AsyncExitStack() as peers:
        for number, stage in enumerate(STAGES, FIRST):
            peer = Peer(**{stage: Act.STALL})
            await peers.enter_async_context(peer.listen(host=world.host(number), port=world.port))
            await asyncio.to_thread(home.submit, letter(f"silent-{stage}"), f"bob@pair{number}.world.test")
        waited = [asyncio.create_task(settled(home, number, stage)) for number, stage in enumerate(STAGES, FIRST)]
        told = dict(await asyncio.gather(*waited))
    assert all("mx.plain" in host for stage, host in told.items() if stage != "content"), told
    assert f"mx.peer{FIRST + 5}" in told["content"]
    assert world.postfix.mail.letters("silent-content") == []
    record("peers that fall silent", stages=len(told), went_on="all but after the content")


async def settled(home: Home, number: int, stage: str) -> tuple[str, str]:
    """Who had the last word."""
    event = "spool.recipient.failed" if stage == "content" else "spool.recipient.sent"  # its life is over by then
    address = f"bob@pair{number}.world.test"
    found = await asyncio.to_thread(home.wait_event, event, PATIENCE, to=address)
    return stage, str(found["delivery_host"])
