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
    return reduce_subject(value)[0]


def reduce_subject(value: bytes) -> tuple[str, bool]:
    """The base subject, and whether it is that of a reply or forward (RFC 5256 §3, REFERENCES)."""
    value = value[:SUBJECT_MAX]
    if _PLAIN.match(value):
        return value.decode("ascii"), False
    text, is_reply = " ".join(decode_field(value).split()), False
    while True:
        text, had_trailer = _strip_trailers(text)
        text, had_leader = _strip_leaders(text)
        is_reply |= had_trailer or had_leader
        if not (text[:5].lower() == "[fwd:" and text.endswith("]")):
            return text, is_reply
        text, is_reply = text[5:-1], True


def _strip_trailers(text: str) -> tuple[str, bool]:
    """Step 2: subj-trailer = "(fwd)" / WSP, any number of them; True if there was a "(fwd)"."""
    had = False
    while True:
        text = text.rstrip()
        if text[-5:].lower() != "(fwd)":
            return text, had
        text, had = text[:-5], True


def _strip_leaders(text: str) -> tuple[str, bool]:
    """Steps 3 to 5, and True if there was a "re". Blobs go only before one or where something is left behind them."""
    position = 0
    while True:
        blobs = _BLOBS.match(text, position)
        assert blobs is not None  # it may be empty
        refwd = _REFWD.match(text, blobs.end())
        if refwd is not None:
            position = refwd.end()
            continue
        if blobs.end() < len(text):
            return text[blobs.end() :], position > 0
        last = text.rfind("[", position)
        return text[last if last >= 0 else blobs.end() :], position > 0
