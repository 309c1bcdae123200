"""Macros (RFC 7208 §7): names and explanations that depend on the one who sends."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

NAME_MAX: Final = 253
"""§7.3: longer names lose labels at their left."""
EXPANDED_MAX: Final = 4096
"""Octets of what one text may become: explanations repeat nothing without end."""

_PIECE: Final = re.compile(
    r"%\{(?P<letter>[slodiphvcrt])(?P<digits>[0-9]{0,6})(?P<reverse>r?)(?P<delimiters>[.\-+,/_=]*)\}"
    r"|%(?P<sign>[%_-])"
    r"|(?P<literal>[!-$&-~]+)",
    re.IGNORECASE,
)
_SIGNS: Final = {"%": "%", "_": " ", "-": "%20"}
_ONLY_EXPLAINED: Final = frozenset("crt")


class SyntaxFault(Exception):  # noqa: N818 - a fact about what a stranger wrote
    """It is not of the grammar; the text says where."""


@dataclass(frozen=True, slots=True)
class Macro:
    """One %{...}. `letter` is in lower case; `keep` of its right parts are kept, 0: all."""

    letter: str
    keep: int
    is_reversed: bool
    delimiters: str
    is_escaped: bool

    def expand(self, value: str) -> str:
        """§7.3: split, reversed, cut, joined by dots."""
        if self.keep or self.is_reversed or self.delimiters:
            parts = re.split(f"[{re.escape(self.delimiters or '.')}]", value)
            if self.is_reversed:
                parts.reverse()
            value = ".".join(parts[-self.keep :])
        return quote(value, safe="-._~") if self.is_escaped else value


Text = tuple[str | Macro, ...]


def read_text(text: str, *, is_explanation: bool = False) -> Text:
    """The pieces of a macro-string; SyntaxFault. Only explanations know c, r and t, and hold spaces."""
    pieces: list[str | Macro] = []
    at = 0
    while at < len(text):
        if is_explanation and text[at] == " ":
            pieces.append(" ")
            at += 1
            continue
        found = _PIECE.match(text, at)
        if found is None:
            raise SyntaxFault(f"no macro: {text[at : at + 20]!r}")
        pieces.append(_piece(found, is_explanation=is_explanation))
        at = found.end()
    return tuple(pieces)


def _piece(found: re.Match[str], *, is_explanation: bool) -> str | Macro:
    if found["literal"]:
        return found["literal"]
    if found["sign"]:
        return _SIGNS[found["sign"]]
    letter, digits = found["letter"], found["digits"]
    if digits and not int(digits):
        raise SyntaxFault("a macro keeps no part")
    if letter.lower() in _ONLY_EXPLAINED and not is_explanation:
        raise SyntaxFault(f"%{{{letter}}} is for explanations only")
    return Macro(letter.lower(), int(digits or 0), bool(found["reverse"]), found["delimiters"], letter.isupper())


def letters_of(text: Text) -> frozenset[str]:
    """Which values it needs."""
    return frozenset(piece.letter for piece in text if isinstance(piece, Macro))


def expand(text: Sequence[str | Macro], values: Mapping[str, str]) -> str:
    """The text with its macros replaced."""
    expanded: list[str] = []
    room = EXPANDED_MAX
    for piece in text:
        expanded.append((piece.expand(values[piece.letter]) if isinstance(piece, Macro) else piece)[:room])
        room -= len(expanded[-1])
    return "".join(expanded)


def trim_name(name: str) -> str:
    """§7.3: a name that is too long loses labels at its left."""
    name = name.removesuffix(".")
    while len(name) > NAME_MAX and "." in name:
        name = name.partition(".")[2]
    return name
