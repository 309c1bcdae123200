"""What went wrong, as one word for programs: a total table from the facts of the house."""

from collections.abc import Mapping
from typing import Final

from mailstead.ground.model.errors import (
    AlreadyExists,
    Busy,
    Conflict,
    Denied,
    Invalid,
    LimitReached,
    MailError,
    NoSpace,
    NotFound,
    OverQuota,
    TooLarge,
)
from mailstead.services.accounts.directory import NoSuchUser

KINDS: Final[Mapping[type[MailError], str]] = {
    NoSuchUser: "no_such_user",
    NotFound: "not_found",
    AlreadyExists: "exists",
    Denied: "denied",
    Invalid: "invalid",
    OverQuota: "over_quota",
    LimitReached: "limit",
    TooLarge: "too_large",
    NoSpace: "no_space",
    Busy: "busy",
    Conflict: "conflict",
}
USAGE: Final = "usage"
FAULT: Final = "fault"
UNAVAILABLE: Final = "unavailable"

FIXES: Final[Mapping[str, str]] = {
    "busy": "try again in a moment",
    "no_space": "free some disk, then try again",
    UNAVAILABLE: "start the server (mailstead run), or see its log",
    FAULT: "look for the incident in the server's log",
}


def kind_of(error: MailError) -> str:
    """The word of an error, or of the nearest fact it is a case of."""
    return next((KINDS[base] for base in type(error).__mro__ if base in KINDS), FAULT)


def describe(kind: str, message: str) -> dict[str, str]:
    """The object that answers say."""
    return {"kind": kind, "message": message, "fix": FIXES.get(kind, "")}
