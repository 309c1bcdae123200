"""Names of folders: Unicode in NFC, levels joined by `/`, INBOX in any case (RFC 9051 §5.1)."""

import unicodedata
from typing import Final

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.folder import INBOX, SEPARATOR

LEVEL_OCTETS_MAX: Final = 255
DEPTH_MAX: Final = 32

# Control and format characters and lone surrogates: what a reader cannot see must not tell two folders apart.
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def normalize_name(text: str) -> str:
    """The stored form of a name that a client gave; Invalid says what is wrong with it."""
    name = unicodedata.normalize("NFC", text)
    levels = name.split(SEPARATOR)
    if levels[0].upper() == INBOX:  # RFC 9051 §5.1: INBOX in any case is one name, and so are the names below it
        levels[0] = INBOX
    if len(levels) > DEPTH_MAX:
        raise Invalid(f"a folder lies at most {DEPTH_MAX} levels deep")
    for level in levels:
        _check_level(level)
    return SEPARATOR.join(levels)


def _check_level(level: str) -> None:
    if not level:
        raise Invalid("a level of a folder's name is empty")
    if any(unicodedata.category(char) in _REFUSED_CATEGORIES for char in level):
        raise Invalid("a folder's name has a control character")
    if len(level.encode()) > LEVEL_OCTETS_MAX:
        raise Invalid(f"a level of a folder's name is longer than {LEVEL_OCTETS_MAX} octets")


def list_parents(name: str) -> list[str]:
    """The names above this one, the topmost first."""
    levels = name.split(SEPARATOR)
    return [SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels))]


def is_below(name: str, ancestor: str) -> bool:
    """True for `a/b` below `a`, not for `a` itself."""
    return name.startswith(ancestor + SEPARATOR)
