"""Keys in a store, a DNS in memory, and a signer over both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from mailstead.app.config import DkimConfig
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.signing import Algorithm, KeyState, SigningKey
from mailstead.net.dns import Answer, DnsError, Mx, Tlsa, Trouble
from mailstead.services.signing.rules import SigningRules
from mailstead.services.signing.signer import Signer
from mailstead.store.port import Store
from tests.support.dkim import ED25519, RSA, TestKey
from tests.support.fake_clock import FakeClock
from tests.support.stores import sqlite_engine


def rules(canonicalization: str = "relaxed/relaxed", life: int = 0) -> SigningRules:
    """As they are if nothing is configured."""
    config = DkimConfig()
    return SigningRules.of(config.headers, config.oversign, canonicalization, life)


def signing_key(
    key: TestKey, domain: str = "x.test", selector: str = "s", state: KeyState = KeyState.ACTIVE
) -> SigningKey:
    """A row for one of the keys that stay the same."""
    return SigningKey(
        domain=domain,
        selector=selector,
        algorithm=Algorithm.RSA_2048 if key is RSA else Algorithm.ED25519,
        pem=key.pem.decode(),
        state=state,
        created_at=Instant(1),
        activated_at=Instant(1) if state is KeyState.ACTIVE else None,
    )


@asynccontextmanager
async def open_signer(
    folder: Path, *keys: SigningKey, canonicalization: str = "relaxed/relaxed", life: int = 0
) -> AsyncIterator[tuple[Signer, Store, FakeClock]]:
    """A signer whose store holds these keys."""
    async with sqlite_engine(folder) as engine:
        store, clock = await engine.open(), FakeClock()
        for key in keys:
            await store.write(lambda tx, key=key: tx.signing.insert_key(key))
        yield Signer(store, clock, rules(canonicalization, life)), store, clock


BOTH = (signing_key(RSA, selector="r"), signing_key(ED25519, selector="e"))
RECORDS = {"r._domainkey.x.test": RSA.record, "e._domainkey.x.test": ED25519.record}


class MemoryDns:
    """Implements `net.dns.Resolver` for TXT; a name in `down` has no answer."""

    def __init__(self) -> None:
        self.texts: dict[str, list[bytes]] = {}
        self.down: set[str] = set()
        self.asked: list[str] = []

    async def txt(self, name: str) -> Answer[bytes]:
        self.asked.append(name)
        if name in self.down:
            raise DnsError(name, "TXT", Trouble.SERVFAIL)
        return Answer(name, tuple(self.texts.get(name, ())), exists=name in self.texts)

    async def mx(self, name: str) -> Answer[Mx]:
        raise NotImplementedError

    async def a(self, name: str) -> Answer[str]:
        raise NotImplementedError

    async def aaaa(self, name: str) -> Answer[str]:
        raise NotImplementedError

    async def tlsa(self, name: str) -> Answer[Tlsa]:
        raise NotImplementedError

    async def ptr(self, ip: str) -> Answer[str]:
        raise NotImplementedError
