"""Encoders of Content-Transfer-Encoding (RFC 2045 §6.7, §6.8), piece by piece: the other way of `encoding`."""

import binascii
from typing import Final

LINE: Final = 76
_QUANTUM: Final = LINE // 4 * 3


class Base64Encoder:
    """Lines of 76, none of them ended at the end: what follows a part begins with its line end."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_first = True

    def feed(self, data: bytes) -> bytes:
        """Whole lines."""
        data = self._rest + data
        whole = len(data) // _QUANTUM * _QUANTUM
        self._rest = data[whole:]
        return self._encode(data[:whole])

    def finish(self) -> bytes:
        """The last line."""
        rest, self._rest = self._rest, b""
        return self._encode(rest)

    def _encode(self, data: bytes) -> bytes:
        if not data:
            return b""
        text = binascii.b2a_base64(data, newline=False)
        lines = [text[at : at + LINE] for at in range(0, len(text), LINE)]
        if not self._is_first:
            lines.insert(0, b"")
        self._is_first = False
        return b"\r\n".join(lines)


class QuotedPrintableEncoder:
    """For text whose lines all end in CRLF and are of bounded length; its line ends stay."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Whole lines: how one is cut depends on its end."""
        data = self._rest + data
        end = data.rfind(b"\r\n") + 2
        if end < 2:
            self._rest = data
            return b""
        self._rest = data[end:]
        return binascii.b2a_qp(data[:end])

    def finish(self) -> bytes:
        """A last line without an end has none after it either."""
        rest, self._rest = self._rest, b""
        return binascii.b2a_qp(rest + b"\r\n")[:-2] if rest else b""
