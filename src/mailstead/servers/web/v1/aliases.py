"""`/aliases`: addresses that mean other addresses."""

from typing import Annotated, Any, Final

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Alias
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.permission import Verb
from mailstead.servers.web.v1.cursors import page_of, read_cursor
from mailstead.servers.web.v1.endpoint import AnyCall, Body, Call, Endpoint, Page, PageQuery, Query, Text
from mailstead.servers.web.v1.within import domain_ids
from mailstead.services.accounts import aliases

Target = Annotated[str, msgspec.Meta(min_length=1, max_length=320)]
Targets = Annotated[list[Target], msgspec.Meta(min_length=1, max_length=100)]


class AliasShown(msgspec.Struct, frozen=True, kw_only=True):
    """An alias and where it leads."""

    address: str
    targets: list[str]
    created_at: str


class AliasNew(Body, frozen=True, kw_only=True):
    """Targets are addresses here or elsewhere."""

    address: Target
    targets: Targets


class AliasPatch(Body, frozen=True, kw_only=True):
    """In place of the targets before."""

    targets: Targets


class AliasesQuery(PageQuery, frozen=True, kw_only=True):
    """Of one domain, or all that you see."""

    domain: Text = ""


def _show(alias: Alias) -> AliasShown:
    return AliasShown(
        address=str(alias.address), targets=list(alias.targets), created_at=render_rfc3339(alias.created_at)
    )


def _seen(call: AnyCall) -> Address:
    address = call.address("address")
    if not call.sight.sees_domain(address.domain):
        raise NotFound(f"there is no alias {address}")
    return address


async def _read(tx: Any, call: AnyCall, made: Alias | None) -> AliasShown:
    address = made.address if made is not None else _seen(call)
    found = await tx.directory.find_alias(address)
    if found is None:
        raise NotFound(f"there is no alias {address}")
    return _show(found)


async def list_(call: Call[AliasesQuery, None]) -> Page[AliasShown]:
    """By address."""
    after = read_cursor(call.query.cursor)

    async def unit(tx: Any) -> list[Alias]:
        within = await domain_ids(tx, call, call.query.domain)
        found: list[Alias] = await tx.directory.page_aliases(within, after, call.query.limit + 1)
        return found

    return page_of(await call.directory.store.read(unit), call.query, _show, lambda alias: alias.address.key)


async def add(call: Call[Query, AliasNew]) -> Alias:
    """One more."""
    address = Address.parse(call.body.address)
    call.sight.need_domain(address.domain)
    return await aliases.add_alias(call.directory, str(address), call.body.targets)


async def change(call: Call[Query, AliasPatch]) -> Alias:
    """Where it leads."""
    return await aliases.change_alias(call.directory, str(_seen(call)), call.body.targets)


async def remove(call: Call[Query, None]) -> None:
    """For good."""
    await aliases.remove_alias(call.directory, str(_seen(call)))


ENDPOINTS: Final = (
    Endpoint(method="GET", path="/aliases", name="aliases.list", act=list_, query=AliasesQuery, answer=Page[AliasShown],
             resource="aliases", words="Aliases, by address.", refusals=(404,)),
    Endpoint(method="POST", path="/aliases", name="aliases.add", act=add, read=_read, answer=AliasShown, body=AliasNew,
             resource="aliases", verb=Verb.WRITE, status=201, location=lambda made: f"/aliases/{made.address}",
             words="A new alias.", refusals=(404, 409)),
    Endpoint(method="GET", path="/aliases/{address}", name="aliases.show", read=_read, answer=AliasShown,
             resource="aliases", words="One alias.", refusals=(404,)),
    Endpoint(method="PATCH", path="/aliases/{address}", name="aliases.change", act=change, read=_read,
             answer=AliasShown, body=AliasPatch, resource="aliases", verb=Verb.WRITE, refusals=(404,),
             words="Let it lead elsewhere."),
    Endpoint(method="DELETE", path="/aliases/{address}", name="aliases.remove", act=remove, read=_read,
             resource="aliases", verb=Verb.WRITE, status=204, words="Remove an alias.", refusals=(404,)),
)  # fmt: skip
