"""What reports come in, and bombs."""

import gzip
import io
import zipfile

import pytest

from mailstead.ground.formats.feedback.unpacking import PACKED_MAX, UNPACKED_MAX, unpack
from mailstead.ground.model.errors import Invalid

TEXT = b"<feedback/>" * 20_000


def zipped(*files: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for number, data in enumerate(files):
            archive.writestr(f"{number}.xml", data)
    return out.getvalue()


@pytest.mark.parametrize(
    "packed", [TEXT, gzip.compress(TEXT), zipped(TEXT), zipped(TEXT, compression=zipfile.ZIP_STORED)]
)
def test_it_is_opened(packed: bytes) -> None:
    pieces = list(unpack(packed))
    assert b"".join(pieces) == TEXT
    assert max(map(len, pieces)) <= 65_536


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (gzip.compress(bytes(UNPACKED_MAX + 1)), "unpacks to more"),
        (zipped(bytes(UNPACKED_MAX + 1)), "unpacks to more"),
        (bytes(PACKED_MAX + 1), "larger than"),
        (gzip.compress(TEXT)[:-20], "too early"),
        (b"\x1f\x8bjunk", "cannot be unpacked"),
        (b"PK\x03\x04junk", "no zip"),
        (zipped(TEXT)[:-30], "no zip"),
        (zipped(TEXT, TEXT), "2 files"),
        (b"PK\x03\x04" + zipped(), "0 files"),
        (zipped(TEXT, compression=zipfile.ZIP_BZIP2), "unusual"),
    ],
)
def test_it_is_refused(packed: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        list(unpack(packed))


def test_a_bomb_costs_no_more_than_the_limit() -> None:
    bomb = gzip.compress(gzip.compress(bytes(64 << 20), 9), 9)
    assert b"".join(unpack(bomb))[:2] == b"\x1f\x8b"  # what is packed inside stays packed


def test_a_lie_about_its_size() -> None:
    data = bytearray(zipped(TEXT))
    at = data.index(b"PK\x01\x02")
    data[at + 20 : at + 24] = (5).to_bytes(4, "little")
    with pytest.raises(Invalid, match="too early"):
        list(unpack(bytes(data)))


def test_damage_is_seen() -> None:
    data = zipped(TEXT, compression=zipfile.ZIP_STORED)
    with pytest.raises(Invalid, match="damaged"):
        list(unpack(data.replace(b"<feedback/>", b"<feedbark/>", 1)))
