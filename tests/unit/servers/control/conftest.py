"""An administrator's connection in memory, to a desk on a store of its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mailstead.servers.control.desk import Desk, Json
from mailstead.servers.control.server import ControlServer
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock
from tests.support.memory_stream import MemoryStream


class Admin:
    """Sends requests and reads answers."""

    def __init__(self, server: ControlServer, clock: FakeClock) -> None:
        self.stream = MemoryStream(clock)
        self.peer = self.stream.peer
        self.session = asyncio.create_task(server.serve(self.stream))
        self._unread = b""

    by = ""
    """Who gives the commands."""

    async def ask(self, command: str, **args: object) -> Any:
        """What came of it: the answer, or the error's kind; rows and progress are kept in `news`."""
        self.peer.send(json.dumps({"id": 7, "command": command, "args": args, "by": self.by}).encode() + b"\n")
        self.news: list[Any] = []
        while True:
            message = await self.line()
            assert message["id"] == 7
            if "ok" in message:
                return message["ok"]
            if "error" in message:
                self.error = message["error"]
                return message["error"]["kind"]
            self.news.append(message.get("row", message.get("progress")))

    async def line(self) -> Any:
        """The next message."""
        async with asyncio.timeout(10):
            while b"\n" not in self._unread:
                self._unread += self.peer.take_all()
                await asyncio.sleep(0)
        line, self._unread = self._unread.split(b"\n", 1)
        return json.loads(line)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async def supervise(command: str) -> Json:
        return {"asked": command}

    async with open_directory(tmp_path, FakeClock()) as directory:
        yield Desk(directory=directory, supervise=supervise)


@pytest.fixture
async def admin(desk: Desk) -> AsyncIterator[Admin]:
    made = Admin(ControlServer(desk), FakeClock())
    yield made
    made.peer.end()
    await made.session
