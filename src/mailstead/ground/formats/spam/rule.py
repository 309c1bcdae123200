"""A rule: what it is called, what it weighs, how a person is told of it, and when it holds."""

from collections.abc import Callable
from dataclasses import dataclass

from mailstead.ground.formats.spam.anatomy import Anatomy

Test = Callable[[Anatomy], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """Weights are SpamAssassin's coin: 5 is spam. No rule alone says so of a letter of people."""

    name: str
    weight: float
    words: str
    holds: Test
