"""A letter in the spool for an address that we forwarded under (SRS) reached nobody: only RCPT could reverse it."""

from pathlib import Path

from mailstead.ground.model.address import Address
from mailstead.ground.model.spool import LOCAL, Origin
from mailstead.services.accounts.forwarding import Forwarding
from mailstead.store.port.spool import Wanted
from tests.support.dispatching import open_scene
from tests.support.mailbox import NOW
from tests.support.spooled import letter, recipient, spool


async def test_it_goes_on_to_the_author(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        await scene.store.write(lambda tx: tx.directory.insert_domain("home.test", now=NOW, default_quota=0))
        scene.carrier.open.clear()
        written = await Forwarding(scene.store, scene.clock).rewrite(Address("eve", "far.test"), "home.test")
        bounce = letter(1, sender=None, origin=Origin.NOTICE)
        await spool(scene.store, bounce, recipient(1, to=str(written), destination=LOCAL), body=b"Subject: x\r\n\r\n")
        dispatcher = scene.dispatcher()
        dispatcher.start()
        await scene.until(1, "delivered")
        waiting = await scene.store.read(lambda tx: tx.spool.list_waiting(Wanted()))
        assert [(one.sender, str(to.address)) for one, to in waiting] == [(None, "eve@far.test")]
        scene.carrier.open.set()
        await dispatcher.stop(1)
