"""How patient a supervisor is with a process that dies."""

from mailstead.app.process import LONGEST_AFTER_SERVING, LONGEST_PAUSE, Patience


def test_the_first_death_costs_no_wait_and_young_ones_ever_more() -> None:
    patience = Patience()
    pauses = [patience.pause(0.1, has_served=False) for _ in range(12)]
    assert pauses[:5] == [0.0, 0.5, 1.0, 2.0, 4.0]
    assert pauses[-1] == LONGEST_PAUSE
    assert patience.restarts == 12


def test_a_long_life_makes_up_for_all() -> None:
    patience = Patience()
    for _ in range(5):
        patience.pause(0.1, has_served=False)
    assert patience.pause(3600.0, has_served=True) == 0.0
    assert patience.pause(0.1, has_served=False) == 0.0


def test_one_that_came_to_serve_is_soon_back() -> None:
    patience = Patience()
    assert max(patience.pause(0.5, has_served=True) for _ in range(50)) == LONGEST_AFTER_SERVING
