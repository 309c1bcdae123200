"""Content-* fields of one entity (RFC 2045, 2046 §5, 2183, 2231, 3282), defaults filled in, sizes bounded."""

import re
from itertools import islice
from typing import Final

import msgspec

from mailstead.ground.formats.headers import unfold
from mailstead.ground.formats.part import Params

PARAMS_MAX: Final = 100
FIELD_MAX: Final = 64 << 10
"""Octets looked at of one field."""
VALUE_MAX: Final = 8192
"""Octets kept of one parameter, description, id or location."""
TOKEN_MAX: Final = 127  # RFC 6838 §4.2, for each of type and subtype

# RFC 2045 §5.1: token is any CHAR but space, CTLs and tspecials. 8-bit is let pass by nobody.
_TOKEN: Final = rb"[!#-'*+\-.0-9A-Z^-~]"
_MEDIA: Final = re.compile(rb"\s*+(" + _TOKEN + rb"{1,127}+)\s*+/\s*+(" + _TOKEN + rb"{1,127}+)\s*+(?:;|\Z|(?=\s))")
_WORD: Final = re.compile(rb"\s*+(" + _TOKEN + rb"{1,127}+)")
# A value without quotes goes on to the next ";": names of files with spaces are often left unquoted.
# At most one opening quote can lack its end, so a failed look for it costs one pass in all.
_PARAM: Final = re.compile(rb';\s*+([^\s=;"]{1,200}+)\s*+=\s*+(?:"((?:[^"\\]++|\\.)*+)"|([^;]*+))', re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)
_PAREN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|\\.|[()]', re.DOTALL)

ASCII_TEXT: Final[Params] = ((b"charset", b"us-ascii"),)


class Content(msgspec.Struct, gc=False):
    """What the header of one entity says of its body."""

    type: bytes
    subtype: bytes
    params: Params
    encoding: bytes = b"7BIT"
    id: bytes | None = None
    description: bytes | None = None
    md5: bytes | None = None
    disposition: tuple[bytes, Params] | None = None
    language: tuple[bytes, ...] = ()
    location: bytes | None = None

    def weight(self) -> int:
        """Octets of what strangers chose, for a budget."""
        texts = (self.id, self.description, self.md5, self.location, *self.language)
        pairs = self.params + (self.disposition[1] if self.disposition else ())
        return sum(len(text) for text in texts if text) + sum(len(name) + len(value) for name, value in pairs)


def read_content(found: dict[bytes, bytes], *, digest: bool = False) -> Content:
    """From raw values by lower-case name of field. `digest`: the default is message/rfc822 (RFC 2046 §5.1.5)."""
    get = found.get
    content = _read_type(get(b"content-type"), digest=digest)
    if (value := get(b"content-transfer-encoding")) is not None:
        word = _WORD.match(b"".join(_read_value(value).split()))  # "8 bit" is seen
        content.encoding = word[1] if word else b"7BIT"
    if (value := get(b"content-disposition")) is not None:
        content.disposition = _read_disposition(value)
    if (value := get(b"content-id")) is not None:
        content.id = unfold(value[:FIELD_MAX])[:VALUE_MAX]
    if (value := get(b"content-description")) is not None:
        content.description = unfold(value[:FIELD_MAX])[:VALUE_MAX]
    _read_rare(content, found)
    return content


def _read_rare(content: Content, found: dict[bytes, bytes]) -> None:
    if (value := found.get(b"content-md5")) is not None:
        content.md5 = unfold(value[:FIELD_MAX])[:VALUE_MAX]
    if (value := found.get(b"content-location")) is not None:
        content.location = b"".join(unfold(value[:FIELD_MAX])[:VALUE_MAX].split())  # RFC 2557 §4.4.2: folded anywhere
    if (value := found.get(b"content-language")) is not None:
        tags = _strip_comments(unfold(value[:FIELD_MAX])[:VALUE_MAX]).split(b",", PARAMS_MAX)[:PARAMS_MAX]
        content.language = tuple(tag.strip() for tag in tags if tag.strip())


def _read_type(value: bytes | None, *, digest: bool) -> Content:
    """RFC 2045 §5.2: text/plain in US-ASCII where there is none or one that cannot be read."""
    if value is None:
        return Content(b"message", b"rfc822", ()) if digest else Content(b"text", b"plain", ASCII_TEXT)
    value = _read_value(value)
    media = _MEDIA.match(value)
    if media is None:
        return Content(b"text", b"plain", ASCII_TEXT)
    return Content(media[1], media[2], _read_params(value, media.end() - 1))


def _read_disposition(value: bytes) -> tuple[bytes, Params] | None:
    value = _read_value(value)
    word = _WORD.match(value)
    return (word[1], _read_params(value, word.end())) if word else None


def _read_params(value: bytes, start: int) -> Params:
    if b"=" not in value:
        return ()
    out: list[tuple[bytes, bytes]] = []
    for name, quoted, plain in islice((match.groups() for match in _PARAM.finditer(value, start)), PARAMS_MAX):
        text = quoted if quoted is not None else plain.strip().removeprefix(b'"')
        if b"\\" in text:
            text = _ESCAPED.sub(rb"\1", text)
        out.append((name, text[:VALUE_MAX]))
    return tuple(out)


def _read_value(value: bytes) -> bytes:
    return _strip_comments(unfold(value[:FIELD_MAX]))


def _strip_comments(value: bytes) -> bytes:
    """RFC 5322 §3.2.2, nested to any depth. A parenthesis in a word (`name=a(1).pdf`) or without its end is text."""
    if b"(" not in value:
        return value
    out: list[bytes] = []
    depth = begin = kept = 0
    for match in _PAREN.finditer(value):
        at = match.start()
        if match[0] == b"(":
            if depth == 0:
                if at and value[at - 1] not in b" \t;":
                    continue
                begin = at
            depth += 1
        elif match[0] == b")" and depth:
            depth -= 1
            if depth == 0:
                out.append(value[kept:begin])
                kept = match.end()
    out.append(value[kept:])
    return b" ".join(out) if kept else value
