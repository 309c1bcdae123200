"""Small, large, cut and faulty letters on their way in."""

from pathlib import Path

import pytest

from mailstead.ground.formats.repair import Fault, Given
from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import TooLarge
from mailstead.ground.model.ids import Instant
from mailstead.services.submission.manuscript import Manuscript
from mailstead.store.port.blobs import INLINE_MAX
from tests.support.stores import sqlite_engine
from tests.unit.services.submission.support import NoBlobs

GIVEN = Given(at=Instant(1_795_168_800_000), message_id="1@a.test", author=Address("ann", "a.test"))
MENDED = b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@a.test>\r\n"
HEADER = b"From: ann@a.test\r\nSubject: x\r\n\r\n"


async def write(pieces: list[bytes], max_size: int = 1_000_000) -> bytes:
    blobs = NoBlobs()
    manuscript = Manuscript(blobs, max_size, GIVEN)  # type: ignore[arg-type]
    for piece in pieces[:-1]:
        manuscript.write(piece)
    letter = await manuscript.finish(pieces[-1])
    assert letter.fault is None
    assert letter.repair is not None
    assert letter.repair.authors == (Address("ann", "a.test"),)
    assert letter.rendered.header == MENDED + HEADER
    assert letter.staged.size == len(blobs.stored)
    return blobs.stored


@pytest.mark.parametrize("step", [1, 7, 33, 1000])
async def test_cuts_change_nothing(step: int) -> None:
    whole = HEADER + b"How are you?\r\n\r\nFine.\r\n"
    assert await write([whole[at : at + step] for at in range(0, len(whole), step)]) == MENDED + whole


@pytest.mark.parametrize("size", [INLINE_MAX - len(HEADER), INLINE_MAX, 300_000])
async def test_large_ones_are_mended_too(size: int) -> None:
    body = b"x" * 70 + b"\r\n"
    whole = HEADER + (body * (size // len(body) + 1))[:size]
    assert await write([whole]) == MENDED + whole
    assert await write([whole[at : at + 65_536] for at in range(0, len(whole), 65_536)]) == MENDED + whole


async def test_too_large_is_known_at_once() -> None:
    manuscript = Manuscript(NoBlobs(), 100, GIVEN)  # type: ignore[arg-type]
    manuscript.write(HEADER)
    with pytest.raises(TooLarge):
        manuscript.write(b"x" * 100)
    manuscript.abort()


async def test_a_fault_keeps_nothing() -> None:
    blobs = NoBlobs()
    manuscript = Manuscript(blobs, 1_000_000, GIVEN)  # type: ignore[arg-type]
    manuscript.write(b"From: ann@a.test\r\nFrom: bob@a.test\r\n\r\n" + b"x" * 300_000)
    letter = await manuscript.finish(b"x")
    assert (letter.fault, letter.repair, letter.staged.size) == (Fault.SEVERAL_FIELDS, None, 0)


async def test_on_a_real_store(tmp_path: Path) -> None:
    async with sqlite_engine(tmp_path) as engine:
        store = await engine.open()
        manuscript = Manuscript(store.blobs, 1_000_000, GIVEN)
        manuscript.write(HEADER)
        for _ in range(30):
            manuscript.write(b"x" * 9998 + b"\r\n")
        letter = await manuscript.finish(b".\r\n")
        assert letter.staged.size == len(MENDED + HEADER) + 300_003
        assert letter.staged.data is None
        manuscript.abort()
        manuscript.abort()
