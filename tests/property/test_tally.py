"""Sketches against exact counts: never too low, exact while few keys are about, whoever counts."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mailstead.net.tally import Board, make_board

WORKERS = 3
keys = st.integers(0, 40).map(lambda number: f"192.0.2.{number}")
steps = st.lists(st.tuples(st.integers(0, WORKERS - 1), keys, st.booleans()), max_size=120)


@given(steps)
def test_live_counts_are_exact_among_few(doings: list[tuple[int, str, bool]]) -> None:
    fd = make_board(WORKERS)
    tallies = [Board(fd, WORKERS, worker).sessions() for worker in range(WORKERS)]
    exact: Counter[tuple[int, str]] = Counter()
    for worker, key, comes in doings:
        if comes:
            exact[worker, key] += 1
            tallies[worker].enter(key)
        elif exact[worker, key]:
            exact[worker, key] -= 1
            tallies[worker].leave(key)
    for key in {key for _, key in exact}:
        # 41 keys in 16384 cells of each of four rows: a collision in all four would be a wonder
        assert {tally.estimate(key) for tally in tallies} == {sum(exact[worker, key] for worker in range(WORKERS))}
