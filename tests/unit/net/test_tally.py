"""Crowds, dead workers, and the bound that the sketch promises."""

from mailstead.net.tally import WIDTH, Board, make_board


def test_ten_thousand_sessions_stay_within_the_bound() -> None:
    tally = Board(make_board(1), 1, 0).sessions()
    crowd = [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(10_000)]
    for ip in crowd:
        tally.enter(ip)
    over = [tally.estimate(ip) - 1 for ip in crowd]
    assert min(over) >= 0
    bound = 2.718281828 * len(crowd) / WIDTH
    assert sum(excess > bound for excess in over) <= len(crowd) / 55


def test_a_dead_workers_sessions_are_forgotten() -> None:
    fd = make_board(2)
    alive, dead = Board(fd, 2, 0), Board(fd, 2, 1)
    alive.sessions().enter("a")
    dead.sessions().enter("a")
    alive.clear(1)
    assert alive.sessions().estimate("a") == 1


def test_leaving_more_often_than_entering_harms_nothing() -> None:
    tally = Board(make_board(1), 1, 0).sessions()
    tally.leave("a")
    assert tally.enter("a") == 1
