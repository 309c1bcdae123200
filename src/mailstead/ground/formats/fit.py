"""What the octets of a letter ask of the way they take: RFC 5321 §4.5.3.1.6, RFC 6152, RFC 3030, RFC 6531."""

import codecs
from dataclasses import dataclass
from typing import Final

LINE_MAX: Final = 998  # RFC 5321 §4.5.3.1.6: 1000 with its CRLF

_utf8: Final = codecs.getincrementaldecoder("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Facts about some octets. Of what is not ASCII `is_utf8` says whether it is UTF-8 all through."""

    size: int
    has_8bit: bool
    has_nul: bool
    has_bare_ends: bool  # a CR or LF alone
    longest_line: int  # octets without the CRLF
    is_utf8: bool
    has_8bit_header: bool = False
    has_utf8_header: bool = False  # RFC 6532: for peers with SMTPUTF8; other 8-bit headers are merely wrong

    @property
    def is_binary(self) -> bool:
        """Only BINARYMIME may carry it (RFC 3030 §3)."""
        return self.has_nul or self.has_bare_ends

    def suits(self, *, eight_bit: bool) -> bool:
        """Whether a peer may have it by DATA, with 8BITMIME or without."""
        return not self.is_binary and self.longest_line <= LINE_MAX and (eight_bit or not self.has_8bit)


class FitScanner:
    """Feed and finish; what it finds does not depend on how the octets were cut."""

    def __init__(self, *, has_header: bool = True) -> None:
        self._size = 0
        self._has_8bit = self._has_nul = self._has_bare_ends = self._has_8bit_header = False
        self._longest = self._open = 0  # octets of the line that has not ended
        self._has_cr = False  # a CR that waits for its LF
        self._decoder: codecs.IncrementalDecoder | None = _utf8()
        self._before: bytes | None = b"\n" if has_header else None  # the end of what came, while in the header
        self._header_decoder: codecs.IncrementalDecoder | None = _utf8()

    def feed(self, data: bytes) -> None:
        """Take more octets."""
        self._size += len(data)
        if self._before is not None:
            self._look_for_body(data)
        if not data.isascii():
            self._has_8bit = True
        self._decoder = _decode(self._decoder, data)
        self._has_nul = self._has_nul or b"\0" in data
        if self._has_cr:
            data = b"\r" + data
        self._has_cr = data.endswith(b"\r")
        self._measure(data[:-1] if self._has_cr else data)

    def _look_for_body(self, data: bytes) -> None:
        assert self._before is not None
        joined = self._before + data
        ends = [at for mark in (b"\n\r\n", b"\n\n") if (at := joined.find(mark)) >= 0]
        header = joined[: min(ends)] if ends else joined
        if not header.isascii():
            self._has_8bit_header = True
        self._header_decoder = _decode(self._header_decoder, header[len(self._before) :], final=bool(ends))
        self._before = None if ends else joined[-2:]

    def _measure(self, data: bytes) -> None:
        first, *others = data.split(b"\r\n")
        self._longest = max(self._longest, self._open + len(first), *map(len, others))
        self._open = len(others[-1]) if others else self._open + len(first)
        if not self._has_bare_ends:
            count = len(others)
            self._has_bare_ends = data.count(b"\n") != count or data.count(b"\r") != count

    def finish(self) -> Fit:
        """All of it has come."""
        if self._has_cr:
            self._has_bare_ends = True
        if self._before is not None:
            self._header_decoder = _decode(self._header_decoder, b"", final=True)
        return Fit(
            size=self._size,
            has_8bit=self._has_8bit,
            has_nul=self._has_nul,
            has_bare_ends=self._has_bare_ends,
            longest_line=self._longest,
            is_utf8=_decode(self._decoder, b"", final=True) is not None,
            has_8bit_header=self._has_8bit_header,
            has_utf8_header=self._has_8bit_header and self._header_decoder is not None,
        )


def _decode(
    decoder: codecs.IncrementalDecoder | None, data: bytes, *, final: bool = False
) -> codecs.IncrementalDecoder | None:
    """The decoder while all is UTF-8; None from the first octet that is not."""
    if decoder is None or (data.isascii() and not decoder.getstate()[0]):
        return decoder
    try:
        decoder.decode(data, final)
    except UnicodeDecodeError:
        return None
    return decoder


def fit_of(data: bytes, *, has_header: bool = True) -> Fit:
    """Of octets that are all at hand."""
    scanner = FitScanner(has_header=has_header)
    scanner.feed(data)
    return scanner.finish()
