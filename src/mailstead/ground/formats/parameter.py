"""Parameters of Content-* fields as their users want them: continuations joined, percent encoding undone (RFC 2231)."""

import re
from itertools import count
from typing import Final
from urllib.parse import quote_from_bytes

from mailstead.ground.formats.charset import decode_charset
from mailstead.ground.formats.headers import decode_field
from mailstead.ground.formats.part import Params

_ESCAPES: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_SECTION: Final = re.compile(rb"(.+)\*(0|[1-9][0-9]{0,3})(\*?)", re.DOTALL)


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


def join_continuations(params: Params) -> Params:
    """RFC 9051 §7.5.2, body parameter: `name*0`, `name*1`... as one `name`, or as one `name*` in UTF-8 if encoded."""
    if not any(b"*0" in attribute for attribute, _ in params):
        return params
    found: dict[bytes, dict[int, tuple[bytes, bool]]] = {}
    sections = [_SECTION.fullmatch(attribute) for attribute, _ in params]
    for section, (_, value) in zip(sections, params, strict=True):
        if section is not None:
            pieces = found.setdefault(section[1].lower(), {})
            pieces.setdefault(int(section[2]), (value, bool(section[3])))
    runs = {name: next(number for number in count() if number not in pieces) for name, pieces in found.items()}
    out: list[tuple[bytes, bytes]] = []
    for section, pair in zip(sections, params, strict=True):
        name = section[1].lower() if section is not None else b""
        if section is None or int(section[2]) >= runs[name]:
            out.append(pair)  # whole in itself, or a piece behind one that is missing
        elif name in found:
            pieces = found.pop(name)
            out.append(_joined(section[1], [pieces[number] for number in range(runs[name])]))
    return tuple(out)


def _joined(name: bytes, pieces: list[tuple[bytes, bool]]) -> tuple[bytes, bytes]:
    """One parameter of several pieces, each percent encoded or plain."""
    if not any(encoded for _, encoded in pieces):
        return name, b"".join(value for value, _ in pieces)
    charset = language = b""
    (first, encoded), *others = pieces
    if encoded and first.count(b"'") >= 2:  # RFC 2231 §4: charset ' language ' text
        charset, language, first = first.split(b"'", 2)
    data = b"".join(_unescape(value) if is_encoded else value for value, is_encoded in [(first, encoded), *others])
    text = decode_charset(data, charset).encode("utf-8", "replace")
    return name + b"*", b"utf-8'%b'%b" % (language, quote_from_bytes(text, safe="").encode("ascii"))


def _unescape(text: bytes) -> bytes:
    return _ESCAPES.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), text)
