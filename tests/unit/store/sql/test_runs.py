"""Runs of sorted numbers, against the set that joins singles."""

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.model.uidset import UidSet
from mailstead.store.sql.runs import runs_of


@given(st.sets(st.integers(1, 60)) | st.sets(st.integers(1, 10**6)))
def test_runs_are_those_of_a_uid_set(numbers: set[int]) -> None:
    assert runs_of(sorted(numbers)) == UidSet.of(numbers).runs


@given(st.lists(st.tuples(st.integers(2, 50), st.integers(1, 5000)), max_size=6))
def test_long_runs(steps: list[tuple[int, int]]) -> None:
    runs, at = [], 0
    for gap, length in steps:
        runs.append((at + gap, at + gap + length - 1))
        at += gap + length - 1
    numbers = [number for first, last in runs for number in range(first, last + 1)]
    assert runs_of(numbers) == tuple(runs)
