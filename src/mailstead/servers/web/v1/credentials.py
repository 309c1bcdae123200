"""`/users/{login}/tokens`, `/users/{login}/app-passwords`: a secret is in the answer that made it, and nowhere else."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.credential import Credential, CredentialKind
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.permission import Verb, parse_scope
from mailstead.servers.web.refusals import Refused
from mailstead.servers.web.v1.cursors import page_of, read_cursor
from mailstead.servers.web.v1.endpoint import AnyCall, Body, Call, Endpoint, Page, PageQuery, Query, Read
from mailstead.servers.web.v1.users import seen_user
from mailstead.services.accounts import credentials
from mailstead.services.accounts.credentials import Made

DAY: Final = 86_400_000
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Scopes = Annotated[tuple[Word, ...], msgspec.Meta(max_length=50)]
Protocols = Annotated[tuple[Word, ...], msgspec.Meta(max_length=20)]
Days = Annotated[int, msgspec.Meta(ge=1, le=36500)]


class CredentialShown(msgspec.Struct, frozen=True, kw_only=True):
    """An app password or a token, without its secret. No `protocols`, no `scopes`: all of them."""

    name: str
    protocols: list[str]
    scopes: list[str]
    created_at: str
    expires_at: str | None
    used_at: str | None


class CredentialMade(CredentialShown, frozen=True, kw_only=True):
    """With its secret, which is shown this once; null where the answer is repeated."""

    secret: str | None = None


class TokenNew(Body, frozen=True, kw_only=True):
    """Scopes are `RESOURCE:read`, `RESOURCE:write` or with `*` on either side; with any the key is of the API only."""

    name: Name
    scopes: Scopes = ()
    protocols: Protocols = ()
    days: Days | None = None


class AppPasswordNew(Body, frozen=True, kw_only=True):
    """For one program; `protocols` such as `imap` and `smtp`."""

    name: Name
    protocols: Protocols = ()
    days: Days | None = None


def _facts(one: Credential) -> dict[str, Any]:
    return {
        "name": one.name,
        "protocols": list(one.protocols),
        "scopes": list(one.scopes),
        "created_at": render_rfc3339(one.created_at),
        "expires_at": render_rfc3339(one.expires_at) if one.expires_at is not None else None,
        "used_at": render_rfc3339(one.used_at) if one.used_at is not None else None,
    }


def _show(one: Credential) -> CredentialShown:
    return CredentialShown(**_facts(one))


def _read(kind: CredentialKind) -> Read:
    async def read(tx: Any, call: AnyCall, made: Made | None) -> CredentialShown:
        if made is not None:
            return CredentialMade(**_facts(made.credential), secret=made.secret)
        user = await seen_user(tx, call, call.params["login"])
        name = call.params["name"]
        found = [one for one in await tx.credentials.list_credentials(user.id, kind) if one.name == name]
        if not found:
            raise NotFound(f"there is no credential named {name}")
        return _show(found[0])

    return read


def _list(kind: CredentialKind) -> Callable[[Call[PageQuery, None]], Awaitable[Page[CredentialShown]]]:
    async def list_(call: Call[PageQuery, None]) -> Page[CredentialShown]:
        """By name; there are at most a hundred."""
        after = read_cursor(call.query.cursor)

        async def unit(tx: Any) -> list[Credential]:
            user = await seen_user(tx, call, call.params["login"])
            return [one for one in await tx.credentials.list_credentials(user.id, kind) if one.name > after]

        found = sorted(await call.directory.store.read(unit), key=lambda one: one.name)
        return page_of(found, call.query, _show, lambda one: one.name)

    return list_


async def add_token(call: Call[Query, TokenNew]) -> Made:
    """A key gives no more than it has itself."""
    wish, held = call.body, [parse_scope(text) for text in call.caller.scopes]
    wanted = [parse_scope(text) for text in wish.scopes]
    if held and not (wanted and all(any(one.covers(other) for one in held) for other in wanted)):
        words = "a key makes no key with more than its own scopes"
        raise Refused(403, "forbidden", words, f"ask for some of {' '.join(call.caller.scopes)}")
    return await _add(call, CredentialKind.TOKEN, wish.scopes)


async def add_app_password(call: Call[Query, AppPasswordNew]) -> Made:
    """For mail; an app password is no key of the API."""
    return await _add(call, CredentialKind.APP_PASSWORD, ())


async def _add(call: AnyCall, kind: CredentialKind, scopes: tuple[str, ...]) -> Made:
    user = await call.directory.store.read(lambda tx: seen_user(tx, call, call.params["login"]))
    call.sight.need_above(user)
    wish, now = call.body, call.directory.clock.now()
    new = credentials.NewCredential(
        owner=user.login, kind=kind, name=wish.name, protocols=tuple(dict.fromkeys(wish.protocols)),
        scopes=tuple(dict.fromkeys(scopes)), expires_at=Instant(now + wish.days * DAY) if wish.days else None,
    )  # fmt: skip
    return await credentials.add_credential(call.directory, new)


def _revoke(kind: CredentialKind) -> Callable[[Call[Query, None]], Awaitable[None]]:
    async def revoke(call: Call[Query, None]) -> None:
        """At once, everywhere."""
        user = await call.directory.store.read(lambda tx: seen_user(tx, call, call.params["login"]))
        call.sight.need_above(user)
        await credentials.revoke_credential(call.directory, user.login, kind, call.params["name"])

    return revoke


def _rows(
    kind: CredentialKind, plural: str, add: Any, body: type[Body], words: tuple[str, str]
) -> tuple[Endpoint, ...]:
    path, read = f"/users/{{login}}/{plural}", _read(kind)
    return (
        Endpoint(method="GET", path=path, name=f"{plural}.list", act=_list(kind), query=PageQuery, resource=plural,
                 answer=Page[CredentialShown], words=f"{words[0]} of a user, by name.", refusals=(404,)),
        Endpoint(method="POST", path=path, name=f"{plural}.add", act=add, read=read, answer=CredentialMade, body=body,
                 resource=plural, verb=Verb.WRITE, status=201, words=words[1], refusals=(404, 409)),
        Endpoint(method="GET", path=f"{path}/{{name}}", name=f"{plural}.show", read=read, answer=CredentialShown,
                 resource=plural, words="One of them, without its secret.", refusals=(404,)),
        Endpoint(method="DELETE", path=f"{path}/{{name}}", name=f"{plural}.revoke", act=_revoke(kind), read=read,
                 resource=plural, verb=Verb.WRITE, status=204, words="Make it worthless at once.", refusals=(404,)),
    )  # fmt: skip


ENDPOINTS: Final = (
    *_rows(CredentialKind.TOKEN, "tokens", add_token, TokenNew,
           ("Keys of the API and bearer tokens",
            "A new key, held to some scopes if any are named. Its secret is shown once.")),
    *_rows(CredentialKind.APP_PASSWORD, "app-passwords", add_app_password, AppPasswordNew,
           ("App passwords", "A new app password. It is shown once.")),
)  # fmt: skip
