"""`/users/{login}/totp`: second factors. Secrets and recovery codes are in the answer that made them, once."""

from typing import Annotated, Final

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.directory import User
from mailstead.ground.model.permission import Verb
from mailstead.ground.model.second_factor import Judged
from mailstead.servers.web.refusals import Refused
from mailstead.servers.web.v1.endpoint import AnyCall, Body, Call, Endpoint, Query
from mailstead.servers.web.v1.users import seen_user
from mailstead.services.accounts import enrolling
from mailstead.services.accounts.attempt import Limited

PATH: Final = "/users/{login}/totp"
Code = Annotated[str, msgspec.Meta(max_length=64)]


class TotpShown(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: none, waiting (for a first code), on."""

    state: str
    enrolled_at: str | None
    confirmed_at: str | None
    recovery_codes_left: int


class TotpMade(msgspec.Struct, frozen=True, kw_only=True):
    """To be put into the app; shown this once."""

    secret: str
    uri: str


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    """Each good once in place of a code; shown this once."""

    recovery_codes: list[str]


class OwnPassword(Body, frozen=True, kw_only=True):
    """Whoever enrols themselves says their password."""

    password: Annotated[str, msgspec.Meta(max_length=1024)] = ""


class FirstCode(Body, frozen=True, kw_only=True):
    """What the app shows now."""

    code: Code


class OwnCode(Body, frozen=True, kw_only=True):
    """Whoever takes their own away shows a code of it, or a recovery code."""

    code: Code = ""


async def show(call: Call[Query, None]) -> TotpShown:
    """Nothing secret."""
    user = await _seen(call)
    found = await enrolling.state(call.directory, user.login)
    factor = found.factor
    confirmed_at = factor.confirmed_at if factor is not None else None
    return TotpShown(
        state="none" if factor is None else "waiting" if confirmed_at is None else "on",
        enrolled_at=None if factor is None else render_rfc3339(factor.enrolled_at),
        confirmed_at=None if confirmed_at is None else render_rfc3339(confirmed_at),
        recovery_codes_left=found.recovery_left,
    )


async def enroll(call: Call[Query, OwnPassword]) -> TotpMade:
    """It counts from the first code on."""
    user = await _meant(call)
    gatekeeper, is_self = call.site.gatekeeper, user.login == call.sight.login
    if is_self and not await gatekeeper.knows_password(user.login, call.body.password, call.client_ip):
        raise Refused(403, "forbidden", "the password is another one", "say password")
    made = await enrolling.enroll(call.directory, user.login, issuer=call.directory.default_domain)
    return TotpMade(secret=made.secret, uri=made.uri)


async def confirm(call: Call[Query, FirstCode]) -> RecoveryCodes:
    """From now on it is asked for."""
    user = await _meant(call)
    _, codes = await enrolling.confirm(call.directory, user.login, call.body.code)
    return RecoveryCodes(recovery_codes=list(codes))


async def renew(call: Call[Query, OwnCode]) -> RecoveryCodes:
    """Those before are worthless."""
    user = await _meant(call)
    await _need_code(call, user)
    _, codes = await enrolling.renew_recovery(call.directory, user.login)
    return RecoveryCodes(recovery_codes=list(codes))


async def remove(call: Call[Query, OwnCode]) -> None:
    """The password alone again."""
    user = await _meant(call)
    await _need_code(call, user)
    await enrolling.remove(call.directory, user.login)


async def _seen(call: AnyCall) -> User:
    return await call.directory.store.read(lambda tx: seen_user(tx, call, call.params["login"]))


async def _meant(call: AnyCall) -> User:
    user = await _seen(call)
    call.sight.need_above(user)
    return user


async def _need_code(call: AnyCall, user: User) -> None:
    """A token that was stolen takes nobody's second factor away: its owner shows a code. Administrators need none."""
    if user.login != call.sight.login:
        return
    match await call.site.gatekeeper.authenticator.totp.check(user, call.body.code):
        case Judged.WRONG:
            raise Refused(
                403, "forbidden", "that code is wrong, or was used", "send code: of the app, or a recovery code"
            )
        case Judged.SHUT:
            raise Limited("too many wrong codes, try again later")
        case Judged.GOOD | Judged.RECOVERED | Judged.MISSING:
            return


ENDPOINTS: Final = (
    Endpoint(method="GET", path=PATH, name="totp.show", act=show, answer=TotpShown, resource="users",
             words="Whether a user has a second factor.", refusals=(404,)),
    Endpoint(method="POST", path=PATH, name="totp.enroll", act=enroll, body=OwnPassword, answer=TotpMade,
             resource="users", verb=Verb.WRITE, status=201, refusals=(404, 409),
             words="A second factor for a user, to be confirmed. Its secret is shown once."),
    Endpoint(method="POST", path=f"{PATH}/confirm", name="totp.confirm", act=confirm, body=FirstCode,
             answer=RecoveryCodes, resource="users", verb=Verb.WRITE, refusals=(404, 409),
             words="Show a first code; from then on one is asked for. Gives ten recovery codes, shown once."),
    Endpoint(method="POST", path=f"{PATH}/recovery", name="totp.recovery", act=renew, body=OwnCode,
             answer=RecoveryCodes, resource="users", verb=Verb.WRITE, refusals=(404, 429),
             words="Ten new recovery codes; those before are worthless."),
    Endpoint(method="POST", path=f"{PATH}/remove", name="totp.remove", act=remove, body=OwnCode, resource="users",
             verb=Verb.WRITE, status=204, refusals=(404, 429), words="Take the second factor of a user away."),
)  # fmt: skip
