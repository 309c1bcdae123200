"""Bytes and text as strings of RFC 9051 §4.3, valid for every client: quoted where plain and short, else a literal."""

import re
from typing import Final

QUOTED_MAX: Final = 1000
"""Longer ones go as literals, for clients with small line buffers (RFC 2683 §3.2.1.5)."""

NIL: Final = b"NIL"
_PLAIN: Final = re.compile(rb"[\t !#-\[\]-~]{0,%d}" % QUOTED_MAX).fullmatch
_QUOTABLE: Final = re.compile(rb"[\t -~]{0,%d}" % QUOTED_MAX).fullmatch
_ASTRING: Final = re.compile(rb'[^\x00-\x20(){%*"\\\x7f-\xff]+').fullmatch
_SPECIALS: Final = re.compile(rb'(["\\])')
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f]+")


def render_string(value: bytes) -> bytes:
    """8-bit goes as a literal: a quoted string may hold it only for those who enabled UTF-8 (RFC 6855 §3)."""
    if _PLAIN(value):
        return b'"%b"' % value
    if _QUOTABLE(value):
        return b'"%b"' % _SPECIALS.sub(rb"\\\1", value)
    value = value.replace(b"\0", b"?")
    return b"{%d}\r\n%b" % (len(value), value)


def render_nstring(value: bytes | None) -> bytes:
    """NIL for None."""
    if value is None:
        return NIL
    return b'"%b"' % value if _PLAIN(value) else render_string(value)


def render_astring(value: bytes) -> bytes:
    """Bare if it is an atom and not the word NIL."""
    return value if _ASTRING(value) and value.upper() != NIL else render_string(value)


def render_utf8(value: str, *, utf8: bool) -> bytes:
    """Text as a string; with `utf8` (rev2 or UTF8=ACCEPT enabled) 8-bit may be quoted."""
    raw = value.encode("utf-8", "replace")
    if utf8 and len(raw) <= QUOTED_MAX and not _BREAKS.search(value):
        return b'"%b"' % _SPECIALS.sub(rb"\\\1", raw)
    return render_string(raw)


def one_line(text: str) -> bytes:
    """Human text of a response: no CR, LF or other control, and nothing a client could take for a response code."""
    clean = _BREAKS.sub(" ", text).encode("ascii", "replace").strip()
    if not clean:
        return b"Done"
    return b"- " + clean if clean.startswith(b"[") else clean
