"""The base subject of RFC 5256 §2.1: what SORT and THREAD compare."""

import re
from typing import Final

from mailstead.ground.formats.headers import decode_field

SUBJECT_MAX: Final = 4096
"""Octets looked at."""

# subj-blob = "[" *BLOBCHAR "]" *WSP; subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
_BLOBS: Final = re.compile(r"\s*+(?:\[[^\[\]]*+\]\s*+)*+")
_REFWD: Final = re.compile(r"(?:re|fwd?)\s*+(?:\[[^\[\]]*+\]\s*+)?+:", re.IGNORECASE)
_PLAIN: Final = re.compile(rb"[^\s\[RrFf=\x80-\xff](?:[!-<>-~]++| (?=[!-~]))*+(?<![\])])\Z")


def base_subject(value: bytes) -> str:
    """Of an unfolded Subject field; '' if nothing is left."""
    value = value[:SUBJECT_MAX]
    if _PLAIN.match(value):
        return value.decode("ascii")
    text = " ".join(decode_field(value).split())
    while True:
        text = _strip_leaders(_strip_trailers(text))
        if not (text[:5].lower() == "[fwd:" and text.endswith("]")):
            return text
        text = text[5:-1]


def _strip_trailers(text: str) -> str:
    """Step 2: subj-trailer = "(fwd)" / WSP, any number of them."""
    while True:
        text = text.rstrip()
        if text[-5:].lower() != "(fwd)":
            return text
        text = text[:-5]


def _strip_leaders(text: str) -> str:
    """Steps 3 to 5. Blobs go only before a "re" or where something is left behind them."""
    position = 0
    while True:
        blobs = _BLOBS.match(text, position)
        assert blobs is not None  # it may be empty
        refwd = _REFWD.match(text, blobs.end())
        if refwd is not None:
            position = refwd.end()
            continue
        if blobs.end() < len(text):
            return text[blobs.end() :]
        last = text.rfind("[", position)
        return text[last if last >= 0 else blobs.end() :]
