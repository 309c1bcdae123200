"""What commands answer to the shell: one table, shown by `mailstead help exit-codes` and held by a test."""

from collections.abc import Mapping
from typing import Final

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
PROBLEMS: Final = 3
NO_SUCH_USER: Final = 67
NO_SUCH_OBJECT: Final = 68
UNREACHABLE: Final = 69
EXISTS: Final = 73
RETRY_LATER: Final = 75
DENIED: Final = 77
BAD_CONFIG: Final = 78
INTERRUPTED: Final = 130

EXITS: Final[Mapping[int, str]] = {
    DONE: "done",
    FAILED: "failed",
    USAGE: "the command line or a value in it cannot be right",
    PROBLEMS: "checks found problems",
    NO_SUCH_USER: "no such user",
    NO_SUCH_OBJECT: "no such domain, alias, account or file",
    UNREACHABLE: "the server is not running, or does not answer",
    EXISTS: "already there",
    RETRY_LATER: "try again later: the server is busy, or the disk is full",
    DENIED: "not allowed",
    BAD_CONFIG: "the configuration cannot be used",
    INTERRUPTED: "interrupted",
}

OF_KIND: Final[Mapping[str, int]] = {
    "no_such_user": NO_SUCH_USER,
    "not_found": NO_SUCH_OBJECT,
    "exists": EXISTS,
    "denied": DENIED,
    "invalid": USAGE,
    "usage": USAGE,
    "over_quota": FAILED,
    "limit": FAILED,
    "too_large": FAILED,
    "conflict": FAILED,
    "fault": FAILED,
    "no_space": RETRY_LATER,
    "busy": RETRY_LATER,
    "unavailable": UNREACHABLE,
    "problems": PROBLEMS,
    "config": BAD_CONFIG,
    "interrupted": INTERRUPTED,
}


class Failure(Exception):  # noqa: N818 - it is how a command ends
    """Ends a command: what happened, what to do, and by its kind the exit code."""

    def __init__(self, kind: str, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.fix = fix

    @property
    def code(self) -> int:
        """For the shell."""
        return OF_KIND.get(self.kind, FAILED)
