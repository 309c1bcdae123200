"""UIDBATCHES cuts any folder into batches without gaps, none too large and only the last one small (RFC 10022 §3.1)."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.model.uidset import UidSet
from mailstead.servers.imap.commands.uidbatches import list_ranges

UIDS = st.sets(st.integers(1, 400)).map(UidSet.of)


@given(UIDS, st.integers(1, 60))
def test_batches_tile_the_folder(told: UidSet, size: int) -> None:
    ranges = list(list_ranges(told, size, 1, len(told) // size + 1))
    counts = [len(told & UidSet(((low, high),))) for high, low in ranges]
    assert sum(counts) == len(told)
    assert all(count == size for count in counts[:-1])
    assert all(0 < count <= size for count in counts)
    if ranges:
        assert (ranges[0][0], ranges[-1][1]) == (told.last, 1)
    assert all(low - 1 == high for (_, low), (high, _) in pairwise(ranges))


@given(UIDS, st.integers(1, 60), st.integers(1, 20), st.integers(0, 20))
def test_some_of_them_are_the_same_ones(told: UidSet, size: int, first: int, more: int) -> None:
    ranges = list(list_ranges(told, size, 1, len(told) // size + 1))
    assert list(list_ranges(told, size, first, first + more)) == ranges[first - 1 : first + more]
