"""Hand-off by LMTP: to Dovecot, and to this server itself."""

import asyncio
from pathlib import Path

import pytest

from mailstead.ground.model.attempt import Ending
from mailstead.ground.model.route import Route, Speech
from tests.support.outbound_scene import Octets, endings, outbound, parcel, statuses
from tests.support.world.dovecot import Dovecot
from tests.support.world.home import Home
from tests.support.world.letters import BODIES, letter
from tests.support.world.world import World

pytestmark = pytest.mark.e2e


def lmtp(host: str, port: int) -> Route:
    return Route(protocol=Speech.LMTP, host=host, port=port)


async def test_our_own(home: Home) -> None:
    """RFC 2033 §4.2: one reply for each recipient."""
    letters = {kind: letter(f"lmtp-{kind}", body) for kind, body in BODIES.items()}
    async with outbound() as out:
        for one in letters.values():
            route = lmtp("127.0.0.1", home.base + 24)
            to = ("ann@home.test", "ghost@home.test", "eve@home.test")
            attempt = await out.attempt(parcel(*to, route=route, content=Octets(one, step=1000)))
            assert endings(attempt) == [Ending.DELIVERED, Ending.FAILED, Ending.DELIVERED]
            assert statuses(attempt)[1] == "5.1.1"
    for kind, one in letters.items():
        for name in ("ann", "eve"):
            assert (await asyncio.to_thread(home.wait_letter, f"lmtp-{kind}", name)).endswith(one)


async def test_dovecot(world: World, tmp_path: Path) -> None:
    folder = world.folder / "dovecot"
    folder.mkdir()
    dovecot = Dovecot(folder, "127.0.6.1", world.port, ("bob@b.test", "cy@b.test"))
    letters = {kind: letter(f"lmtp-{kind}", body) for kind, body in BODIES.items()}
    with dovecot.running():
        async with outbound() as out:
            for one in letters.values():
                to = ("bob@b.test", "ghost@b.test", "cy@b.test")
                attempt = await out.attempt(
                    parcel(*to, route=lmtp("127.0.6.1", world.port), content=Octets(one, step=1000))
                )
                assert endings(attempt) == [Ending.RELAYED, Ending.FAILED, Ending.RELAYED], dovecot.log()
        for kind, one in letters.items():
            for arrived in dovecot.mail.wait(f"lmtp-{kind}", 2, dovecot.log):
                assert arrived.endswith(one.replace(b"\r\n", b"\n"))
