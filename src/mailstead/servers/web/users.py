"""`POST /api/users`: how people move in from another system."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from aiohttp import web

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.audit import Actor
from mailstead.ground.model.directory import Account, Domain, Status
from mailstead.servers.web.door import Door, Refusal, read_object
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.users import QUOTA_MAX, NewUser, UserChange, add_user, change_user
from mailstead.services.policy import editing

Text = Annotated[str, msgspec.Meta(max_length=1024)]
PATH: Final = "/api/users"
WORDS: Final = (
    "A new user with an account: `email`, and `password` or `password_hash`; also `domain_id`, `quota` (bytes), "
    "`status`, `role`."
)
STATUSES: Final = {
    "active": Status.ACTIVE, "disabled": Status.INACTIVE, "inactive": Status.INACTIVE, "suspended": Status.SUSPENDED,
}  # fmt: skip


class Wish(msgspec.Struct, frozen=True):
    """What a body may say. Of what else gomailserver keeps the answer says that it was not kept."""

    email: Text = ""
    password: Text | None = None
    password_hash: Text | None = None
    domain_id: int | None = None
    quota: Annotated[int, msgspec.Meta(ge=0, le=QUOTA_MAX)] | None = None
    status: Literal["active", "disabled", "inactive", "suspended"] = "active"
    role: Literal["user", "admin"] = "user"


@dataclass(frozen=True, slots=True)
class UserApi:
    """What the call is answered from."""

    directory: Directory
    door: Door

    def attach(self, app: web.Application) -> None:
        """Add the call."""
        app.router.add_route("POST", PATH, self.door.guard(self.add))

    async def add(self, request: web.Request, who: Actor) -> web.Response:
        """One more."""
        body = await read_object(request)
        wish = _read(body)
        address = self.directory.address(wish.email)
        domain = (await editing.find(self.directory, address.domain)).row
        if wish.domain_id not in (None, 0, domain.id):
            raise Refusal(400, f"{address} is of domain {domain.id}, not of {wish.domain_id}")
        new = NewUser(
            address=wish.email, password=wish.password, password_hash=wish.password_hash, quota_bytes=wish.quota,
            is_admin=wish.role == "admin",
        )  # fmt: skip
        account = await add_user(self.directory.by(who), new)
        status = STATUSES[wish.status]
        if status is not Status.ACTIVE:
            await change_user(self.directory.by(who), wish.email, UserChange(status=status))
        ignored = sorted(body.keys() - set(Wish.__struct_fields__))
        return web.json_response(_show(account, domain, wish) | ({"not_kept": ignored} if ignored else {}), status=201)


def _read(body: Mapping[str, object]) -> Wish:
    try:
        wish = msgspec.convert(body, Wish)
    except msgspec.ValidationError as error:
        raise Refusal(400, str(error)) from None
    if not wish.email:
        raise Refusal(400, "email is required")
    if wish.password is None and wish.password_hash is None:
        raise Refusal(400, "password is required")
    return wish


def _show(account: Account, domain: Domain, wish: Wish) -> dict[str, object]:
    return {
        "id": account.id,
        "email": str(account.address),
        "domain_id": domain.id,
        "domain_name": domain.name,
        "quota": account.quota_bytes,
        "current_usage": account.used_bytes,
        "status": STATUSES[wish.status].value,
        "role": wish.role,
        "created_at": render_rfc3339(account.created_at),
    }
