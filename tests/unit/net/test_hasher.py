"""The client of the process for passwords, and its other side, over a real Unix socket."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mailstead.app.helper import compute
from mailstead.ground.model.errors import Busy, Invalid
from mailstead.ground.wire.sasl.scram import derive, parse_verifier
from mailstead.net import hasher as module
from mailstead.net.hasher import Done, RemoteHasher, Work, answer_all


async def act(work: Work) -> Done:
    return compute(work)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(path: Path, answer: Callable[[Work], Awaitable[Done]] = act, serve: Serve | None = None):
    """A client of a server that both have ended afterwards."""
    ended: list[asyncio.Event] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(asyncio.Event())
        mine = ended[-1]
        await (serve(reader, writer) if serve is not None else answer_all(reader, writer, answer))
        mine.set()

    server = await asyncio.start_unix_server(handle, path=str(path))
    client = RemoteHasher(path)
    yield client
    await client.close()
    server.close()
    for one in ended:
        await one.wait()


async def test_hash_and_verify(tmp_path: Path) -> None:
    async with serving(tmp_path / "s") as client:
        stored = await client.hash("correct horse")
        assert stored.startswith("$argon2id$")
        fits = await asyncio.gather(client.verify("correct horse", stored), client.verify("wrong", stored))
        assert fits == [True, False]


async def test_what_cannot_be_a_password_is_invalid(tmp_path: Path) -> None:
    async with serving(tmp_path / "s") as client:
        with pytest.raises(Invalid, match="empty"):
            await client.hash("")
        assert not await client.verify("x", "rubbish")


async def test_nobody_there_is_busy(tmp_path: Path) -> None:
    with pytest.raises(Busy):
        await RemoteHasher(tmp_path / "nobody").verify("x", "y")


async def test_too_many_are_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    go = asyncio.Event()

    async def later(work: Work) -> Done:
        await go.wait()
        return Done(work.number, fits=True)

    async with serving(tmp_path / "s", later) as client:
        first = [asyncio.create_task(client.verify("x", "y")) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await client.verify("x", "y")
        go.set()
        assert await asyncio.gather(*first) == [True, True]


async def test_its_death_is_busy_and_the_next_one_is_reached(tmp_path: Path) -> None:
    dying = True

    async def answer(work: Work) -> Done:
        return Done(work.number, fits=True)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if dying:
            await reader.read(1)
            writer.close()
            return
        await answer_all(reader, writer, answer)

    async with serving(tmp_path / "s", serve=serve) as client:
        with pytest.raises(Busy):
            await client.verify("x", "y")
        dying = False
        assert await client.verify("x", "y")


def test_passwords_are_in_no_representation() -> None:
    assert "secret" not in repr(Work(1, "secret", "stored"))
    assert "stored" not in repr(Work(1, "secret", "stored"))
    assert "hash" not in repr(Done(1, hashed="hash"))


async def test_derives_a_verifier_by_its_iterations(tmp_path: Path) -> None:
    async with serving(tmp_path / "s") as client:
        client.iterations = 4096
        verifier = parse_verifier(await client.derive("correct horse"))
        assert verifier is not None
        assert verifier == derive(b"correct horse", verifier.salt, 4096)
        assert str(verifier) != await client.derive("correct horse"), "each has a salt of its own"
        with pytest.raises(Invalid, match="empty"):
            await client.derive("")
