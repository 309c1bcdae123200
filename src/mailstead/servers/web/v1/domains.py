"""`/domains`: mail domains, what they want, and the keys that sign for them."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.directory import Domain
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.permission import Reach, Verb
from mailstead.ground.model.policy import TEMPLATE, Sheet
from mailstead.ground.model.policy_columns import IDENTITY, read_grouped, write_grouped
from mailstead.ground.model.signing import Algorithm, SigningKey
from mailstead.servers.web.refusals import Refused
from mailstead.servers.web.v1.cursors import page_of, read_cursor
from mailstead.servers.web.v1.endpoint import AnyCall, Body, Call, Endpoint, Page, PageQuery, Query, Text
from mailstead.services.accounts import domains
from mailstead.services.accounts.directory import get_domain
from mailstead.services.accounts.domains import LIMIT_MAX, MAX_USERS_MAX, DomainChange, NewDomain
from mailstead.services.policy import editing
from mailstead.services.signing import keys

Limit = Annotated[int, msgspec.Meta(ge=0, le=LIMIT_MAX)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Value = bool | int | float | str | None
Groups = Annotated[dict[Text, dict[Text, Value]], msgspec.Meta(max_length=50)]
RESERVED: Final = frozenset({IDENTITY, "rate_limit"})
"""Groups that the provider gives a domain: whoever looks after it does not raise its own bounds."""


class DomainShown(msgspec.Struct, frozen=True, kw_only=True):
    """A domain. Limits of 0 are none; `hand_off` is the store that keeps its mail, "" if this one does."""

    name: str
    status: str
    alias_of: str | None
    catchall: str | None
    max_users: int
    max_mailbox_size: int
    default_quota: int
    total_quota: int
    total_messages: int
    hand_off: str
    verify: bool
    created_at: str


class DomainNew(Body, frozen=True, kw_only=True):
    """What is not said is as the template has it."""

    name: Name
    alias_of: Name | None = None
    catchall: Text | None = None
    max_users: Annotated[int, msgspec.Meta(ge=0, le=MAX_USERS_MAX)] | None = None
    default_quota: Limit | None = None
    hand_off: Text = ""
    verify: bool = True


class DomainPatch(Body, frozen=True, kw_only=True):
    """What is not said stays; status and other limits are in the group `identity` of its policy."""

    default_quota: Limit | None = None
    total_quota: Limit | None = None
    total_messages: Limit | None = None
    hand_off: Text | None = None
    verify: bool | None = None


class PolicyShown(msgspec.Struct, frozen=True, kw_only=True):
    """What a domain wants, by groups (docs/reference/policy.md); `_default` is the template of new domains."""

    domain: str
    version: int
    changed_at: str | None
    groups: dict[str, dict[str, Value]]


class PolicyPatch(Body, frozen=True, kw_only=True):
    """Some fields of some groups; what is not named stays."""

    groups: Groups


class KeyShown(msgspec.Struct, frozen=True, kw_only=True):
    """A DKIM key and the TXT record that belongs in the DNS. The private half is in no answer."""

    domain: str
    selector: str
    algorithm: str
    state: str
    created_at: str
    record_name: str
    record_value: str


class KeyNew(Body, frozen=True, kw_only=True):
    """What is not said is as the domain's policy has it."""

    selector: Annotated[str, msgspec.Meta(min_length=1, max_length=63)] | None = None
    algorithm: Literal["rsa2048", "rsa4096", "ed25519"] | None = None


ALGORITHMS: Final = {
    "rsa2048": Algorithm.RSA_2048, "rsa4096": Algorithm.RSA_4096, "ed25519": Algorithm.ED25519,
}  # fmt: skip


def _show(row: Domain, alias_of: str | None) -> DomainShown:
    return DomainShown(
        name=row.name, status=row.status.value, alias_of=alias_of, catchall=row.catchall, max_users=row.max_users,
        max_mailbox_size=row.max_mailbox_size, default_quota=row.default_quota, total_quota=row.quota.limit_bytes,
        total_messages=row.quota.limit_messages, hand_off=row.hand_off, verify=row.verify,
        created_at=render_rfc3339(row.created_at),
    )  # fmt: skip


def _seen(call: AnyCall) -> str:
    return call.sight.need_domain(canonical_domain(call.params["name"]))


async def _read(tx: Any, call: AnyCall, made: Domain | None) -> DomainShown:
    row = await get_domain(tx, made.name if made is not None else _seen(call))
    target = await tx.directory.get_domain(row.alias_of) if row.alias_of is not None else None
    return _show(row, target.name if target is not None else None)


async def _read_policy(tx: Any, call: AnyCall, _: object) -> PolicyShown:
    name = call.params["name"]
    if name == TEMPLATE:
        call.sight.need_domain(name)
        sheet: Sheet = await tx.policies.get_template()
    else:
        name = _seen(call)
        sheet = (await editing.read(tx, await get_domain(tx, name))).sheet
    changed = sheet.policy.changed_at
    groups: Any = write_grouped(sheet)
    return PolicyShown(
        domain=name,
        version=sheet.policy.version,
        changed_at=render_rfc3339(changed) if changed else None,
        groups=groups,
    )


def _show_key(key: SigningKey) -> KeyShown:
    return KeyShown(
        domain=key.domain, selector=key.selector, algorithm=key.algorithm.value, state=key.state.value,
        created_at=render_rfc3339(key.created_at), record_name=keys.published_at(key),
        record_value=keys.record_text(key),
    )  # fmt: skip


async def _read_key(tx: Any, call: AnyCall, made: Sequence[SigningKey] | None) -> KeyShown:
    if made is not None:
        return _show_key(made[0])
    return _show_key(await tx.signing.get_key(_seen(call), call.params["selector"].lower()))


async def list_(call: Call[PageQuery, None]) -> Page[DomainShown]:
    """By name."""
    after = read_cursor(call.query.cursor)
    found = [
        one
        for one in await domains.list_domains(call.directory)
        if one.name > after and call.sight.sees_domain(one.name)
    ]
    names = {one.id: one.name for one in await domains.list_domains(call.directory)}

    def show(row: Domain) -> DomainShown:
        return _show(row, names.get(row.alias_of) if row.alias_of is not None else None)

    return page_of(found, call.query, show, lambda row: row.name)


async def add(call: Call[Query, DomainNew]) -> Domain:
    """One more, a copy of the template."""
    wish = call.body
    new = NewDomain(
        name=wish.name, alias_of=wish.alias_of, catchall=wish.catchall, max_users=wish.max_users,
        default_quota=wish.default_quota, hand_off=wish.hand_off, verify=wish.verify,
    )  # fmt: skip
    return await domains.add_domain(call.directory, new)


async def change(call: Call[Query, DomainPatch]) -> None:
    """Its limits, and where its mail is kept."""
    wish = call.body
    asked = DomainChange(
        default_quota=wish.default_quota, total_bytes=wish.total_quota, total_messages=wish.total_messages,
        hand_off=wish.hand_off, verify=wish.verify,
    )  # fmt: skip
    await domains.change_domain(call.directory, _seen(call), asked)


async def remove(call: Call[Query, None]) -> None:
    """Only one without accounts."""
    await domains.remove_domain(call.directory, _seen(call))


async def change_policy(call: Call[Query, PolicyPatch]) -> None:
    """It holds for the next command of every session."""
    name = call.params["name"]
    if name == TEMPLATE:
        call.sight.need_domain(name)
    else:
        name = _seen(call)
    if call.sight.reach is not Reach.ALL and (fixed := RESERVED & call.body.groups.keys()):
        words = f"only administrators change {', '.join(sorted(fixed))}"
        raise Refused(403, "forbidden", words, "ask one, or leave it out")
    await editing.edit(call.directory, name, read_grouped(call.body.groups))


async def list_keys(call: Call[PageQuery, None]) -> Page[KeyShown]:
    """By selector."""
    name, after = _seen(call), read_cursor(call.query.cursor)
    await call.directory.store.read(lambda tx: get_domain(tx, name))
    found = [key for key in await keys.list_keys(call.directory, name) if key.selector > after]
    return page_of(found, call.query, _show_key, lambda key: key.selector)


async def add_key(call: Call[Query, KeyNew]) -> list[SigningKey]:
    """It signs once its record is in the DNS."""
    name, wish = _seen(call), call.body
    policy = (await editing.show(call.directory, name)).policy.dkim
    algorithm = ALGORITHMS[wish.algorithm] if wish.algorithm else keys.wanted_algorithm(policy)
    selector = wish.selector or policy.selector or call.site.selector
    return await keys.generate_keys(call.directory, name, selector, (algorithm,))


async def remove_key(call: Call[Query, None]) -> None:
    """Only one that signs nothing any more."""
    name, selector = _seen(call), call.params["selector"]
    if not name:
        raise NotFound("there is no such key")
    await keys.remove_key(call.directory, name, selector)


_KEYS: Final = "/domains/{name}/dkim-keys"
ENDPOINTS: Final = (
    Endpoint(method="GET", path="/domains", name="domains.list", act=list_, query=PageQuery, answer=Page[DomainShown],
             resource="domains", words="Domains, by name."),
    Endpoint(method="POST", path="/domains", name="domains.add", act=add, read=_read, answer=DomainShown,
             body=DomainNew, resource="domains", verb=Verb.WRITE, status=201,
             location=lambda made: f"/domains/{made.name}",
             words="A new domain, a copy of the template. Make it a key too, so that its letters are signed.",
             refusals=(404, 409)),
    Endpoint(method="GET", path="/domains/{name}", name="domains.show", read=_read, answer=DomainShown,
             resource="domains", words="One domain.", refusals=(404,)),
    Endpoint(method="PATCH", path="/domains/{name}", name="domains.change", act=change, read=_read, answer=DomainShown,
             body=DomainPatch, resource="domains", verb=Verb.WRITE, words="Change its limits.", refusals=(404, 409)),
    Endpoint(method="DELETE", path="/domains/{name}", name="domains.remove", act=remove, read=_read, resource="domains",
             verb=Verb.WRITE, status=204, words="Remove a domain that has no accounts.", refusals=(404, 409)),
    Endpoint(method="GET", path="/domains/{name}/policy", name="policy.show", read=_read_policy, answer=PolicyShown,
             resource="policy", words="What a domain wants; `_default` is the template of new ones.", refusals=(404,)),
    Endpoint(method="PATCH", path="/domains/{name}/policy", name="policy.change", act=change_policy, read=_read_policy,
             answer=PolicyShown, body=PolicyPatch, resource="policy", verb=Verb.WRITE, refusals=(404, 409),
             words="Change some fields; it holds for the next command of every session."),
    Endpoint(method="GET", path=_KEYS, name="dkim-keys.list", act=list_keys, query=PageQuery, answer=Page[KeyShown],
             resource="domains", words="Keys that sign for a domain, with their records.", refusals=(404,)),
    Endpoint(method="POST", path=_KEYS, name="dkim-keys.add", act=add_key, read=_read_key, answer=KeyShown, body=KeyNew,
             resource="domains", verb=Verb.WRITE, status=201, refusals=(404, 409),
             location=lambda made: f"/domains/{made.domain}/dkim-keys/{made.selector}",
             words="A new key; it signs once its record is in the DNS."),
    Endpoint(method="GET", path=f"{_KEYS}/{{selector}}", name="dkim-keys.show", read=_read_key, answer=KeyShown,
             resource="domains", words="One key.", refusals=(404,)),
    Endpoint(method="DELETE", path=f"{_KEYS}/{{selector}}", name="dkim-keys.remove", act=remove_key, read=_read_key,
             resource="domains", verb=Verb.WRITE, status=204, refusals=(404, 409),
             words="Remove a key that signs nothing any more."),
)  # fmt: skip
