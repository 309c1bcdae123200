"""`/accounts`: stores of mail, personal and shared, and who may enter them."""

from typing import Annotated, Any, Final, Literal

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account, Role, User
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.permission import Reach, Verb
from mailstead.servers.web.v1.cursors import page_of, read_cursor
from mailstead.servers.web.v1.endpoint import AnyCall, Body, Call, Endpoint, Page, PageQuery, Query, Text
from mailstead.servers.web.v1.users import Quota
from mailstead.servers.web.v1.within import domain_ids
from mailstead.services.accounts import shared
from mailstead.services.accounts.directory import NoSuchUser
from mailstead.services.accounts.users import AccountView, remove_user

RoleWord = Literal["viewer", "editor", "sender", "admin"]
Members = Annotated[dict[Text, RoleWord], msgspec.Meta(max_length=1000)]


class AccountShown(msgspec.Struct, frozen=True, kw_only=True):
    """An account."""

    address: str
    kind: str
    status: str
    quota_bytes: int
    quota_messages: int
    created_at: str


class AccessShown(msgspec.Struct, frozen=True, kw_only=True):
    """A user may enter an account in a role."""

    account: str
    user: str
    role: str


class AccessPut(Body, frozen=True, kw_only=True):
    """Each role includes the ones before it."""

    role: RoleWord


class SharedNew(Body, frozen=True, kw_only=True):
    """An account without a user of its own; `members` are logins with their roles."""

    address: Annotated[str, msgspec.Meta(min_length=3, max_length=320)]
    members: Members = msgspec.field(default_factory=dict)
    quota_bytes: Quota | None = None


class AccountsQuery(PageQuery, frozen=True, kw_only=True):
    """Of one domain, or all that you see."""

    domain: Text = ""


def _show(account: Account) -> AccountShown:
    return AccountShown(
        address=str(account.address), kind=account.kind.value, status=account.status.value,
        quota_bytes=account.quota_bytes, quota_messages=account.quota_messages,
        created_at=render_rfc3339(account.created_at),
    )  # fmt: skip


async def _account(tx: Any, call: AnyCall) -> Account:
    address = call.sight.need_account(call.address("address"))
    found: Account | None = await tx.directory.find_account(address)
    if found is None:
        raise NotFound(f"there is no account {address}")
    return found


async def _read(tx: Any, call: AnyCall, made: AccountView | None) -> AccountShown:
    return _show(made.account if made is not None else await _account(tx, call))


async def _read_access(tx: Any, call: AnyCall, _: object) -> AccessShown:
    account = await _account(tx, call)
    login = call.params["login"]
    for user, role in await tx.directory.list_members(account.id):
        if user.login == login.lower():
            return AccessShown(account=str(account.address), user=user.login, role=role.name.lower())
    raise NotFound(f"{login} has no access to {account.address}")


async def list_(call: Call[AccountsQuery, None]) -> Page[AccountShown]:
    """By address; whoever looks after none gets those they may enter."""
    after = read_cursor(call.query.cursor)
    if call.sight.reach is Reach.OWN:
        mine = sorted((one for one, _ in call.caller.accounts), key=lambda one: one.address.key)
        found = [one for one in mine if one.address.key > after and call.query.domain in ("", one.address.domain)]
        return page_of(found, call.query, _show, lambda one: one.address.key)

    async def unit(tx: Any) -> list[Account]:
        within = await domain_ids(tx, call, call.query.domain)
        accounts: list[Account] = await tx.directory.page_accounts(within, after, call.query.limit + 1)
        return accounts

    return page_of(await call.directory.store.read(unit), call.query, _show, lambda one: one.address.key)


async def list_access(call: Call[PageQuery, None]) -> Page[AccessShown]:
    """By login."""
    after = read_cursor(call.query.cursor)

    async def unit(tx: Any) -> tuple[Account, list[tuple[User, Role]]]:
        account = await _account(tx, call)
        return account, [pair for pair in await tx.directory.list_members(account.id) if pair[0].login > after]

    account, members = await call.directory.store.read(unit)

    def show(pair: tuple[User, Role]) -> AccessShown:
        return AccessShown(account=str(account.address), user=pair[0].login, role=pair[1].name.lower())

    return page_of(members, call.query, show, lambda pair: pair[0].login)


async def add_shared(call: Call[Query, SharedNew]) -> AccountView:
    """Its members are of the caller's domains too."""
    address = Address.parse(call.body.address)
    call.sight.need_domain(address.domain)
    for login in call.body.members:
        _need_member(call, login, address)
    members = {login: Role[word.upper()] for login, word in call.body.members.items()}
    return await shared.add_shared(call.directory, str(address), members, call.body.quota_bytes)


async def put_access(call: Call[Query, AccessPut]) -> None:
    """Give or change a role."""
    address = call.sight.need_account(call.address("address"))
    login = _need_member(call, call.params["login"], address)
    await shared.share(call.directory, str(address), login, Role[call.body.role.upper()])


async def remove_access(call: Call[Query, None]) -> None:
    """Take a role away."""
    address = call.sight.need_account(call.address("address"))
    login = _need_member(call, call.params["login"], address)
    await shared.share(call.directory, str(address), login, None)


async def remove_account(call: Call[Query, None]) -> None:
    """A shared one; a personal one goes with its user."""
    address = call.address("address")
    call.sight.need_domain(address.domain)

    async def unit(tx: Any) -> Account:
        if await tx.directory.find_user(address.key) is not None:
            raise NotFound(f"{address} is the account of a user: DELETE /users/{address.key} removes both")
        return await _account(tx, call)

    account = await call.directory.store.read(unit)
    await remove_user(call.directory, str(account.address))


def _need_member(call: AnyCall, text: str, address: Address) -> str:
    """A user that the caller may let in: one they see, or a neighbour in the account's domain. Others are nobody."""
    login = text.lower()
    if call.sight.sees_user(login) or login.rpartition("@")[2] == address.domain:
        return login
    raise NoSuchUser(f"there is no user {text}")


_ACCESS: Final = "/accounts/{address}/access"
ENDPOINTS: Final = (
    Endpoint(method="GET", path="/accounts", name="accounts.list", act=list_, query=AccountsQuery,
             answer=Page[AccountShown], resource="access", words="Accounts, personal and shared, by address.",
             refusals=(404,)),
    Endpoint(method="POST", path="/accounts", name="accounts.add", act=add_shared, read=_read, answer=AccountShown,
             body=SharedNew, resource="access", verb=Verb.WRITE, status=201, refusals=(404, 409),
             location=lambda made: f"/accounts/{made.address}", words="A new account that users share."),
    Endpoint(method="GET", path="/accounts/{address}", name="accounts.show", read=_read, answer=AccountShown,
             resource="access", words="One account.", refusals=(404,)),
    Endpoint(method="DELETE", path="/accounts/{address}", name="accounts.remove", act=remove_account, read=_read,
             resource="access", verb=Verb.WRITE, status=204, words="Remove a shared account with its mail.",
             refusals=(404,)),
    Endpoint(method="GET", path=_ACCESS, name="access.list", act=list_access, query=PageQuery, answer=Page[AccessShown],
             resource="access", words="Who may enter an account, by login.", refusals=(404,)),
    Endpoint(method="GET", path=f"{_ACCESS}/{{login}}", name="access.show", read=_read_access, answer=AccessShown,
             resource="access", words="The role of one user.", refusals=(404,)),
    Endpoint(method="PUT", path=f"{_ACCESS}/{{login}}", name="access.put", act=put_access, read=_read_access,
             answer=AccessShown, body=AccessPut, resource="access", verb=Verb.WRITE, refusals=(404,),
             words="Let a user in, or give them another role."),
    Endpoint(method="DELETE", path=f"{_ACCESS}/{{login}}", name="access.remove", act=remove_access, read=_read_access,
             resource="access", verb=Verb.WRITE, status=204, words="Let a user in no longer.", refusals=(404,)),
)  # fmt: skip
