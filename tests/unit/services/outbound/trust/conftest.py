"""Trust with names in memory, a fetcher that says what it is told, and a store of its own."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailstead.net.guarded import FetchFailed
from mailstead.services.outbound.trust.judging import DomainTrust
from tests.support.fake_clock import FakeClock
from tests.support.known_names import KnownNames
from tests.support.stores import AnyStore, sqlite_engine

POLICY = b"version: STSv1\nmode: %s\nmx: mx.example.test\nmx: *.example.test\nmax_age: %d\n"


@dataclass
class Fetcher:
    """Texts by host; an exception is raised; nothing: it cannot be reached."""

    texts: dict[str, bytes | FetchFailed] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, host: str, path: str, *, content_type: str, limit: int) -> bytes:
        assert (path, content_type, limit) == ("/.well-known/mta-sts.txt", "text/plain", 65_536)
        self.asked.append(host)
        self.came.set()
        await self.go.wait()
        text = self.texts.get(host, FetchFailed("nobody there"))
        if isinstance(text, FetchFailed):
            raise text
        return text


@dataclass
class Scene:
    """One worker's trust and what it stands on."""

    store: AnyStore
    names: KnownNames
    fetcher: Fetcher
    clock: FakeClock
    made: list[DomainTrust] = field(default_factory=list)

    def trust(self, **options: bool) -> DomainTrust:
        """One more worker."""
        self.made.append(DomainTrust(self.store, self.names, self.fetcher, self.clock, **options))
        return self.made[-1]

    def publish(self, mode: bytes = b"enforce", max_age: int = 86_400 * 7, policy_id: str = "1") -> None:
        """A policy of example.test."""
        self.names.put("TXT", "_mta-sts.example.test", b"v=STSv1; id=%s;" % policy_id.encode())
        self.fetcher.texts["mta-sts.example.test"] = POLICY % (mode, max_age)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with sqlite_engine(tmp_path) as engine:
        made = Scene(await engine.open(), KnownNames(), Fetcher(), FakeClock())
        made.fetcher.go.set()
        yield made
        for trust in made.made:
            await trust.close()
