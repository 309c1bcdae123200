"""HTML to plain text for search and preview: one walk over the tags, nothing is built, hostile input stays linear."""

import html
import re
from collections.abc import Iterator
from typing import Final

_NAME: Final = re.compile(r"/?([A-Za-z][A-Za-z0-9]{0,15}+)")
_BLOCKS: Final = frozenset(
    """
    address article aside blockquote body br center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6
    head header hr html li main nav ol option p pre section table tbody td tfoot th thead tr ul
    """.split()  # noqa: SIM905 - a table for people
)
_RAW: Final = {
    name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE) for name in ("script", "style", "title", "template", "noembed")
}
# More digits than any character has would cost int() quadratic time, or its refusal.
_HUGE: Final = re.compile(r"&#(?:[0-9]{8,}+|[xX][0-9a-fA-F]{8,}+);?")


def html_to_text(source: str, limit: int) -> str:
    """The text a reader would see, blocks on lines of their own; about `limit` characters of it."""
    out: list[str] = []
    size = 0
    for piece in _pieces(source):
        out.append(piece)
        size += len(piece) if not piece.isspace() else 0
        if size >= limit:
            break
    return "".join(out)


def _pieces(source: str) -> Iterator[str]:
    position, size = 0, len(source)
    while position < size:
        begin = source.find("<", position)
        if begin < 0:
            yield unescape(source[position:])
            return
        if begin > position:
            yield unescape(source[position:begin])
        match = _NAME.match(source, begin + 1)
        if match is None and source[begin + 1 : begin + 2] not in ("!", "?", "/"):
            yield "<"  # HTML Standard §13.2.5.6: not a tag
            position = begin + 1
            continue
        position = _skip_tag(source, begin)
        name = match[1].lower() if match else ""
        if name in _BLOCKS:
            yield "\n"
        elif name in _RAW and source[begin + 1] != "/":
            end = _RAW[name].search(source, position)
            position = end.start() if end else size


def _skip_tag(source: str, begin: int) -> int:
    """Past its ">"; one inside a quoted value does not count. A tag without end takes the rest, as in browsers."""
    if source.startswith("<!--", begin):
        end = source.find("-->", begin + 2)
        return end + 3 if end >= 0 else len(source)
    end = source.find(">", begin)
    if end < 0:
        return len(source)
    if source.count('"', begin, end) % 2:
        quote = source.find('"', end)
        end = source.find(">", quote) if quote >= 0 else end
    return end + 1 if end >= 0 else len(source)


def unescape(text: str) -> str:
    """Character references as the characters they mean."""
    return html.unescape(_HUGE.sub("\ufffd", text)) if "&" in text else text
