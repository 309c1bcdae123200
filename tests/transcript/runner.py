"""Runs dialogues that a reader can hold beside the RFC, in memory, for any line protocol.

# comment                                  given key=value ...      what the scene is built from (shell quoting)
C: text       the client says a line; lines in a row go out in one packet
C~ a\\r\\n      the same without CRLF, with Python's escapes
C* 3000 x     `x` so many times, without CRLF
S: text       the server says this line: a last `*` is the rest of it, `...` inside is anything
S+: text      any number of such lines; something else must follow
quiet         the server says nothing and waits
closed        the server has closed the connection
wait 30       so many seconds pass
drop | end    the client resets the connection | sends no more
then a, b     statements that the scene checks one by one
"""

import ast
import asyncio
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from tests.support.fake_clock import FakeClock
from tests.support.memory_stream import MemoryPeer, MemoryStream


class Scene(Protocol):
    """A server with one client before it."""

    clock: FakeClock
    stream: MemoryStream
    server: asyncio.Task[None]

    async def check(self, statement: str) -> None:
        """AssertionError if the statement is not true."""


Open = Callable[[Mapping[str, str]], AbstractAsyncContextManager[Scene]]


async def run(script: Path, open_scene: Open, *, cut: int = 0) -> None:
    """Play a transcript; `cut` sends the client's bytes in pieces of that size."""
    lines = [(number, line) for number, line in enumerate(script.read_text().split("\n"), 1) if line.strip()]
    given = dict(word.split("=", 1) for _, line in lines if line.startswith("given ") for word in shlex.split(line[6:]))
    steps = [(number, line) for number, line in lines if not line.startswith(("#", "given "))]
    async with open_scene(given) as scene:
        for number, step in _packets(steps):
            try:
                await _play(scene, step, cut)
            except (AssertionError, TimeoutError) as error:
                seen = scene.stream.peer.take_all()
                raise AssertionError(f"{script.name}:{number}: {step!r}: {error!r}; then came {seen!r}") from error


def _packets(steps: list[tuple[int, str]]) -> Iterator[tuple[int, str | bytes]]:
    """Join what the client says in a row."""
    packet = b""
    for number, step in steps:
        said = _said(step)
        if said is not None:
            packet += said
            continue
        if packet:
            yield number - 1, packet
            packet = b""
        yield number, step
    if packet:
        yield steps[-1][0], packet


def _said(step: str) -> bytes | None:
    if step.startswith("C: ") or step == "C:":
        return step[3:].encode() + b"\r\n"
    if step.startswith("C~ "):
        return bytes(ast.literal_eval(f'b"""{step[3:]}"""'))
    if step.startswith("C* "):
        _, count, text = step.split(" ", 2)
        return int(count) * text.encode()
    return None


async def _play(scene: Scene, step: str | bytes, cut: int) -> None:
    peer = scene.stream.peer
    if isinstance(step, bytes):
        peer.send(step, cut=cut)
    elif step.startswith("S: ") or step == "S:":
        line = await peer.read_line()
        assert line is not None, "closed"
        assert _pattern(step[3:]).fullmatch(line), line
    elif step.startswith("S+: "):
        await _skip(peer, _pattern(step[4:]))
    else:
        await settle(scene)
        await _other(scene, step)


async def _skip(peer: MemoryPeer, pattern: re.Pattern[bytes]) -> None:
    while (line := await peer.read_line()) is not None:
        if not pattern.fullmatch(line):
            peer.unread_line(line)
            return


async def _other(scene: Scene, step: str) -> None:
    word, _, rest = step.strip().partition(" ")
    peer = scene.stream.peer
    match word:
        case "quiet":
            assert not peer.take_all()
            assert not peer.is_closed
        case "closed":
            assert not peer.take_all()
            assert peer.is_closed
        case "wait":
            scene.clock.advance(float(rest))
        case "drop":
            peer.drop()
        case "end":
            peer.end()
        case "then":
            for statement in rest.split(","):
                await scene.check(statement.strip())
        case _:
            raise AssertionError(f"what is {word!r}?")
    await settle(scene)


async def settle(scene: Scene) -> None:
    """Go on until the server waits for bytes that are not there, or has ended."""
    async with asyncio.timeout(10):
        while not scene.server.done() and not scene.stream.is_asking:
            await asyncio.sleep(0)


def _pattern(text: str) -> re.Pattern[bytes]:
    is_open = text.endswith("*")
    parts = (re.escape(part) for part in (text[:-1] if is_open else text).split("..."))
    return re.compile((".*?".join(parts) + (".*" if is_open else "")).encode(), re.DOTALL)
