"""Reports of strangers: whatever comes is read or refused, and costs no more than its limits."""

import asyncio
import gzip
import io
import zipfile

from hypothesis import example, given
from hypothesis import strategies as st

from mailstead.ground.model.errors import Invalid
from mailstead.services.reports.opening import open_report
from tests.support.aggregate import xml_of

XML = xml_of()
TLS = (
    b'{"organization-name":"a","contact-info":"b","report-id":"c","date-range":{"start-datetime":"2026-01-01T00:00:00Z",'
    b'"end-datetime":"2026-01-01T00:00:00Z"},"policies":[{"policy":{"policy-type":"tlsa","policy-domain":"x.test"},'
    b'"summary":{"total-successful-session-count":1,"total-failure-session-count":1}}]}'
)


def zipped(data: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        archive.writestr("report.xml", data)
    return out.getvalue()


SEEDS = (XML, TLS, gzip.compress(XML), gzip.compress(TLS), zipped(XML), zipped(XML, zipfile.ZIP_STORED))


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A report with some octets changed, left out or put in."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 8))
        data[at : at + length] = draw(st.binary(max_size=8))
    return bytes(data)


def open_all(data: bytes) -> None:
    try:
        opened = asyncio.run(open_report(data))
    except Invalid:
        return
    assert len(opened.organization) <= 255
    assert opened.good + opened.bad >= 0


@given(spoilt())
@example(zipped(XML)[:4] + b"PK\x05\x06" + bytes(18))
@example(b"PK\x03\x04" + b"PK\x05\x06" * 6)
def test_spoilt_reports(data: bytes) -> None:
    open_all(data)


@given(st.binary(max_size=300), st.sampled_from([b"", b"<", b"<feedback>", b"{", b"\x1f\x8b\x08", b"PK\x03\x04"]))
def test_anything(data: bytes, start: bytes) -> None:
    open_all(start + data)
