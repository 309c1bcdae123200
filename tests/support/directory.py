"""Domains and users on a real store, with hashes that cost nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import NewDomain, add_domain
from mailstead.services.accounts.passwords import derive_verifier
from tests.support.fake_clock import FakeClock
from tests.support.stores import sqlite_engine

MARK = "$argon2id$v=19$m=19456,t=2,p=1$"


@dataclass
class CountingHasher:
    """Implements `PasswordHasher`: the hash shows the password behind the mark of a current one."""

    verified: list[tuple[str, str]] = field(default_factory=list)
    hashed: list[str] = field(default_factory=list)
    iterations: int = 4096

    async def verify(self, password: str, stored: str) -> bool:
        self.verified.append((password, stored))
        return stored in {MARK + password, "{OLD}" + password}

    async def hash(self, password: str) -> str:
        self.hashed.append(password)
        return MARK + password

    async def derive(self, password: str) -> str:
        return derive_verifier(password, self.iterations)


@asynccontextmanager
async def open_directory(folder: Path, clock: FakeClock) -> AsyncIterator[Directory]:
    """With the domain example.com; bare names belong to it."""
    async with sqlite_engine(folder) as engine:
        store = await engine.open()
        directory = Directory(store=store, hasher=CountingHasher(), clock=clock, default_domain="example.com")
        await add_domain(directory, NewDomain(name="example.com"))
        yield directory
