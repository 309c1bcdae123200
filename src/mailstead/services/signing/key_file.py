"""A private key in a file or in the configuration, taken over at start: signing is on when the key is there."""

import base64
import binascii
import stat
from collections.abc import Sequence
from dataclasses import dataclass
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
    pem = _find_pem(source)
    if pem is not None:
        await _adopt(store, clock, source, pem)
    is_signing = False
    for domain in source.domains:
        for key in await store.read(lambda tx: _active(tx, domain)):  # noqa: B023 - read before the next turn
            is_signing = True
            emit(Event.SIGNING_KEY_ENABLED, domain=key.domain, selector=key.selector)
    if pem is None and not is_signing and source.paths:
        emit(Event.SIGNING_FILE_MISSING, path=str(source.paths[0]))


async def _active(tx: ReadTx, domain: str) -> Sequence[SigningKey]:
    return await tx.signing.active_keys(domain)


def _find_pem(source: KeyFile) -> str | None:
    if source.text:
        return _unwrap(source.text)
    for path in source.paths:
        try:
            with path.open("rb") as file:
                data = file.read(FILE_MAX)
                if stat.S_IMODE(path.stat().st_mode) & 0o077:
                    emit(Event.SIGNING_FILE_EXPOSED, path=str(path))
            return data.decode("ascii", "replace")
        except (FileNotFoundError, NotADirectoryError):
            continue
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


async def _adopt(store: Store, clock: Clock, source: KeyFile, pem: str) -> None:
    where = "dkim.private_key" if source.text else str(next(path for path in source.paths if path.exists()))
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
