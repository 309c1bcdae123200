"""A full disk while letters leave, and names that nobody answers for: late is allowed, lost and twice is not."""

import asyncio
import smtplib
import threading
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from mailstead.ground.model.route import Route
from mailstead.net.dns_exchange import Servers
from mailstead.net.resolver import FAILURE_TTL, CachingResolver
from mailstead.services.dispatch.routes import StoredRoutes
from tests.fault.test_sending_kill import SETTINGS, YOU, fates, waiting
from tests.support.authority import stranger
from tests.support.disk import FILLER, fill, repeat, small_disk
from tests.support.dispatching import open_scene
from tests.support.nameserver import nameserver, records, silence
from tests.support.outbound_scene import Octets, outbound
from tests.support.peer import Peer
from tests.support.recording_peer import RecordingPeer
from tests.support.server import Sandbox, sandbox
from tests.support.spooled import letter, recipient, spool

PEOPLE = [f"p{number}@far{number}.test" for number in range(3)]


def submit(box: Sandbox, tag: str) -> int:
    """The code that decided."""
    with smtplib.SMTP_SSL("127.0.0.1", box.port("submissions"), context=stranger(), timeout=30) as client:
        client.login(YOU, box.password("you"))
        code = client.mail(YOU)[0]
        for address in PEOPLE:
            code = client.rcpt(address)[0] if code == 250 else code
        if code != 250:
            return code
        return client.data(f"From: {YOU}\r\nMessage-ID: <{tag}@load.test>\r\n\r\nx\r\n".encode())[0]


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("leave", [100 << 20, 0], ids=["below the reserve", "not a byte left"])
def test_a_full_disk_while_letters_leave(tmp_path: Path, leave: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(tmp_path / "disk") as disk, RecordingPeer() as peer:
        for name, value in SETTINGS.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("MAILSTEAD_OUTBOUND_RELAY_HOST", f"127.0.0.1:{peer.port}")
        with sandbox(disk, "--no-samples") as box:
            database = disk / "box" / "data" / "mailstead.db"
            trap = peer.set_trap("dot")
            assert submit(box, "early") == 250
            assert trap.reached.wait(30)
            fill(disk, leave)
            taken, code = repeat(lambda: submit(box, "late"), lambda answer: answer == 250)
            assert code == 452
            trap.go.set()
            if leave:  # the reserve is for outcomes, among others
                repeat(lambda: waiting(database), lambda count: count > 0)
            else:
                # so long that leases end: the workers must know by themselves what has left
                threading.Event().wait(7)
            # the other worker may have looked at the disk a moment before it was full
            more, code = repeat(lambda: submit(box, "late"), lambda answer: answer == 250)
            assert code == 452
            (disk / FILLER).unlink()
            repeat(lambda: submit(box, "late"), lambda answer: answer != 250)
            repeat(lambda: waiting(database), lambda count: count > 0, within=60)
            got = Counter((one.message_id, one.recipient) for one in peer.taken)
            assert {key: count for key, count in got.items() if key[0].startswith("early")} == {
                ("early@load.test", address): 1 for address in PEOPLE
            }
            assert {key: count for key, count in got.items() if key[0].startswith("late")} == {
                ("late@load.test", address): taken + more + 1 for address in PEOPLE
            }
            assert set(fates(database)[0].values()) == {"delivered"}
            checked = box.cli("db", "check")
            assert checked.returncode == 0, checked.stdout + checked.stderr


class _Letters:
    async def open(self, _: object) -> Octets:
        return Octets()


async def test_names_that_nobody_answers_for(tmp_path: Path) -> None:
    """Put off and told, then delivered: no bounce."""
    async with nameserver() as names, Peer().listen() as peer, open_scene(tmp_path) as scene:
        for kind in ("MX", "A", "AAAA", "TLSA", "TXT"):
            names.on("far.test", kind, silence)
        resolver = CachingResolver(Servers.of(["127.0.0.1"], names.port), scene.clock, patience=(0.05,))
        async with outbound(resolver, clock=scene.clock) as out:  # type: ignore[arg-type]
            scene.carrier = out  # type: ignore[assignment]
            dispatcher = scene.dispatcher(
                contents=_Letters(), routes=StoredRoutes(scene.store, Route(port=peer.port), Route(port=peer.port))
            )
            await spool(scene.store, letter(1), recipient(1))
            dispatcher.start()
            await scene.until(1, "deferred")
            (one,) = await scene.store.read(lambda tx: tx.spool.list_recipients(1))
            assert one.last is not None
            assert one.last.status.startswith("4.4.")
            (chapter,) = await scene.store.read(lambda tx: tx.spool.list_story(1))
            told = msgspec.json.decode(chapter.detail)
            assert "far.test" in str(told["steps"])
            names.on("far.test", "MX", records("far.test. 60 IN MX 10 mx.far.test."))
            names.on("mx.far.test", "A", records("mx.far.test. 60 IN A 127.0.0.1"))
            async with asyncio.timeout(20):
                while await scene.states(1) != ["delivered"]:
                    scene.clock.advance(FAILURE_TTL + 60)
                    dispatcher.wake()
                    await asyncio.sleep(0.02)
            assert len(peer.letters) == 1
            assert [ending for _, _, ending in scene.notices.told if ending == "failed"] == []
            await dispatcher.stop(1)
        await resolver.close()
