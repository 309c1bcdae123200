"""Bare or not, whatever the cuts."""

import re
from itertools import product

import pytest

from mailstead.ground.wire.smtp.line_ends import LineEnds

BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@pytest.mark.parametrize("size", range(6))
def test_every_short_text_in_every_cut(size: int) -> None:
    for letters in product(b"\r\nx", repeat=size):
        text = bytes(letters)
        for cut in range(size + 1):
            ends = LineEnds()
            ends.watch(text[:cut])
            ends.watch(text[cut:])
            ends.close()
            assert ends.are_bare is bool(BARE.search(text)), (text, cut)


def test_other_breaks_of_unicode_are_none_here() -> None:
    ends = LineEnds()
    ends.watch(b"\x0b\x0c\x1c\x1d\x1e\x85\xe2\x80\xa8")
    ends.close()
    assert not ends.are_bare
