"""What a call is answered that cannot be done: what happened, why, and what to do, as JSON."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

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
from mailstead.services.accounts.attempt import Limited

RETRY_AFTER: Final = "5"

STATUSES: Final[Mapping[type[MailError], tuple[int, str, str]]] = {
    NotFound: (404, "not found", "see GET /api/queue"),
    Invalid: (400, "bad request", "see docs/reference/queue-api.md"),
    Conflict: (409, "conflict", "look again, then ask again"),
    Denied: (403, "forbidden", "ask with the token of an administrator"),
    Limited: (429, "too many failed logins", "wait some minutes"),
    AlreadyExists: (409, "there already", ""),
    OverQuota: (409, "over quota", ""),
    LimitReached: (409, "limit reached", ""),
    TooLarge: (413, "too large", "send less"),
    NoSpace: (503, "no space", "free some disk"),
    Busy: (503, "busy", "try again in a moment"),
}
"""Status, what, and what to do; the words of the error say why."""


class Refused(Exception):  # noqa: N818 - a fact about the request
    """Ends a call."""

    def __init__(self, status: int, what: str, why: str, fix: str) -> None:
        super().__init__(why)
        self.status = status
        self.what = what
        self.why = why
        self.fix = fix


def answer(refused: Refused) -> web.Response:
    """As JSON."""
    headers = {}
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="mailstead"'  # RFC 9110 §15.5.2 asks for one
    if refused.status in (429, 503):
        headers["Retry-After"] = RETRY_AFTER
    body = {"error": refused.what, "why": refused.why, "fix": refused.fix}
    return web.json_response(body, status=refused.status, headers=headers)


def refusal_of(error: MailError) -> Refused:
    """By the fact it is, or the nearest one it is a case of."""
    status, what, fix = next(
        (STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), (500, "failed", "see the server's log")
    )
    return Refused(status, what, str(error), fix)
