"""`/users`: people who log in, each with an account of their own."""

from typing import Annotated, Any, Final, Literal

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account, Role, Status, User, UserRole
from mailstead.ground.model.permission import Reach, Verb
from mailstead.servers.web.refusals import Refused
from mailstead.servers.web.v1.cursors import page_of, read_cursor
from mailstead.servers.web.v1.endpoint import AnyCall, Body, Call, Endpoint, Page, PageQuery, Query, Text
from mailstead.servers.web.v1.within import domain_ids
from mailstead.services.accounts import users
from mailstead.services.accounts.directory import NoSuchUser
from mailstead.services.accounts.users import QUOTA_MAX, UserView

Quota = Annotated[int, msgspec.Meta(ge=0, le=QUOTA_MAX)]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
RoleWord = Literal["user", "readonly", "operator", "domain-admin", "admin"]
StatusWord = Literal["active", "inactive", "suspended"]
Domains = Annotated[tuple[Text, ...], msgspec.Meta(max_length=100)]


class UserShown(msgspec.Struct, frozen=True, kw_only=True):
    """A user. What their mail takes is at `/users/{login}/usage`: it changes with every letter, this does not."""

    login: str
    status: str
    role: str
    domains: list[str]
    has_password: bool
    quota_bytes: int | None
    quota_messages: int | None
    accounts: list[str]
    created_at: str


class UserRow(msgspec.Struct, frozen=True, kw_only=True):
    """A user in the list."""

    login: str
    status: str
    role: str
    created_at: str


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What the mail of a user takes. A limit of 0 is none."""

    login: str
    used_bytes: int
    used_messages: int
    quota_bytes: int
    quota_messages: int


class UserNew(Body, frozen=True, kw_only=True):
    """`password`, or `password_hash` (argon2, bcrypt, SHA512-CRYPT, {SSHA}). Without a quota the domain's is taken."""

    email: Annotated[str, msgspec.Meta(min_length=3, max_length=320)]
    password: Password | None = None
    password_hash: Text | None = None
    quota_bytes: Quota | None = None
    role: RoleWord = "user"
    domains: Domains = ()
    status: StatusWord = "active"


class UserPatch(Body, frozen=True, kw_only=True):
    """What is not said stays."""

    quota_bytes: Quota | None = None
    quota_messages: Quota | None = None
    status: StatusWord | None = None
    role: RoleWord | None = None
    domains: Domains | None = None


class PasswordNew(Body, frozen=True, kw_only=True):
    """The old one is worthless at once. Whoever changes their own says the old one too."""

    password: Password
    old_password: Password | None = None


class UsersQuery(PageQuery, frozen=True, kw_only=True):
    """Of one domain, or all that you see."""

    domain: Text = ""


def _own(view: UserView) -> Account | None:
    return next((account for account, _ in view.accounts if account.address.key == view.user.login), None)


def show_user(view: UserView) -> UserShown:
    """Without anything of the password."""
    own = _own(view)
    return UserShown(
        login=view.user.login,
        status=view.user.status.value,
        role=view.user.role.value,
        domains=list(view.domains),
        has_password=bool(view.user.password_hash),
        quota_bytes=own.quota_bytes if own else None,
        quota_messages=own.quota_messages if own else None,
        accounts=[str(account.address) for account, role in view.accounts if role >= Role.VIEWER],
        created_at=render_rfc3339(view.user.created_at),
    )


def _row(user: User) -> UserRow:
    return UserRow(
        login=user.login, status=user.status.value, role=user.role.value, created_at=render_rfc3339(user.created_at)
    )


async def seen_user(tx: Any, call: AnyCall, login: str) -> User:
    """By a login of the path; NoSuchUser too for one the caller does not see."""
    user = await tx.directory.find_user(call.sight.need_user(login))
    if user is None:
        raise NoSuchUser(f"there is no user {login}")
    found: User = user
    return found


async def _read(tx: Any, call: AnyCall, made: Account | None) -> UserShown:
    login = made.address.key if made is not None else call.params["login"]
    return show_user(await users.read_user(tx, await seen_user(tx, call, login)))


async def _usage(tx: Any, call: AnyCall, _: object) -> Usage:
    view = await users.read_user(tx, await seen_user(tx, call, call.params["login"]))
    own = _own(view)
    if own is None:
        raise NoSuchUser(f"{view.user.login} has no account of their own")
    return Usage(
        login=view.user.login, used_bytes=own.used_bytes, used_messages=own.used_messages,
        quota_bytes=own.quota_bytes, quota_messages=own.quota_messages,
    )  # fmt: skip


async def list_(call: Call[UsersQuery, None]) -> Page[UserRow]:
    """By login; whoever sees only themselves gets one row."""
    after, sight = read_cursor(call.query.cursor), call.sight
    if sight.reach is Reach.OWN:
        assert call.caller.user is not None
        mine = [call.caller.user] if not after and not call.query.domain else []
        return page_of(mine, call.query, _row, lambda user: user.login)

    async def unit(tx: Any) -> list[User]:
        within = await domain_ids(tx, call, call.query.domain)
        found: list[User] = await tx.directory.page_users(within, after, call.query.limit + 1)
        return found

    return page_of(await call.directory.store.read(unit), call.query, _row, lambda user: user.login)


async def add(call: Call[Query, UserNew]) -> Account:
    """One more; only an administrator makes others than plain users."""
    wish = call.body
    _need_all(call, is_wanted=wish.role != "user" or bool(wish.domains))
    address = Address.parse(wish.email)
    call.sight.need_domain(address.domain)
    new = users.NewUser(
        address=str(address), password=wish.password, password_hash=wish.password_hash, quota_bytes=wish.quota_bytes,
        role=UserRole(wish.role), domains=wish.domains, status=Status(wish.status),
    )  # fmt: skip
    return await users.add_user(call.directory, new)


async def change(call: Call[Query, UserPatch]) -> None:
    """Nobody gives themselves more than they have."""
    wish = call.body
    _need_domains(call)
    _need_all(call, is_wanted=(wish.role, wish.domains) != (None, None))
    user = await call.directory.store.read(lambda tx: seen_user(tx, call, call.params["login"]))
    call.sight.need_above(user)
    asked = users.UserChange(
        quota_bytes=wish.quota_bytes, quota_messages=wish.quota_messages,
        status=Status(wish.status) if wish.status else None, role=UserRole(wish.role) if wish.role else None,
        domains=wish.domains,
    )  # fmt: skip
    await users.change_user(call.directory, user.login, asked)


async def set_password(call: Call[Query, PasswordNew]) -> None:
    """Of somebody, or one's own: then the old one has to be known, since a token may have been taken."""
    user = await call.directory.store.read(lambda tx: seen_user(tx, call, call.params["login"]))
    call.sight.need_above(user)
    if user.login == call.sight.login:
        known = call.body.old_password or ""
        if not await call.site.gatekeeper.knows_password(user.login, known, call.client_ip):
            raise Refused(403, "forbidden", "the old password is another one", "say old_password")
    await users.set_password(call.directory, user.login, call.body.password)


async def remove(call: Call[Query, None]) -> None:
    """With the account and all its mail. Nobody removes themselves."""
    _need_domains(call)
    user = await call.directory.store.read(lambda tx: seen_user(tx, call, call.params["login"]))
    call.sight.need_above(user)
    if user.login == call.sight.login:
        raise Refused(403, "forbidden", "nobody removes themselves", "ask another administrator")
    await users.remove_user(call.directory, user.login)


def _need_domains(call: AnyCall) -> None:
    if call.sight.reach is Reach.OWN:
        call.sight.need_user(call.params["login"])
        raise Refused(
            403, "forbidden", "users change their passwords and nothing else of theirs", "ask an administrator"
        )


def _need_all(call: AnyCall, *, is_wanted: bool) -> None:
    if call.sight.reach is Reach.OWN:
        raise Refused(403, "forbidden", "users do not make or raise users", "ask an administrator")
    if is_wanted and call.sight.reach is not Reach.ALL:
        raise Refused(403, "forbidden", "only administrators give roles", "leave role and domains out")


ENDPOINTS: Final = (
    Endpoint(method="GET", path="/users", name="users.list", act=list_, query=UsersQuery, answer=Page[UserRow],
             resource="users", words="Users, by login.", refusals=(404,)),
    Endpoint(method="POST", path="/users", name="users.add", act=add, read=_read, answer=UserShown, body=UserNew,
             resource="users", verb=Verb.WRITE, status=201, location=lambda made: f"/users/{made.login}",
             words="A new user with an account and its folders.", refusals=(404, 409)),
    Endpoint(method="GET", path="/users/{login}", name="users.show", read=_read, answer=UserShown, resource="users",
             words="One user.", refusals=(404,)),
    Endpoint(method="PATCH", path="/users/{login}", name="users.change", act=change, read=_read, answer=UserShown,
             body=UserPatch, resource="users", verb=Verb.WRITE, refusals=(404, 409),
             words="Change quota, status, role, or the domains of a domain-admin."),
    Endpoint(method="DELETE", path="/users/{login}", name="users.remove", act=remove, read=_read, resource="users",
             verb=Verb.WRITE, status=204, words="Remove a user with their account and all its mail.", refusals=(404,)),
    Endpoint(method="PUT", path="/users/{login}/password", name="users.password", act=set_password, body=PasswordNew,
             resource="users", verb=Verb.WRITE, status=204, words="A new password.", refusals=(404, 429)),
    Endpoint(method="GET", path="/users/{login}/usage", name="users.usage", read=_usage, answer=Usage, resource="users",
             words="What the mail of a user takes.", refusals=(404,)),
)  # fmt: skip
