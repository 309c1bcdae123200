"""Whatever comes: an answer, the same however it is cut, in linear time and bounded memory."""

import gc
import time
import tracemalloc

import pytest

from mailstead.ground.formats.fields import select_fields
from mailstead.ground.formats.part import Part
from mailstead.ground.formats.parts import unpack_parts
from mailstead.ground.formats.summary import HEADER_MAX, Summarizer, Summary, summarize
from tests.fuzz.formats.attacks import ATTACKS, Attack

CHUNK = 64 * 1024
SMALL, FACTOR = 64 * 1024, 16


def stream(data: bytes, chunk: int = CHUNK) -> Summary:
    summarizer = Summarizer()
    for start in range(0, len(data), chunk):
        summarizer.feed(data[start : start + chunk])
    return summarizer.close()


def cpu_seconds(data: bytes) -> float:
    """The quickest of three, in time of this process alone."""
    best = float("inf")
    gc.disable()
    try:
        for _ in range(3):
            start = time.process_time()
            summarize(data)
            best = min(best, time.process_time() - start)
    finally:
        gc.enable()
    return best


def depth(part: Part) -> int:
    return 1 + max((depth(child) for child in part.children), default=0)


def count(part: Part) -> int:
    return 1 + sum(count(child) for child in part.children)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_gets_a_bounded_answer(attack: Attack) -> None:
    data = attack(300_000)
    summary = summarize(data)
    assert summary == stream(data)
    assert summary == stream(data, 977)
    assert summary.size == len(data)
    assert depth(summary.root) <= 52
    assert count(summary.root) <= 5001
    assert len(summary.header) <= HEADER_MAX
    assert len(summary.preview) <= 200
    summary.preview.encode()
    summary.subject_base.encode()
    summary.message_id.encode()
    unpack_parts(summary.packed_parts)
    for exclude in (False, True):
        select_fields(summary.header, summary.packed_fields, frozenset({b"to", b"subject"}), exclude=exclude)


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_time_is_linear(attack: Attack) -> None:
    small = cpu_seconds(attack(SMALL))
    large = cpu_seconds(attack(SMALL * FACTOR))
    # a quadratic step would show as FACTOR squared; the floor keeps the clock's grain out of the ratio
    assert large <= max(small, 0.002) * FACTOR * 4


@pytest.mark.slow
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_memory_is_bounded(attack: Attack) -> None:
    data = attack(4 << 20)
    tracemalloc.start()
    try:
        stream(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 16 << 20
