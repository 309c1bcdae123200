"""Weights that learn from errors, and forget to the last bit."""

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.spam.anatomy import dissect
from mailstead.ground.formats.spam.lore import MARGIN, MIDDLE, PAGE, Lore, bound, find_step, read_page, write_page
from mailstead.ground.formats.spam.tokens import find_tokens

TOKENS = st.frozensets(st.integers(0, (1 << 32) - 1), min_size=1, max_size=50)


def test_what_was_not_taught_says_nothing() -> None:
    lore = Lore(10)
    assert lore.weigh(lore.places({1, 2, 3})) == 0


def test_a_step_goes_to_where_it_should_be() -> None:
    assert find_step(MIDDLE - 5, 100, is_spam=True, rate=12) > 0
    assert find_step(MIDDLE + 5, 100, is_spam=True, rate=12) == 0
    assert find_step(MIDDLE + 5, 100, is_spam=False, rate=12) < 0
    assert find_step(MIDDLE - MARGIN - 5, 100, is_spam=False, rate=12) == 0
    assert find_step(1e9, 1, is_spam=False, rate=12) < 0


@given(TOKENS, st.integers(-(1 << 20), 1 << 20))
def test_what_is_added_can_be_taken_back(tokens: frozenset[int], step: int) -> None:
    lore = Lore(10, version=1)
    lore.add(lore.places(tokens), step)
    lore.add(lore.places(tokens), -step)
    assert not any(lore.cells)


def test_pages_are_kept() -> None:
    lore, cells = Lore(12), [number * 7919 - (1 << 22) for number in range(PAGE)]
    stored = b"".join(cell.to_bytes(4, "little", signed=True) for cell in cells)
    assert write_page(read_page(stored)) == stored
    lore.turn_page(3, stored)
    assert list(lore.cells[3 * PAGE :]) == cells


def test_cells_have_bounds() -> None:
    lore = Lore(10, version=1)
    for _ in range(5):
        lore.add([1], 1 << 29)
    assert lore.weigh([1]) > 0
    assert bound(1e9) == -bound(-1e9) == 10


def test_tokens_know_no_time() -> None:
    letter = b"From: a@b.test\r\nDate: %s\r\nReceived: from x (y [192.0.2.1]) by z; %s\r\n\r\nhello there\r\n"
    first, second = b"Fri, 20 Nov 2026 10:00:00 +0000", b"Mon, 3 Jan 2005 01:02:03 +0000"
    assert find_tokens(dissect(letter % (first, first))) == find_tokens(dissect(letter % (second, second)))


def test_marks_of_other_filters_are_no_tokens() -> None:
    plain = b"From: a@b.test\r\n%s\r\nhello there\r\n"
    marked = plain % b"X-Spam-Status: Yes, score=50\r\nDelivered-To: x@y.test\r\n"
    assert find_tokens(dissect(marked)) == find_tokens(dissect(plain % b""))
