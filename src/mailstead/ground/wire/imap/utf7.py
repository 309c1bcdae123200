"""Folder names on the wire: modified UTF-7 (RFC 3501 §5.1.3), or UTF-8 for clients that enabled it."""

import re
from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import Final

from mailstead.ground.model.folder import INBOX, SEPARATOR
from mailstead.ground.wire.imap.syntax import Syntax

_SHIFTED: Final = re.compile(r"&([A-Za-z0-9+,]*)-")
_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]+")
_FORBIDDEN: Final = re.compile(rb"[\x00\r\n]")
_REMEMBERED: Final = 200
"""Longer names are worked out each time, so that what is remembered stays small."""


def encode_utf7(name: str) -> bytes:
    """Modified UTF-7; a lone surrogate becomes U+FFFD."""
    return _remembered(name) if len(name) <= _REMEMBERED else _encode(name)


def _encode(name: str) -> bytes:
    escaped = name.replace("&", "&-")
    if not escaped.isascii() or not escaped.isprintable():
        escaped = _UNPRINTABLE.sub(_shift, escaped)
    return escaped.encode("ascii")


_remembered: Final = lru_cache(maxsize=1024)(_encode)


def _shift(match: re.Match[str]) -> str:
    text = match[0].encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
    base64 = b2a_base64(text.encode("utf-16-be"), newline=False).rstrip(b"=").replace(b"/", b",")
    return f"&{base64.decode('ascii')}-"


def decode_utf7(raw: bytes) -> str | None:
    """The name, or None if this is not the one spelling that `encode_utf7` gives."""
    try:
        text = raw.decode("ascii")
        if "&" not in text:
            return text if text.isprintable() else None
        name = _SHIFTED.sub(_unshift, text)
    except ValueError:  # not ASCII, not base64, not UTF-16
        return None
    return name if encode_utf7(name) == raw else None


def _unshift(match: re.Match[str]) -> str:
    base64 = match[1].replace(",", "/")
    if not base64:
        return "&"
    return a2b_base64(base64 + "=" * (-len(base64) % 4)).decode("utf-16-be")


def decode_name(raw: bytes, *, utf8: bool) -> str:
    """A folder name as a client wrote it, or `Syntax`.

    Clients that send raw UTF-8 or a bare `&` (isync 1.4 does both) mean what they wrote: what is not modified UTF-7
    is taken as it stands.
    """
    if raw.isalnum():
        name = raw.decode("ascii")
    else:
        if _FORBIDDEN.search(raw):
            raise Syntax("A folder name cannot hold CR, LF or NUL")
        found = None if utf8 else decode_utf7(raw)
        try:
            name = raw.decode("utf-8") if found is None else found
        except UnicodeDecodeError:
            raise Syntax("A folder name must be modified UTF-7 or UTF-8") from None
    return _with_inbox(name)


def _with_inbox(name: str) -> str:
    """RFC 9051 §5.1: INBOX in any case is the one INBOX, also as the first level of a longer name."""
    if name[:5].upper() == INBOX and (len(name) == 5 or name[5] == SEPARATOR):
        return INBOX + name[5:]
    return name


def encode_name(name: str, *, utf8: bool) -> bytes:
    """The bytes of a folder name, not yet quoted."""
    return name.encode("utf-8", "replace") if utf8 else encode_utf7(name)
