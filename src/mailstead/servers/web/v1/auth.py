"""Logging in with a password, for people and for programs without a key: it gives a token like any other."""

from typing import Annotated, Final

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.credential import CredentialKind
from mailstead.ground.model.errors import Denied
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.permission import RESOURCES, Scope, Verb, allows, reach_of
from mailstead.servers.web.caller import Caller
from mailstead.servers.web.refusals import Refused
from mailstead.servers.web.v1.endpoint import Body, Call, Endpoint, Query
from mailstead.services.accounts import credentials
from mailstead.services.accounts.attempt import Attempt, CodeNeeded

LIFETIME_MS: Final = 12 * 3_600_000


class Login(Body, frozen=True, kw_only=True):
    """`totp_code` where the user has a second factor: six digits, or a recovery code."""

    email: Annotated[str, msgspec.Meta(min_length=1, max_length=320)]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    totp_code: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who a token is, and what it may do: `scopes` as far as they reach."""

    name: str
    role: str
    domains: list[str]
    scopes: dict[str, str]
    token: str


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """The token is shown once. It is worthless after `expires_at`, and after `POST /auth/logout`."""

    token: str
    expires_at: str
    user: Me


def show_me(caller: Caller) -> Me:
    """With every scope that is not nothing."""
    scopes = {}
    for resource in RESOURCES:
        for verb in Verb:
            reach = reach_of(caller.role, resource, verb)
            if reach and allows(caller.scopes, Scope(resource, verb.value)):
                scopes[f"{resource}:{verb.value}"] = reach.name.lower()
    return Me(
        name=caller.actor.name,
        role=caller.role.value,
        domains=sorted(caller.domains),
        scopes=scopes,
        token=caller.token,
    )


async def login(call: Call[Query, Login]) -> Session:
    """Refused; an app password does not do, since it needs no second factor."""
    gatekeeper, wish = call.site.gatekeeper, call.body
    attempt = Attempt(client_ip=call.client_ip or "127.0.0.1", service="api", mechanism="PASSWORD", code=wish.totp_code)
    try:
        caller = await gatekeeper.log_in(attempt, wish.email, wish.password)
    except CodeNeeded as error:
        raise Refused(401, "code required", str(error), "send totp_code: of the app, or a recovery code") from error
    except Denied as error:
        raise Refused(
            401, "unauthorized", str(error), "check address and password, and the code if you use one"
        ) from error
    assert caller.user is not None
    directory, now = call.directory.by(caller.actor), call.directory.clock.now()
    until = Instant(now + LIFETIME_MS)
    made = await credentials.add_login(directory, caller.user.login, until)
    return Session(token=made.secret, expires_at=render_rfc3339(until), user=show_me(caller))


async def logout(call: Call[Query, None]) -> None:
    """Of the token that was shown."""
    caller = call.caller
    if caller.user is None:
        raise Refused(403, "forbidden", "this token is of the configuration", "change api.admin_token")
    await credentials.revoke_credential(call.directory, caller.user.login, CredentialKind.TOKEN, caller.token)


async def me(call: Call[Query, None]) -> Me:
    """Anybody."""
    return show_me(call.caller)


ENDPOINTS: Final = (
    Endpoint(method="POST", path="/auth/login", name="auth.login", act=login, body=Login, answer=Session, is_open=True,
             words="Log in with a password, and a code where one is asked for; gives a token for twelve hours.",
             refusals=(401, 429)),
    Endpoint(method="POST", path="/auth/logout", name="auth.logout", act=logout, status=204, refusals=(404,),
             words="Make the token worthless that this call shows."),
    Endpoint(method="GET", path="/auth/me", name="auth.me", act=me, answer=Me,
             words="Who a token is, and what it may do."),
)  # fmt: skip
