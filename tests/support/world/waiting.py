"""Waiting until something is so."""

import socket
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 20.0


def until(look: Callable[[], T], what: Callable[[], str] = lambda: "", timeout: float = PATIENCE) -> T:
    """What `look` gives once that is true; `what` says afterwards how things stood."""
    ends_at = time.monotonic() + timeout
    while not (seen := look()):
        assert time.monotonic() < ends_at, f"in vain:\n{what()[-6000:]}"
        time.sleep(0.02)
    return seen


def answers(address: str, port: int) -> bool:
    """True if somebody listens there."""
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True
