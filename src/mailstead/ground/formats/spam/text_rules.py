"""Rules about how a text is written, whatever it says."""

import re
from typing import Final

from mailstead.ground.formats.spam.anatomy import Anatomy
from mailstead.ground.formats.spam.rule import Rule

GTUBE: Final = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

# Each begins with few characters, so that most of a text is skipped at the speed of a search for one.
SHOUT: Final = 4
"""Capitals in a row."""
_SHOUTED: Final = re.compile(r"[A-Z]{4,40}+")
_CAPITALS: Final = bytes(range(ord("A"), ord("Z") + 1))
_AMOUNT: Final = re.compile(r"[$€£] ?[0-9]")
_GAPPED: Final = re.compile(r"[ \n][A-Za-z](?:[ .*_-][A-Za-z]){4}[ .*_-]")


def _shouts(letter: Anatomy) -> bool:
    """Most letters have too few capitals for it, which is quickly seen."""
    words, text = len(letter.words), letter.text
    if words <= 30 or _count_capitals(text) * 7 <= words * SHOUT:
        return False
    return len(_SHOUTED.findall(text)) * 7 > words


def _count_capitals(text: str) -> int:
    octets = text.encode("latin-1", "replace")
    return len(octets) - len(octets.translate(None, _CAPITALS))


def _exclaims(letter: Anatomy) -> bool:
    count = letter.text.count("!")
    return count > 4 and count * 40 > len(letter.words)


def _counts_money(letter: Anatomy) -> bool:
    text = letter.text
    return any(sign in text for sign in "$€£") and len(_AMOUNT.findall(text)) > 4


def _is_empty(letter: Anatomy) -> bool:
    return len(letter.words) < 3 and not letter.enclosures


def _is_one_link(letter: Anatomy) -> bool:
    return len(letter.words) < 25 and bool(letter.links)


def _gives_things_away(letter: Anatomy) -> bool:
    return letter.words.count("free") > 3


TEXT_RULES: Final = (
    Rule("GTUBE", 1000.0, "it is the test letter for spam filters", lambda letter: GTUBE in letter.text),
    Rule("SHOUTING", 1.3, "it is written in capitals", _shouts),
    Rule("EXCLAIMING", 1.1, "it exclaims again and again", _exclaims),
    Rule("SHOUTING_MARKS", 0.8, "it has rows of exclamation or dollar marks",
         lambda letter: "!!!" in letter.text or "$$$" in letter.text),
    Rule("AMOUNTS", 0.6, "it is full of amounts of money", _counts_money),
    Rule("EMPTY", 0.2, "it says nothing", _is_empty),
    Rule("ONE_LINK", 0.5, "it is little more than a link", _is_one_link),
    Rule("GIVES_AWAY", 0.6, "it gives things away", _gives_things_away),
    Rule("SPREAD_TEXT", 1.0, "its words are s p r e a d out", lambda letter: len(_GAPPED.findall(letter.text)) > 1),
)  # fmt: skip
