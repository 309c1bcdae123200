"""What a call is answered that cannot be done: in one shape, what happened, why, and what to do."""

from collections.abc import Mapping
from typing import Final

import msgspec
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
from mailstead.servers.web.refusals import RETRY_AFTER, Refused
from mailstead.services.accounts.attempt import Limited


class Stale(MailError):  # noqa: N818 - a fact
    """What the client knew is no longer so."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What happened (`error`), `why`, and what to do (`fix`)."""

    error: str
    why: str
    fix: str
    status: int


PROBLEMS: Final[Mapping[type[MailError], tuple[int, str, str]]] = {
    Invalid: (400, "bad request", "see /api/v1/openapi.json or docs/reference/api.md"),
    Denied: (403, "forbidden", "ask somebody who may"),
    NotFound: (404, "not found", "look at the list of what is there"),
    AlreadyExists: (409, "there already", "change what is there, or choose another name"),
    Conflict: (409, "conflict", "look again, then ask again"),
    LimitReached: (409, "limit reached", "remove something first"),
    OverQuota: (409, "over quota", "raise the quota, or remove something"),
    Stale: (412, "changed meanwhile", "read it again, and send its new ETag"),
    TooLarge: (413, "too large", "send less"),
    Limited: (429, "too many failed logins", "wait some minutes"),
    Busy: (503, "busy", "try again in a moment"),
    NoSpace: (503, "no space", "free some disk"),
}


def problem_of(error: MailError | Refused) -> Problem:
    """By the fact it is, or the nearest one it is a case of."""
    if isinstance(error, Refused):
        return Problem(error=error.what, why=error.why, fix=error.fix, status=error.status)
    status, what, fix = next(
        (PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), (500, "failed", "see the server's log")
    )
    return Problem(error=what, why=str(error), fix=fix, status=status)


def answer_problem(problem: Problem, headers: Mapping[str, str] | None = None) -> web.Response:
    """As JSON."""
    more = dict(headers or {})
    if problem.status == 401:
        more["WWW-Authenticate"] = 'Bearer realm="mailstead"'  # RFC 9110 §15.5.2 asks for one
    if problem.status in (429, 503):
        more["Retry-After"] = RETRY_AFTER
    body = msgspec.json.encode(problem)
    return web.Response(body=body, status=problem.status, headers=more, content_type="application/json")
