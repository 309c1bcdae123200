"""clamd as it should be, and as it should not."""

import asyncio
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from mailstead.ground.model.opinion import Opinion
from mailstead.ground.model.policy import Clamav, Policy
from mailstead.net.dial import Dialer
from mailstead.net.sweep import Sweep
from mailstead.services.checks.specimen import Octets
from mailstead.services.filters.asking import Silent
from mailstead.services.filters.clamd import Clamd
from mailstead.services.filters.line import Lines, Place
from tests.support.filters.daemons import Daemon, clamd
from tests.support.filters.letters import HAM, SPAM, VIRUS
from tests.support.filters.scene import Play, specimen, stage

MEGABYTES = 5_000_000


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """It takes 2 MiB."""
    with clamd() as running:
        yield running


def client(place: Place, timeout: float = 30.0) -> Clamd:
    return Clamd(Lines(place, Dialer("filter", Sweep()), timeout))


@pytest.fixture(params=["unix", "tcp"])
def real(daemon: Daemon, request: pytest.FixtureRequest) -> Clamd:
    return client(Place(path=daemon.path) if request.param == "unix" else Place(host="localhost", port=daemon.port))


async def virus_in(filter_: Clamd, letter: bytes, **columns: object) -> Opinion:
    policy = Policy(clamav=Clamav(**columns))  # type: ignore[arg-type]
    (opinion,) = await filter_.ask(specimen(letter, {"dev.localhost": policy}))
    return opinion


async def test_what_is_found(real: Clamd) -> None:
    assert (await virus_in(real, VIRUS)).words == "Test.EICAR.UNOFFICIAL"
    for letter in (HAM, SPAM, b""):
        assert (await virus_in(real, letter)).words == ""
    assert (await real.version()).startswith("ClamAV ")


async def test_more_than_it_takes(real: Clamd) -> None:
    """It learns its StreamMaxLength, and scans so far."""
    assert (await virus_in(real, VIRUS + b"x" * MEGABYTES)).words == "Test.EICAR.UNOFFICIAL"
    late = await virus_in(real, b"x" * MEGABYTES + VIRUS)
    assert late.words == ""
    (symptom,) = late.symptoms
    assert symptom.words.endswith(f" of {MEGABYTES + len(VIRUS)} octets")


async def test_more_than_the_domain_wants(real: Clamd) -> None:
    letter = b"x" * 4096 + VIRUS
    assert (await virus_in(real, letter, max_scan_size=4096)).words == ""
    assert (await virus_in(real, letter, max_scan_size=8192)).words
    assert (await virus_in(real, letter, max_scan_size=0)).words
    both = {"a.test": Policy(clamav=Clamav(max_scan_size=4096)), "b.test": Policy(clamav=Clamav(max_scan_size=8192))}
    (opinion,) = await real.ask(specimen(letter, both))
    assert opinion.words


def test_nobody_wants_it() -> None:
    filter_ = client(Place(path="/nowhere"))
    assert filter_.is_wanted(specimen(HAM))
    assert not filter_.is_wanted(specimen(HAM, {"dev.localhost": Policy(clamav=Clamav(enabled=False))}))


async def read_some(reader: asyncio.StreamReader) -> None:
    await reader.readexactly(20)


def says(reply: bytes) -> Play:
    """After the first bytes of the letter, whatever else comes."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_some(reader)
        writer.write(reply)
        writer.write_eof()
        while await reader.read(65536):
            pass

    return play


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b"", "it broke the connection off"),
        (b"stream: O", "it broke the connection off"),
        (b"220 mx.test ESMTP\r\n\0", "its reply is none of clamd's"),
        (b"\xff\xfe" * 100 + b"\0", "its reply is none of clamd's"),
        (b"x" * 6_000_000, "its reply is longer than 4096 octets"),
        (b"stream: Can't allocate memory ERROR\0", "Can't allocate memory"),
        (b"INSTREAM size limit exceeded. ERROR\0", "its StreamMaxLength is below 1048576 octets"),
    ],
)
@pytest.mark.parametrize("size", [100, 3_000_000])
async def test_it_misbehaves(reply: bytes, words: str, size: int) -> None:
    async with stage(says(reply)) as there:
        with pytest.raises(Silent, match=words):
            await client(Place(host="127.0.0.1", port=there.port)).ask(specimen(b"x" * size))


async def test_it_stops_taking() -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_some(reader)
        writer.transport.abort()

    async with stage(play) as there:
        with pytest.raises(Silent, match="it broke the connection off"):
            await client(Place(host="127.0.0.1", port=there.port)).ask(specimen(b"x" * 10_000_000))


@dataclass(frozen=True)
class Watched(Octets):
    """Tells how far it was read."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, offset: int, length: int) -> bytes:
        if offset > 100_000:
            self.reached.set()
        return self.data[offset : offset + length]


async def test_it_is_killed_in_the_midst() -> None:
    with clamd("100M") as daemon:
        os.killpg(daemon.process.pid, signal.SIGSTOP)  # so that it cannot be done before
        letter = Watched(b"x" * 20_000_000)
        asked = asyncio.create_task(client(Place(path=daemon.path)).ask(replace(specimen(HAM), content=letter)))
        async with asyncio.timeout(30):
            await letter.reached.wait()
        daemon.kill()
        with pytest.raises(Silent, match=r"it broke the connection off|Connection refused|No such file"):
            await asked


async def test_it_says_nothing() -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass

    async with stage(play) as there:
        with pytest.raises(Silent, match="it says nothing"):
            await client(Place(host="127.0.0.1", port=there.port), timeout=0.01).ask(specimen(HAM))


async def test_nobody_is_there() -> None:
    with pytest.raises(Silent, match=r"/nowhere/clamd.ctl: No such file or directory"):
        await client(Place(path="/nowhere/clamd.ctl")).ask(specimen(HAM))
