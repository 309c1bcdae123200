"""A letter taken through the three passes, in whatever pieces."""

from collections.abc import Sequence
from itertools import pairwise

from mailstead.ground.formats.recode import Recoder, Survey
from mailstead.ground.formats.structure import Scanner


def recode(letter: bytes, *, eight_bit: bool = False, cuts: Sequence[int] = ()) -> bytes:
    """What a peer may have; `Unfit`."""
    edges = [0, *sorted(cuts), len(letter)]
    pieces = [letter[start:end] for start, end in pairwise(edges)]
    scanner = Scanner()
    for piece in pieces:
        scanner.feed(piece)
    survey = Survey(scanner.finish(), eight_bit=eight_bit)
    for piece in pieces:
        survey.feed(piece)
    recoder = Recoder(survey.finish())
    return b"".join([*map(recoder.feed, pieces), recoder.finish()])
