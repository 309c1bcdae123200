"""From the configuration to what failed logins cost."""

from mailstead.app.config import SecurityConfig
from mailstead.net.clock import Clock
from mailstead.net.tally import Board
from mailstead.services.accounts.guard import FAILED_WINDOW, Guard, GuardRules


def guard_of(security: SecurityConfig, board: Board, clock: Clock) -> Guard:
    """Counting over all workers."""
    rules = GuardRules(
        per_ip=security.failed_logins_per_ip,
        per_account=security.failed_logins_per_account,
        delay=security.failed_login_delay.total_seconds(),
    )
    return Guard(board.window("failed_logins", FAILED_WINDOW), clock, rules)
