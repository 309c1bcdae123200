"""Who may use the API: whoever has the token of the configuration, or a token of a user who is an administrator."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from mailstead.ground.model.audit import Actor, Through
from mailstead.ground.model.directory import UserRole
from mailstead.ground.model.errors import Denied
from mailstead.servers.web.caller import Caller
from mailstead.servers.web.refusals import Refused
from mailstead.services.accounts.attempt import Attempt, CodeNeeded, EnrolmentNeeded, Principal, Rejection
from mailstead.services.accounts.login import Authenticator

KEY_MAX: Final = 1024
BY_TOKEN: Final = "api token"  # noqa: S105 - a name
TOKEN_MIN: Final = 16
"""Characters."""
EXAMPLES: Final = frozenset({"your-secure-random-token-here"})
"""From the documentation of gomailserver: everybody knows them."""
HOW: Final = "send Authorization: Bearer TOKEN, or X-API-Key: TOKEN"
CLOSED: Final = (
    "set api.admin_token in the configuration, to at least 16 characters of your own, "
    "or mailstead token create for a user who is an administrator"
)


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """`admin_token` is that of the configuration; "", or one that can be guessed: there is none."""

    authenticator: Authenticator
    admin_token: str

    async def identify(self, request: web.Request) -> Actor:
        """An administrator who makes a call; Refused, Limited."""
        caller = await self.enter(request)
        if caller.role is not UserRole.ADMIN or caller.scopes:
            raise Refused(403, "forbidden", f"{caller.actor.name} is no administrator", CLOSED)
        return caller.actor

    async def enter(self, request: web.Request) -> Caller:
        """Whoever shows a token that is good; Refused, Limited."""
        token = _token_of(request)
        if not token:
            raise Refused(401, "unauthorized", "the API is for administrators", self._fix)
        attempt = Attempt(client_ip=request.remote or "127.0.0.1", service="api", mechanism="BEARER")
        # First, and whatever failed before: behind a proxy all come from one address, and guesses of others must not
        # shut the administrator out. So long a token is not guessed.
        if self._is_open and _are_equal(token, self.admin_token):
            return Caller(actor=Actor(BY_TOKEN, Through.API, attempt.client_ip), role=UserRole.ADMIN)
        entered = await self.authenticator.enter_by_token(attempt, "", token)
        if isinstance(entered, Rejection):
            await self.authenticator.refuse(attempt, entered.name, entered.reason)
            raise Refused(401, "unauthorized", "that token is not known, or no longer good", self._fix)
        return await self._caller_of(entered, attempt)

    async def log_in(self, attempt: Attempt, name: str, password: str) -> Caller:
        """By the password itself; Denied, Limited. An app password does not do: it asks for no second factor."""
        entered = await self.authenticator.enter_by_password(attempt, name, password)
        if entered.credential is not None:
            raise await self.authenticator.refuse(attempt, name, "app password", is_guess=False)
        return await self._caller_of(entered, attempt)

    async def knows_password(self, name: str, password: str, client_ip: str) -> bool:
        """Whether whoever holds a token of this user is the user: guesses count as those at a login do. Limited."""
        attempt = Attempt(client_ip=client_ip, service="api", mechanism="PASSWORD", code="")
        try:
            return (await self.authenticator.enter_by_password(attempt, name, password)).credential is None
        except (CodeNeeded, EnrolmentNeeded):
            return True  # the password was right
        except Denied:
            return False

    async def _caller_of(self, entered: Principal, attempt: Attempt) -> Caller:
        return Caller(
            actor=Actor(entered.user.login, Through.API, attempt.client_ip),
            role=entered.user.role,
            user=entered.user,
            accounts=entered.accounts,
            domains=frozenset(await self.authenticator.administered(entered.user)),
            scopes=entered.credential.scopes if entered.credential is not None else (),
            token=entered.credential.name if entered.credential is not None else "",
        )

    @property
    def _fix(self) -> str:
        return HOW if self._is_open else CLOSED

    @property
    def _is_open(self) -> bool:
        return len(self.admin_token) >= TOKEN_MIN and self.admin_token not in EXAMPLES


def _token_of(request: web.Request) -> str:
    """RFC 6750 §2.1, or the header that Elemta's clients send; "" if there is none."""
    key = request.headers.get("X-API-Key", "").strip()
    scheme, _, value = request.headers.get("Authorization", "").strip().partition(" ")
    token = value.strip() if scheme.lower() == "bearer" and value else key
    return token if len(token) <= KEY_MAX else ""


def _are_equal(one: str, other: str) -> bool:
    """In a time that tells neither their length nor where they differ."""
    digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (one, other)]
    return hmac.compare_digest(*digests)
