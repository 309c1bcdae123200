"""Parameters of Content-* fields as their users want them: continuations joined, percent encoding undone (RFC 2231)."""

import re
from typing import Final

from mailstead.ground.formats.charset import decode_charset
from mailstead.ground.formats.headers import decode_field
from mailstead.ground.formats.part import Params

_ESCAPES: Final = re.compile(rb"%([0-9A-Fa-f]{2})")


def find_parameter(params: Params, name: bytes) -> bytes | None:
    """The value of a lower-case name, as bytes."""
    for attribute, value in params:
        if attribute.lower() == name:
            return value
    return _join(params, name)[0]


def decode_parameter(params: Params, name: bytes) -> str | None:
    """The value as text, as for `filename`; the RFC 2231 form goes before a plain one, which may hold encoded words."""
    value, charset = _join(params, name)
    if value is not None:
        return decode_charset(value, charset)
    plain = find_parameter(params, name)
    return None if plain is None else decode_field(plain)


def _join(params: Params, name: bytes) -> tuple[bytes | None, bytes]:
    """Value and charset of `name*`, or of `name*0`, `name*1`...; each with a `*` behind it if percent encoded."""
    pieces: dict[bytes, tuple[bytes, bool]] = {}
    for attribute, value in params:
        lower = attribute.lower()
        if lower.startswith(name + b"*"):
            section = lower[len(name) + 1 :]
            encoded = section.endswith(b"*") or not section
            pieces.setdefault(section.removesuffix(b"*") or b"0", (value, encoded))
    first = pieces.get(b"0")
    if first is None:
        return None, b""
    charset, rest = b"", first[0]
    if first[1] and rest.count(b"'") >= 2:  # RFC 2231 §4: charset ' language ' text
        charset, _, rest = rest.split(b"'", 2)
    out = [_unescape(rest) if first[1] else rest]
    while (piece := pieces.get(b"%d" % len(out))) is not None:
        out.append(_unescape(piece[0]) if piece[1] else piece[0])
    return b"".join(out), charset


def _unescape(text: bytes) -> bytes:
    return _ESCAPES.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), text)
