"""The text of parts: decoded for search, and the preview of RFC 8970."""

import re
from typing import Final

from mailstead.ground.formats.charset import decode_charset
from mailstead.ground.formats.encoding import decode_body
from mailstead.ground.formats.html import html_to_text
from mailstead.ground.formats.parameter import find_parameter
from mailstead.ground.formats.parts import Span
from mailstead.ground.formats.sample import Sample, Sampler

PREVIEW_MAX: Final = 200  # RFC 8970 §3.1: characters
SEARCH_MAX: Final = 1 << 20
"""Characters of one part that search looks at."""

# Controls, soft hyphens, directions and the joiners that newsletters pad their first line with.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffd]+|\u200c(?=\\s|\u200c)"
)

_CUT: Final = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{0,2}\Z")


def read_text(body: bytes, span: Span, limit: int = SEARCH_MAX) -> str:
    """Searchable text of a text part from its encoded body (or the beginning of it); '' for other types."""
    if span.type != "text":
        return ""
    return strip_markup(decode_text(body, span), span, limit)


def decode_text(body: bytes, span: Span) -> str:
    """The characters of an encoded body, markup and all."""
    return decode_charset(decode_body(body, span.encoding.encode("latin-1")), span.charset.encode("latin-1"))


def strip_markup(text: str, span: Span, limit: int = SEARCH_MAX) -> str:
    """What a reader of such a part sees of its characters."""
    return html_to_text(text, limit) if span.subtype == "html" else text[:limit]


def render_preview(samples: Sampler) -> str:
    """At most 200 characters, white space collapsed; quoted lines only where there is nothing else."""
    if samples.plain is not None and (preview := _preview_plain(_decode(samples.plain))):
        return preview
    if samples.html is not None:
        return _squeeze(html_to_text(_decode(samples.html), 2 * PREVIEW_MAX))
    return ""


def _decode(sample: Sample) -> str:
    content = sample.content
    body = decode_body(sample.data, content.encoding)
    if not body[-3:].isascii():
        body = _CUT.sub(b"", body)  # half a character would make all of it look like another charset
    return decode_charset(body, find_parameter(content.params, b"charset"))


def _preview_plain(text: str) -> str:
    if text.startswith(">") or "\n>" in text:
        own = "\n".join([line for line in text.split("\n") if not line.startswith(">")])
        return _squeeze(own) or _squeeze(text)
    return _squeeze(text)


def _squeeze(text: str) -> str:
    words = _join_words(text[: 2 * PREVIEW_MAX])
    if len(words) < PREVIEW_MAX and len(text) > 2 * PREVIEW_MAX:
        words = _join_words(text)
    return words[:PREVIEW_MAX].rstrip()


def _join_words(text: str) -> str:
    words = " ".join(text.split())
    if words.isascii() and words.isprintable():
        return words
    return " ".join(_INVISIBLE.sub("", words).split())
