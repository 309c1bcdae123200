"""Sequence sets against what a folder holds."""

import pytest

from mailstead.ground.model.sequence import STAR, SequenceSet
from mailstead.ground.model.uidset import UidSet


@pytest.mark.parametrize(
    ("ranges", "largest", "expected"),
    [
        (((1, 3),), 10, "1:3"),
        (((3, 1), (2, 5)), 10, "1:5"),
        (((STAR, STAR),), 10, "10"),
        (((7, STAR),), 10, "7:10"),
        (((559, STAR),), 10, "10:559"),  # RFC 9051 §9: always holds the largest number
        (((STAR, 4),), 10, "4:10"),
        (((1, STAR),), 0, ""),
        (((1, STAR), (5, 6)), 0, "5:6"),
        (((1, 4294967295),), 3, "1:4294967295"),
    ],
)
def test_resolve(ranges: tuple[tuple[int, int], ...], largest: int, expected: str) -> None:
    assert SequenceSet(ranges).resolve(largest) == UidSet.parse(expected)


@pytest.mark.parametrize("text", ["1", "1:*", "*", "3:1,7,*:4"])
def test_text(text: str) -> None:
    pairs = [part.split(":") for part in text.split(",")]
    ranges = tuple((int(p[0].replace("*", "0")), int(p[-1].replace("*", "0"))) for p in pairs)
    assert str(SequenceSet(ranges)) == text
    assert SequenceSet(ranges).has_star == ("*" in text)


def test_saved_result_is_a_dollar() -> None:
    assert str(SequenceSet(is_saved=True)) == "$"
