"""Header fields as bytes: iterate, unfold (RFC 5322 §2.2.3), and read as text (RFC 2047, RFC 6532)."""

import re
from collections.abc import Iterable
from typing import Final

from mailstead.ground.formats.charset import decode_charset, guess_text
from mailstead.ground.formats.encoding import decode_base64

# Each match takes one field with its continuation lines, or one line that is no field (its name is empty).
# All quantifiers are possessive: no byte is looked at more than twice.
_FIELD: Final = re.compile(rb"(?:([!-9;-~]++)[ \t]*+:)?+([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?")
_AT_ONCE: Final = 64 << 10
"""Octets; a larger header is walked field by field, to save memory."""
_BREAKS: Final = re.compile(rb"[\r\n\0]++")

# RFC 2047 §2: encoded-word = "=?" charset "?" encoding "?" encoded-text "?="; RFC 2231 §5 adds "*language".
# Spaces inside are against §2 but common, so only "?" ends the text.
_ENCODED_WORD: Final = re.compile(rb"=\?([!-)+->@-~]{1,64}+)(?:\*[!->@-~]{0,64}+)?\?([BbQq])\?([^?\r\n]*+)\?=")


def each_field(header: bytes) -> Iterable[tuple[bytes, bytes]]:
    """All (name, raw value) of a header block, in order; the name is empty for a line that is no field."""
    if len(header) <= _AT_ONCE:
        return _FIELD.findall(header)
    return ((match[1] or b"", match[2]) for match in _FIELD.finditer(header))


def unfold(value: bytes) -> bytes:
    """RFC 5322 §2.2.3: without line ends; also without NUL, which no IMAP string may hold."""
    value = value.strip()
    if b"\n" in value or b"\r" in value or b"\0" in value:
        return _BREAKS.sub(b"", value)
    return value


def find_field(header: bytes, name: bytes) -> bytes | None:
    """The unfolded value of the first field of that lower-case name."""
    for key, value in each_field(header):
        if key.lower() == name:
            return unfold(value)
    return None


def decode_field(value: bytes) -> str:
    """An unfolded field body as text: encoded words decoded, raw 8-bit text guessed."""
    if b"=?" not in value:
        return value.decode("ascii") if value.isascii() else guess_text(value)
    out: list[str] = []
    run: list[tuple[bytes, bytes]] = []
    end = 0
    for word in _ENCODED_WORD.finditer(value):
        between = value[end : word.start()]
        if not run or between.strip():
            out += (_decode_run(run), guess_text(between))  # RFC 2047 §6.2: space between encoded words is not shown
            run = []
        run.append((word[1], decode_base64(word[3]) if word[2] in b"Bb" else _decode_q(word[3])))
        end = word.end()
    out += (_decode_run(run), guess_text(value[end:]))
    return "".join(out)


def _decode_run(run: list[tuple[bytes, bytes]]) -> str:
    """Adjacent words of one charset are joined first: many senders cut inside a character, against RFC 2047 §5."""
    out: list[str] = []
    charset, chunks = b"", list[bytes]()
    for name, data in run:
        if name != charset and chunks:
            out.append(decode_charset(b"".join(chunks), charset))
            chunks = []
        charset = name
        chunks.append(data)
    if chunks:
        out.append(decode_charset(b"".join(chunks), charset))
    return "".join(out)


_HEX: Final = re.compile(rb"=([0-9A-Fa-f]{2})")


def _decode_q(text: bytes) -> bytes:
    """RFC 2047 §4.2; a "=" without two digits stays."""
    return _HEX.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), text.replace(b"_", b" "))
