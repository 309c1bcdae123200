"""Content-Transfer-Encoding (RFC 2045 §6): decoders that take anything, in linear time, whole or piece by piece."""

import binascii
import re
from typing import Final, Protocol

IDENTITY: Final = frozenset({b"", b"7bit", b"8bit", b"binary", b"7-bit", b"8-bit"})

_PADDING: Final = (b"=", b"==")
_NOT_BASE64: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_ESCAPES: Final = re.compile(rb"(?:=[0-9A-Fa-f]{2})++|=\r?\n")  # or a soft line break
_HEX_DIGITS: Final = frozenset(bytes((digit,)) for digit in b"0123456789ABCDEFabcdef")
_WHITE_MAX: Final = 998
"""Octets of white space at a line end that are dropped: no line of mail holds more (RFC 5322 §2.1.1)."""
_WHITE_END: Final = re.compile(rb"(?<![ \t])[ \t]{1,%d}+(?=\r?\n)" % _WHITE_MAX)


class Decoder(Protocol):
    """Takes a body piece by piece; what it gives does not depend on how it was cut."""

    def feed(self, data: bytes) -> bytes: ...
    def finish(self) -> bytes: ...


def find_decoder(encoding: bytes) -> Decoder | None:
    """A decoder for this Content-Transfer-Encoding; None: unknown (RFC 9051 §6.4.5: UNKNOWN-CTE)."""
    match encoding.strip().lower():
        case b"base64":
            return Base64Decoder()
        case b"quoted-printable":
            return QuotedPrintableDecoder()
        case name if name in IDENTITY:
            return IdentityDecoder()
        case _:
            return None


def decode_body(data: bytes, encoding: bytes) -> bytes:
    """A whole body; one in an unknown encoding stays as it is."""
    match encoding.strip().lower():
        case b"base64":
            return decode_base64(data)
        case b"quoted-printable":
            return decode_quoted_printable(data)
        case _:
            return data


def decode_base64(data: bytes) -> bytes:
    """RFC 2045 §6.8: foreign characters are skipped, padding ends the data, what is missing at the end is forgiven."""
    pad = data.find(b"=")
    if pad < 0 or (len(data) - pad <= 80 and data[pad:].strip() in _PADDING):
        try:
            return binascii.a2b_base64(data)
        except ValueError:
            pass
    clean = data.translate(None, _NOT_BASE64).partition(b"=")[0]
    whole = len(clean) // 4 * 4
    rest = clean[whole:]
    return binascii.a2b_base64(clean[:whole] + (rest + b"==="[: 4 - len(rest)] if len(rest) > 1 else b""))


def decode_quoted_printable(data: bytes) -> bytes:
    """RFC 2045 §6.7: a "=" that begins no escape stays."""
    text = data.rstrip(b" \t")
    return _decode_lines((text if len(data) - len(text) <= _WHITE_MAX else data).removesuffix(b"="))


def _decode_lines(data: bytes) -> bytes:
    """RFC 2045 §6.7 (3): white space at the end of a line was added on the way."""
    if b" \r" in data or b" \n" in data or b"\t\r" in data or b"\t\n" in data:
        data = _WHITE_END.sub(b"", data)
    return _ESCAPES.sub(_unescape, data) if b"=" in data else data


def _unescape(match: re.Match[bytes]) -> bytes:
    text = match[0]
    return b"" if text.endswith(b"\n") else binascii.unhexlify(text.replace(b"=", b""))


class IdentityDecoder:
    """7bit, 8bit and binary."""

    def feed(self, data: bytes) -> bytes:
        """As it came."""
        return data

    def finish(self) -> bytes:
        """Nothing is kept back."""
        return b""


class Base64Decoder:
    """Keeps back at most three characters."""

    def __init__(self) -> None:
        self._rest = b""
        self._ended = False

    def feed(self, data: bytes) -> bytes:
        """Whole quanta of four characters."""
        if self._ended:
            return b""
        clean, pad, _ = (self._rest + data.translate(None, _NOT_BASE64)).partition(b"=")
        if pad:
            self._ended = True
            self._rest = b""
            return decode_base64(clean)
        whole = len(clean) // 4 * 4
        self._rest = clean[whole:]
        return binascii.a2b_base64(clean[:whole])

    def finish(self) -> bytes:
        """What a missing padding left over."""
        rest, self._rest = self._rest, b""
        return decode_base64(rest)


class QuotedPrintableDecoder:
    """Keeps back a tail that may still become an escape, a soft line break or the end of a line."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_white = False  # inside of more white space than a line end can have: it stays

    def feed(self, data: bytes) -> bytes:
        """All that is decided."""
        data = self._rest + data
        head = b""
        if self._is_white:
            text = data.lstrip(b" \t")
            head, data = data[: len(data) - len(text)], text
            self._is_white = not text
        cut = self._find_tail(data)
        self._rest = data[cut:]
        return head + _decode_lines(data[:cut])

    def _find_tail(self, data: bytes) -> int:
        """Where what is not decided begins: `=`, `=4`, or white space, with `=` before it and CR behind it maybe."""
        size = len(data)
        window = data[-_WHITE_MAX - 3 :]
        text = window.removesuffix(b"\r").rstrip(b" \t")
        tail = len(window) - len(text)
        if tail - window.endswith(b"\r") > _WHITE_MAX:
            self._is_white = not window.endswith(b"\r")
            return size
        if text.endswith(b"="):
            return size - tail - 1
        if not tail and text[-2:-1] == b"=" and text[-1:] in _HEX_DIGITS:
            return size - 2
        return size - tail

    def finish(self) -> bytes:
        """The tail as it stands."""
        rest, self._rest = self._rest, b""
        return decode_quoted_printable(rest)
