"""The readers of single values, past the limits that a summary puts before them: linear too."""

import gc
import time
from collections.abc import Callable

import pytest

from mailstead.ground.formats.addresslist import parse_mailboxes
from mailstead.ground.formats.charset import decode_charset
from mailstead.ground.formats.content import read_content
from mailstead.ground.formats.date import parse_date
from mailstead.ground.formats.encoding import decode_base64, decode_quoted_printable
from mailstead.ground.formats.fields import select_fields
from mailstead.ground.formats.headers import decode_field, unfold
from mailstead.ground.formats.html import html_to_text
from mailstead.ground.formats.parameter import decode_parameter
from mailstead.ground.formats.received import count_hops
from mailstead.ground.formats.subject import base_subject

UNITS = [
    b"a", b" ", b"\n", b"\r\n ", b"\t\n", b"<", b">", b"<a ", b"<a \"'", b"<!--", b"-->", b"<style>", b"</style",
    b"<title", b"<p>", b"&", b"&#", b"&#x", b"&amp", b'"', b"'", b"=", b"=?", b"=?utf-8?q?", b"=?utf-8?q?a?= ",
    b"=?utf-8?b?/?=", b"=A", b"= ", b"=\n", b"(", b")", b"()", b"\\", b"[", b"]", b"[a]", b"re:", b"(fwd)",
    b"[fwd:", b";", b"; ", b"; a", b";a=", b';a="\\', b",", b":", b"@", b"a@b,", b"<@a,", b"*", b"%", b"%4",
    b"received:", b"\nreceived:", b"\nx: a", b"1 ", b"1:", b"\xff", b"+", b"+A", b"\x1b$B", b"\x1b(", b"~{",
    b"\x0e", b"\xc3",
]  # fmt: skip

READERS: dict[str, Callable[[bytes], object]] = {
    "unfold": unfold,
    "text of a field": decode_field,
    "addresses": parse_mailboxes,
    "content type": lambda data: read_content({b"content-type": data, b"content-disposition": data}),
    "parameter": lambda data: decode_parameter(((b"a*0*", data), (b"a*1", data)), b"a"),
    "date": parse_date,
    "subject": base_subject,
    "html": lambda data: html_to_text(data.decode("latin-1"), 1 << 30),
    "base64": decode_base64,
    "quoted-printable": decode_quoted_printable,
    "hops": count_hops,
    "fields": lambda data: select_fields(data, b"", frozenset({b"a", b"received"}), exclude=False),
    "other fields": lambda data: select_fields(data, b"", frozenset({b"a", b"received"}), exclude=True),
    "utf-7": lambda data: decode_charset(data, b"utf-7"),
    "iso-2022-jp": lambda data: decode_charset(data, b"iso-2022-jp"),
    "hz": lambda data: decode_charset(data, b"hz"),
    "gb18030": lambda data: decode_charset(data, b"gb18030"),
}
SMALL, FACTOR = 8 * 1024, 16


def cpu_seconds(read: Callable[[bytes], object], data: bytes) -> float:
    best = float("inf")
    gc.disable()
    try:
        for _ in range(2):
            start = time.process_time()
            read(data)
            best = min(best, time.process_time() - start)
    finally:
        gc.enable()
    return best


@pytest.mark.slow
@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_time_is_linear(read: Callable[[bytes], object]) -> None:
    for unit in UNITS:
        small = cpu_seconds(read, unit * (SMALL // len(unit)))
        large = cpu_seconds(read, unit * (SMALL * FACTOR // len(unit)))
        # a quadratic step would show as FACTOR squared; the floor keeps the clock's grain out of the ratio
        assert large <= max(small, 0.001) * FACTOR * 4, unit
