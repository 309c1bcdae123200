"""A blob's file does not depend on how its bytes came, and any part of it reads as what was written."""

import os
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.store.blobs import frames
from mailstead.store.blobs.frames import FrameWriter, read_index

FRAME = 64


@pytest.fixture(autouse=True)
def small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "FRAME_SIZE", FRAME)


def written(chunks: list[bytes]) -> bytes:
    with tempfile.TemporaryFile() as file:
        writer = FrameWriter(file.fileno())
        for chunk in chunks:
            writer.write(chunk)
        writer.finish()
        return os.pread(file.fileno(), 1 << 20, 0)


@settings(max_examples=60)
@given(st.binary(max_size=600), st.data())
def test_files_do_not_depend_on_chunking(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert written(chunks) == written([stream])


@settings(max_examples=60)
@given(st.binary(max_size=600))
def test_every_frame_reads_as_written(stream: bytes) -> None:
    with tempfile.TemporaryFile() as file:
        writer = FrameWriter(file.fileno())
        writer.write(stream)
        writer.finish()
        index = read_index(file.fileno())
        assert index.size == len(stream)
        for number in range(len(index.starts) - 1):
            assert index.read(file.fileno(), number) == stream[number * FRAME : (number + 1) * FRAME]


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=400), st.data())
def test_a_file_that_is_cut_off_is_known(stream: bytes, data: st.DataObject) -> None:
    whole = written([stream])
    cut = data.draw(st.integers(0, len(whole) - 1))
    with tempfile.TemporaryFile() as file:
        file.write(whole[:cut])
        file.flush()
        with pytest.raises(frames.DamagedBlob):
            read_index(file.fileno())
