"""What failed logins cost an attacker, and that no stranger can lock an owner out."""

import os
from collections.abc import Iterator

import pytest

from mailstead.net.tally import Board, make_board
from mailstead.services.accounts.guard import FAILED_WINDOW, Guard, GuardRules
from tests.support.fake_clock import FakeClock

ANN = "ann@example.com"
RULES = GuardRules(per_ip=10, per_account=20, tries_under_attack=3, delay=1.0)


@pytest.fixture
def boards() -> Iterator[list[Board]]:
    """Of two workers."""
    fd = make_board(2)
    yield [Board(fd, 2, worker) for worker in (0, 1)]
    os.close(fd)


def guard_on(board: Board, clock: FakeClock, rules: GuardRules = RULES) -> Guard:
    return Guard(board.window("failed_logins", FAILED_WINDOW), clock, rules)


@pytest.fixture
def guards(boards: list[Board], clock: FakeClock) -> list[Guard]:
    return [guard_on(board, clock) for board in boards]


def fail(guard: Guard, ip: str, name: str = ANN, times: int = 1) -> None:
    for _ in range(times):
        guard.count_failure(ip, name)


def test_an_address_is_shut_over_all_workers_and_opens_again(guards: list[Guard], clock: FakeClock) -> None:
    fail(guards[0], "192.0.2.1", times=5)
    fail(guards[1], "192.0.2.1", "bob@example.com", times=4)
    assert guards[0].objection("192.0.2.1", ANN) is None
    fail(guards[1], "192.0.2.1")
    for guard in guards:
        shut = guard.objection("192.0.2.1", "carl@example.com")
        assert shut is not None
        assert (shut.reason, shut.limit) == ("address", 10)
        assert guard.objection("192.0.2.2", ANN) is None
    clock.advance(2 * FAILED_WINDOW)
    assert guards[0].objection("192.0.2.1", ANN) is None


def test_a_whole_network_of_ipv6_is_one_address(guards: list[Guard]) -> None:
    for number in range(10):
        fail(guards[0], f"2001:db8:0:1::{number:x}")
    assert guards[0].objection("2001:db8:0:1:ffff::1", ANN) is not None
    assert guards[0].objection("2001:db8:0:2::1", ANN) is None


def test_a_crowd_gets_few_tries_each_and_the_owner_at_a_new_place_comes_in(guards: list[Guard]) -> None:
    for number in range(20):
        fail(guards[number % 2], f"198.51.100.{number}")
    fresh = "203.0.113.9"
    assert guards[0].objection(fresh, ANN) is None, "the owner, at a hotel"
    assert guards[0].objection("198.51.100.1", "bob@example.com") is None
    fail(guards[0], fresh, times=3)
    shut = guards[1].objection(fresh, ANN)
    assert shut is not None
    assert shut.reason == "account"
    assert guards[1].objection(fresh, "bob@example.com") is None


def test_who_logged_in_well_from_there_keeps_a_way(guards: list[Guard]) -> None:
    """Somebody behind the same NAT, and a crowd elsewhere, do their worst."""
    fail(guards[1], "192.0.2.1", "bob@example.com", times=50)
    for number in range(60):
        fail(guards[0], f"198.51.100.{number}")
    assert guards[1].objection("192.0.2.1", ANN) is not None
    assert guards[1].familiar_objection("192.0.2.1", ANN) is None
    fail(guards[0], "192.0.2.1", times=100)
    shut = guards[0].familiar_objection("192.0.2.1", ANN)
    assert shut is not None, "even there nobody guesses for ever"
    assert shut.reason == "familiar"


def test_this_machine_is_not_one_address(guards: list[Guard]) -> None:
    fail(guards[0], "127.0.0.1", "bob@example.com", times=15)
    assert guards[0].objection("127.0.0.1", ANN) is None
    fail(guards[0], "127.0.0.1", "bob@example.com", times=8)
    assert guards[0].objection("127.0.0.1", "bob@example.com") is not None


def test_the_delay_grows_and_has_an_end(guards: list[Guard]) -> None:
    delays = [guards[0].count_failure("192.0.2.1", ANN) for _ in range(40)]
    assert delays[0] == 1.0
    assert delays == sorted(delays)
    assert delays[-1] == 4.0


def test_no_limits(boards: list[Board], clock: FakeClock) -> None:
    guard = guard_on(boards[0], clock, GuardRules(per_ip=0, per_account=0, delay=0.0))
    fail(guard, "192.0.2.1", times=500)
    assert guard.objection("192.0.2.1", ANN) is None
