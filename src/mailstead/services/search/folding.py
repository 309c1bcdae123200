"""How text is compared: i;unicode-casemap (RFC 5051, as I18NLEVEL=1 of RFC 5255 wants it), and loosely for FUZZY."""

import re
import unicodedata
from typing import Final


def _title(char: str) -> str:
    """RFC 5051 §2: the titlecase property of UnicodeData.txt, which is one character or none."""
    title = char.title()
    return title if len(title) == 1 else char


_CASED_END: Final = 0x20000  # what lies behind are signs for words
_ODD: Final = {char: _title(char) for char in map(chr, range(0x80, _CASED_END)) if char.upper() != _title(char)}
"""Where `str.upper` says something else: a hundred or so, such as ß."""
_FIND_ODD: Final = re.compile(f"([{''.join(_ODD)}])")


def fold_text(text: str) -> str:
    """The form in which texts are equal, ordered and looked for in each other: titlecase, then NFKD."""
    if text.isascii():
        return text.upper()
    pieces = _FIND_ODD.split(text)
    if len(pieces) == 1:
        return unicodedata.normalize("NFKD", text.upper())
    folded = [_ODD[piece] if index % 2 else piece.upper() for index, piece in enumerate(pieces)]
    return unicodedata.normalize("NFKD", "".join(folded))


_WORD: Final = re.compile(r"\w+")


def loose_words(text: str) -> str:
    """The words without case and diacritics, each between spaces."""
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = "".join([char for char in plain if not unicodedata.combining(char)])
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def score_loosely(needle: str, text: str) -> int:
    """RFC 6203 §4, of two `loose_words`: 100 for the phrase, less for words apart or parts of words, 0 for none."""
    if needle in text:
        return 100
    words = needle.split()
    if all(f" {word} " in text for word in words):
        return 70
    if all(f" {word}" in text for word in words):
        return 40
    return 10 if all(word in text for word in words) else 0
