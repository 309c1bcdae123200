"""The door of the admin API: who comes in, how large a body may be, and how refusals look, `{"error", "status"}`."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from mailstead.ground.model.audit import Actor
from mailstead.ground.model.errors import MailError
from mailstead.servers.web.login import CLOSED, Gatekeeper
from mailstead.servers.web.refusals import Refused, refusal_of

BODY_MAX: Final = 64 * 1024
RETRY_AFTER: Final = "5"
NOT_JSON: Final = "invalid request body"
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

Handler = Callable[[web.Request, Actor], Awaitable[web.Response]]
"""Of a call by somebody of that name."""


class Refusal(Exception):  # noqa: N818 - a fact about the request
    """Ends a call with these words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Door:
    """Before every call."""

    gatekeeper: Gatekeeper

    def guard(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The handler behind the door."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                response = await handler(request, await self._identify(request))
            except Refusal as refusal:
                response = refuse(refusal.status, str(refusal))
            except Refused as refused:
                response = refuse(refused.status, f"{refused.what}: {refused.why} ({refused.fix})")
            except MailError as error:
                response = refuse(refusal_of(error).status, str(error))
            response.headers.update(_HEADERS)
            return response

        return guarded

    async def _identify(self, request: web.Request) -> Actor:
        try:
            return await self.gatekeeper.identify(request)
        except Refused as refused:
            if refused.status == 401 and refused.fix == CLOSED:
                raise Refusal(403, f"the admin API is closed: {CLOSED}") from refused
            raise


def refuse(status: int, words: str) -> web.Response:
    """As gomailserver writes it."""
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="mailstead"'  # RFC 9110 §15.5.2 asks for one
    if status in (429, 503):
        headers["Retry-After"] = RETRY_AFTER
    return web.json_response({"error": words, "status": status}, status=status, headers=headers)


async def read_object(request: web.Request) -> dict[str, Any]:
    """The JSON object of a body; Refusal. Its Content-Type is not looked at: curl sends another if none is given."""
    body = await request.content.read(BODY_MAX + 1)
    while len(body) <= BODY_MAX and (more := await request.content.read(BODY_MAX + 1 - len(body))):
        body += more
    if len(body) > BODY_MAX:
        raise Refusal(413, f"the body is larger than {BODY_MAX} bytes")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, NOT_JSON) from None
    if not isinstance(value, dict):
        raise Refusal(400, NOT_JSON)
    return value
