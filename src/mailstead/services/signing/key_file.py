"""A private key in a file or in the configuration, taken over at start: signing is on when the key is there."""

import base64
import binascii
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.signing import KeyState, SigningKey
from mailstead.net.clock import Clock
from mailstead.services.signing.keys import read_selector
from mailstead.services.signing.making import algorithm_of, load_private
from mailstead.store.port import ReadTx, Store, Tx
from mailstead.telemetry import Event, emit

FILE_MAX: Final = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """Where to look, the first that is there; for which domains and under which selector it signs."""

    text: str = ""  # the key itself, before any file
    paths: tuple[Path, ...]
    domains: tuple[str, ...]
    selector: str


async def adopt_key(store: Store, clock: Clock, source: KeyFile) -> None:
    """Make the key an active one of these domains, where their selector has none yet; say what signs.

    A key that was adopted once is the store's: it may be rotated and retired like any other.
    """
    found = _find_pem(source)
    if found is not None:
        await _adopt(store, clock, source, *found)
    active = await store.read(partial(_active_keys, source.domains))
    for key in active:
        emit(Event.SIGNING_KEY_ENABLED, domain=key.domain, selector=key.selector)
    if found is None and not active:
        emit(Event.SIGNING_FILE_MISSING, path=str(source.paths[0]))


async def _active_keys(domains: Sequence[str], tx: ReadTx) -> list[SigningKey]:
    return [key for domain in domains for key in await tx.signing.active_keys(domain)]


def _find_pem(source: KeyFile) -> tuple[str, str] | None:
    """The key, and where it was."""
    if source.text:
        return _unwrap(source.text), "dkim.private_key"
    for path in source.paths:
        try:
            mode = path.stat().st_mode
        except OSError:  # not there, or in a folder that is not ours to enter
            continue
        if stat.S_IMODE(mode) & 0o077:
            emit(Event.SIGNING_FILE_EXPOSED, path=str(path))
        try:
            with path.open("rb") as file:
                return file.read(FILE_MAX).decode("ascii", "replace"), str(path)
        except OSError as error:
            emit(Event.SIGNING_FILE_BROKEN, path=str(path), error=f"{error.strerror}")
    return None


def _unwrap(text: str) -> str:
    r"""PEM as variables hold it: with "\n" for its line ends, or wrapped once more in base64."""
    if "-----BEGIN" in text:
        return text.replace("\\n", "\n")
    try:
        return base64.b64decode(text, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return text


async def _adopt(store: Store, clock: Clock, source: KeyFile, pem: str, where: str) -> None:
    try:
        algorithm, selector = algorithm_of(load_private(pem)), read_selector(source.selector)
    except Invalid as error:
        emit(Event.SIGNING_FILE_BROKEN, path=where, error=str(error))
        return
    now = clock.now()

    async def unit(tx: Tx) -> None:
        for domain in source.domains:
            key = SigningKey(
                domain=domain, selector=selector, algorithm=algorithm, pem=pem, state=KeyState.ACTIVE,
                created_at=now, activated_at=now,
            )  # fmt: skip
            await tx.signing.insert_key(key)

    await store.write(unit)
