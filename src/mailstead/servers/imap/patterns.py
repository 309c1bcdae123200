"""Patterns of LIST: `*` matches anything, `%` anything but the separator (RFC 9051 §6.3.9). Linear in the name."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from mailstead.ground.model.folder import INBOX, SEPARATOR

_WILDCARDS: Final = re.compile(r"[*%]+")
_PLAIN_MAX: Final = 1
"""Wildcards up to which a regular expression is linear enough."""

Matches = Callable[[str], bool]


@lru_cache(maxsize=256)
def compile_pattern(reference: str, pattern: str) -> Matches:
    """RFC 9051 §6.3.9: reference and pattern joined as they stand. INBOX matches in any case."""
    joined = _WILDCARDS.sub(lambda run: "*" if "*" in run[0] else "%", reference + pattern)
    first, separator, rest = joined.partition(SEPARATOR)
    if first.upper() == INBOX:
        joined = INBOX + separator + rest
    if joined == "*":
        return lambda _name: True
    if sum(joined.count(wildcard) for wildcard in "*%") <= _PLAIN_MAX:
        return _compile_regex(joined)
    return _compile_states(joined)


def _compile_regex(pattern: str) -> Matches:
    parts = (".*" if char == "*" else f"[^{SEPARATOR}]*" if char == "%" else re.escape(char) for char in pattern)
    match = re.compile("".join(parts) + r"\Z", re.DOTALL).match
    return lambda name: match(name) is not None


def _compile_states(pattern: str) -> Matches:
    """All places in the pattern at once, as bits of a number: no backtracking."""
    literals: dict[str, int] = {}
    anything = level = 0
    for index, char in enumerate(pattern):
        if char == "*":
            anything |= 1 << index
        elif char == "%":
            level |= 1 << index
        else:
            literals[char] = literals.get(char, 0) | 1 << index
    wild, end = anything | level, 1 << len(pattern)

    def matches(name: str) -> bool:
        places = 1 | (1 & wild) << 1  # a wildcard may match nothing; two never stand side by side
        for char in name:
            stay = places & (anything if char == SEPARATOR else wild)
            places = (places & literals.get(char, 0)) << 1 | stay
            places |= (places & wild) << 1
            if not places:
                return False
        return bool(places & end)

    return matches
