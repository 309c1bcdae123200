"""A key in a file is taken over once; the log says so in mu's words."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailstead.ground.model.signing import Algorithm, KeyState, SigningKey
from mailstead.services.signing.key_file import KeyFile, adopt_key
from mailstead.store.port import Store
from mailstead.telemetry import Event
from tests.support.dkim import ED25519, RSA, RSA_PEM
from tests.support.fake_clock import FakeClock
from tests.support.stores import sqlite_engine
from tests.unit.services.signing.conftest import Told


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with sqlite_engine(tmp_path) as engine:
        yield await engine.open()


@pytest.fixture
def source(tmp_path: Path) -> KeyFile:
    paths = (tmp_path / "keys" / "dkim.key", tmp_path / "mu" / "dkim.key")
    return KeyFile(paths=paths, domains=("x.test",), selector="default")


def put(path: Path, data: bytes, mode: int = 0o600) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)


async def keys_of(store: Store) -> list[SigningKey]:
    return await store.read(lambda tx: tx.signing.list_keys())


async def test_taken_over_once(store: Store, source: KeyFile, told: Told) -> None:
    put(source.paths[1], RSA_PEM)
    await adopt_key(store, FakeClock(), source)
    (key,) = await keys_of(store)
    assert (key.domain, key.selector, key.state) == ("x.test", "default", KeyState.ACTIVE)
    assert (key.algorithm, key.pem) == (Algorithm.RSA_2048, RSA_PEM.decode())
    assert told.of(Event.SIGNING_KEY_ENABLED) == [{"domain": "x.test", "selector": "default"}]
    retired = replace(key, state=KeyState.RETIRED)
    await store.write(lambda tx: tx.signing.update_key(retired, was=KeyState.ACTIVE))
    await adopt_key(store, FakeClock(), source)
    assert await keys_of(store) == [retired]


async def test_no_file(store: Store, source: KeyFile, told: Told) -> None:
    await adopt_key(store, FakeClock(), source)
    assert await keys_of(store) == []
    assert told.all == [(Event.SIGNING_FILE_MISSING, {"path": str(source.paths[0])})]
    said = Event.SIGNING_FILE_MISSING.message.format(path="/x")
    assert said == "mail: DKIM signing disabled: DKIM private key not found at /x"


async def test_no_file_and_a_key_in_the_store(store: Store, source: KeyFile, told: Told) -> None:
    put(source.paths[0], RSA_PEM)
    await adopt_key(store, FakeClock(), source)
    source.paths[0].unlink()
    told.all.clear()
    await adopt_key(store, FakeClock(), source)
    assert told.all == [(Event.SIGNING_KEY_ENABLED, {"domain": "x.test", "selector": "default"})]
    said = Event.SIGNING_KEY_ENABLED.message.format(domain="D", selector="S")
    assert said == "dkim: DKIM signing enabled for domain D with selector S"


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", RSA_PEM[:200], b"\xff" * 100, b"-----BEGIN RSA PRIVATE KEY-----"], ids=range(5)
)
async def test_a_broken_file(store: Store, source: KeyFile, told: Told, data: bytes) -> None:
    put(source.paths[0], data)
    await adopt_key(store, FakeClock(), source)
    assert await keys_of(store) == []
    (event,) = told.of(Event.SIGNING_FILE_BROKEN)
    assert event["path"] == str(source.paths[0])


async def test_others_can_read_it(store: Store, source: KeyFile, told: Told) -> None:
    put(source.paths[0], RSA_PEM, 0o644)
    await adopt_key(store, FakeClock(), source)
    assert told.of(Event.SIGNING_FILE_EXPOSED) == [{"path": str(source.paths[0])}]
    assert len(await keys_of(store)) == 1


PEM = ED25519.pem.decode()


@pytest.mark.parametrize("text", [PEM, PEM.replace("\n", "\\n"), base64.b64encode(ED25519.pem).decode()], ids=range(3))
async def test_as_text(store: Store, source: KeyFile, text: str, told: Told) -> None:
    put(source.paths[0], RSA.pem)
    await adopt_key(store, FakeClock(), replace(source, text=text, domains=("x.test", "y.test")))
    found = await keys_of(store)
    assert [(key.domain, key.algorithm, key.pem.strip()) for key in found] == [
        ("x.test", Algorithm.ED25519, PEM.strip()),
        ("y.test", Algorithm.ED25519, PEM.strip()),
    ]
