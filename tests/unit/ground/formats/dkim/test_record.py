"""Key records as they are found, and as an operator is told to publish them."""

import pytest

from mailstead.ground.formats.dkim.record import KeyRecord, read_record, render_record, zone_line
from mailstead.ground.formats.dkim.tags import Malformed


def test_reading() -> None:
    full = read_record(b"v=DKIM1; k=ed25519; h=sha256:sha1; s=email; t=y:s; n=ours; p=QU\n JD")
    assert full == KeyRecord(
        type="ed25519", key=b"ABC", hashes=("sha256", "sha1"), services=("email",), flags=("y", "s"), notes="ours"
    )
    assert (full.is_testing, full.is_strict) == (True, True)
    assert read_record(b"p=QUJD") == KeyRecord(key=b"ABC")
    assert read_record(b"v=DKIM1;p=;").key == b""


@pytest.mark.parametrize(
    "text", [b"", b"v=DKIM1", b"p=QUJD; v=DKIM1", b"v=spf1; p=QUJD", b"p=*", b"p=QUJD; p=QUJD", b"v=DKIM1 p=QUJD"]
)
def test_broken(text: bytes) -> None:
    with pytest.raises(Malformed):
        read_record(text)


def test_writing() -> None:
    record = KeyRecord(type="ed25519", key=b"ABC", hashes=("sha256",), services=("email",), flags=("s",), notes="n")
    assert render_record(record) == "v=DKIM1; k=ed25519; h=sha256; s=email; t=s; n=n; p=QUJD"
    assert read_record(render_record(record).encode()) == record
    assert render_record(KeyRecord(key=b"ABC")) == "v=DKIM1; k=rsa; p=QUJD"


def test_a_line_of_a_zone() -> None:
    assert zone_line("s._domainkey.x.test", 'a"b\\') == 's._domainkey.x.test. IN TXT "a\\"b\\\\"'
    long = zone_line("s.x.test", "x" * 300)
    assert long == f's.x.test. IN TXT (\n    "{"x" * 255}"\n    "{"x" * 45}" )'
