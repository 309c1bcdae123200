"""The compressed stream: what it promises of any bytes, and of bombs."""

import tracemalloc
import zlib

import pytest

from mailstead.net.deflate import GROWTH_FREE, INFLATED_AT_ONCE, DeflatedStream, Unreadable
from tests.support.fake_clock import FakeClock
from tests.support.memory_stream import MemoryStream


def deflated(data: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflater.compress(data) + deflater.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize("cut", [0, 1, 7])
async def test_what_was_sent_is_read_however_it_comes(cut: int) -> None:
    inner = MemoryStream(FakeClock())
    stream = DeflatedStream(inner)
    data = b"a1 NOOP\r\n" * 50
    inner.peer.send(deflated(data), cut=cut)
    read = b""
    while len(read) < len(data):
        read += await stream.read(1)
    assert read == data
    assert not stream.has_input()


async def test_what_came_behind_the_command_is_read_first() -> None:
    whole = deflated(b"a1 NOOP\r\na2 NOOP\r\n")
    inner = MemoryStream(FakeClock())
    stream = DeflatedStream(inner, whole[:6])
    assert stream.has_input()
    inner.peer.send(whole[6:])
    read = b""
    while len(read) < 18:
        read += await stream.read(1)
    assert read == b"a1 NOOP\r\na2 NOOP\r\n"


@pytest.mark.parametrize("size", [1, 1000, 100_000])
async def test_each_write_can_be_read_at_once(size: int) -> None:
    inner = MemoryStream(FakeClock())
    stream, inflater = DeflatedStream(inner), zlib.decompressobj(-15)
    for round_ in range(3):
        data = b"%d " % round_ * size
        stream.write(data)
        assert inflater.decompress(inner.peer.take_all()) == data


async def test_a_bomb_is_read_in_small_pieces_and_ends_in_bounds() -> None:
    inner = MemoryStream(FakeClock())
    stream = DeflatedStream(inner)
    piece, deflater = bytes(1 << 20), zlib.compressobj(9, zlib.DEFLATED, -15)
    for _ in range((GROWTH_FREE >> 20) + 16):
        inner.peer.send(deflater.compress(piece) + deflater.flush(zlib.Z_SYNC_FLUSH))
    read, largest = 0, 0
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable):
            while True:
                chunk = await stream.read(1)
                read, largest = read + len(chunk), max(largest, len(chunk))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert largest == INFLATED_AT_ONCE
    assert GROWTH_FREE <= read < GROWTH_FREE + (16 << 20)
    assert peak < 1 << 20


async def test_what_is_not_deflate_is_told() -> None:
    inner = MemoryStream(FakeClock())
    stream = DeflatedStream(inner)
    inner.peer.send(b"a1 NOOP\r\n")
    with pytest.raises(Unreadable):
        await stream.read(1)


async def test_the_end_of_the_compressed_stream_is_the_end() -> None:
    inner = MemoryStream(FakeClock())
    stream, deflater = DeflatedStream(inner), zlib.compressobj(9, zlib.DEFLATED, -15)
    inner.peer.send(deflater.compress(b"bye") + deflater.flush())
    assert await stream.read(1) == b"bye"
    assert await stream.read(1) == b""
