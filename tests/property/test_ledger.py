"""The shared table against a list of all that was counted; and many processes that count one name."""

import os
import subprocess
import sys
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.model.sliding import KEPT, PARTS, slide
from mailstead.net.clock import SystemClock
from mailstead.net.ledger import Answer, Ledger, make_ledger
from tests.support.fake_clock import FakeClock

SPAN = 120_000
WORKERS, EACH, LIMIT = 4, 3000, 7000
COUNTING = """
import sys
from mailstead.net.clock import SystemClock
from mailstead.net.ledger import Answer, Ledger

ledger = Ledger(int(sys.argv[1]), SystemClock())

def take():
    while (answer := ledger.take("one name", 86400000, int(sys.argv[2])).answer) is Answer.UNKNOWN:
        pass  # on a machine that gives its turns to others for so long
    return answer

answers = [take() for _ in range(int(sys.argv[3]))]
print(answers.count(Answer.TAKEN), answers.count(Answer.FULL))
"""
doings = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(("a", "b")), st.sampled_from(("take", "give back", "wait"))),
    max_size=60,
)


@given(doings, st.integers(1, 6), st.lists(st.integers(0, 70), min_size=60, max_size=60))
def test_no_span_ever_holds_more_than_the_limit(
    steps: list[tuple[int, str, str]], limit: int, waits: list[int]
) -> None:
    fd, clock = make_ledger(), FakeClock()
    workers = [Ledger(fd, clock) for _ in range(3)]
    taken: defaultdict[str, list[int]] = defaultdict(list)
    for (worker, name, what), wait in zip(steps, waits, strict=False):
        now = clock.now()
        within = [at for at in taken[name] if at > now - SPAN]
        of_all_parts = [at for at in taken[name] if at >= now - now % (SPAN // PARTS) - SPAN]
        if what == "take":
            answer = workers[worker].take(name, SPAN, limit).answer
            if answer is Answer.TAKEN:
                taken[name].append(now)
                assert len(within) < limit
            else:
                assert len(of_all_parts) >= limit, "refused without need"
        elif what == "give back" and of_all_parts:
            workers[worker].give_back(name, SPAN)
            taken[name].pop()
        else:
            clock.advance(wait)
        assert {ledger.count(name, SPAN) for ledger in workers} == {
            len([at for at in taken[name] if at >= clock.now() - clock.now() % (SPAN // PARTS) - SPAN])
        }
    for ledger in workers:
        ledger.close()
    os.close(fd)


@given(st.integers(0, 10**13), st.lists(st.integers(0, 99), min_size=KEPT, max_size=KEPT), st.integers(0, 10**8))
def test_sliding_drops_the_oldest_alone(begin: int, counts: list[int], later: int) -> None:
    length = SPAN // PARTS
    head = begin - begin % length
    moved, now_there = slide(head, counts, head + later, SPAN)  # type: ignore[arg-type]
    gone = min(later // length, KEPT)
    assert moved == head + later // length * length
    assert now_there == [0] * gone + counts[: KEPT - gone]


def test_processes_that_hammer_one_name_get_exactly_the_limit() -> None:
    fd = make_ledger()
    words = [sys.executable, "-c", COUNTING, str(fd), str(LIMIT), str(EACH)]
    workers = [subprocess.Popen(words, pass_fds=[fd], stdout=subprocess.PIPE, text=True) for _ in range(WORKERS)]
    answers = [tuple(map(int, worker.communicate(timeout=60)[0].split())) for worker in workers]
    assert sum(taken for taken, _ in answers) == LIMIT
    assert sum(full for _, full in answers) == WORKERS * EACH - LIMIT
    assert Ledger(fd, SystemClock()).count("one name", 86_400_000) == LIMIT
    os.close(fd)
