"""Addresses with a type: ORCPT and its xtext (RFC 3461 §4), the UTF-8 address type (RFC 6533 §3)."""

import re
from typing import Final

from mailstead.ground.formats.dsn.report import RFC822, UTF8, Typed

TEXT_MAX: Final = 900
"""Octets of a value: with its name it stays below the 998 of a line (RFC 5322 §2.1.1), even if it cannot be folded."""

_XTEXT: Final = re.compile(r"\+([0-9A-Fa-f]{2})")
_NOT_XCHAR: Final = re.compile(rb"[^\x21-\x2a\x2c-\x3c\x3e-\x7e]")
_EMBEDDED: Final = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_NOT_QCHAR: Final = re.compile(r"[^\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]")
_HARMFUL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def clean(text: str, limit: int = TEXT_MAX) -> str:
    """Words of others as one line that can end nothing: no controls, white space as single spaces, few octets."""
    line = " ".join(_HARMFUL.sub(" ", text[: 4 * limit]).split())
    return line.encode("utf-8")[:limit].decode("utf-8", "ignore").rstrip()


def decode_xtext(text: str) -> str:
    """RFC 3461 §4: `+2B` is a plus. Octets beyond ASCII, which xtext may not carry, are shown as question marks."""
    return _XTEXT.sub(lambda match: _ascii(int(match[1], 16)), text)


def _ascii(code: int) -> str:
    return chr(code) if code < 0x80 else "?"


def encode_xtext(text: str) -> str:
    """RFC 3461 §4, of ASCII text."""
    return _NOT_XCHAR.sub(lambda match: b"+%02X" % ord(match[0]), text.encode("ascii", "replace")).decode("ascii")


def decode_unitext(text: str) -> str:
    r"""RFC 6533 §3: `\x{E9}` is an é; a number that is no character stays."""
    return _EMBEDDED.sub(lambda match: _character(match[0], int(match[1], 16)), text)


def _character(raw: str, code: int) -> str:
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else raw


def encode_unitext(text: str) -> str:
    """RFC 6533 §3, utf-8-addr-xtext: the form that is safe where only ASCII is."""
    return _NOT_QCHAR.sub(lambda match: "\\x{%02X}" % ord(match[0]), text)  # noqa: UP031 - braces are the syntax


def read_orcpt(text: str) -> Typed | None:
    """ORCPT as Original-Recipient wants it (RFC 3461 §6.3 d): decoded; None if it has no type."""
    kind, semicolon, address = text.partition(";")
    if not semicolon:
        return None
    kind = kind.strip().lower()
    address = decode_unitext(address) if kind == UTF8 else decode_xtext(address)
    return Typed(kind, clean(address))


def write_orcpt(address: str) -> str:
    """ORCPT for an address that a letter leaves behind, when an alias sends it on (RFC 3461 §5.2.7)."""
    if address.isascii():
        return f"{RFC822};{encode_xtext(address)}"
    return f"{UTF8};{encode_unitext(address)}"


def type_address(address: str) -> Typed:
    """The type that an address needs (RFC 6533 §4.1)."""
    return Typed(RFC822 if address.isascii() else UTF8, address)
