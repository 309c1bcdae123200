"""`/api/domains`: domains and what they want, word for word as gomailserver's admin API has it."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.audit import Actor
from mailstead.ground.model.errors import AlreadyExists, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import TEMPLATE, Sheet
from mailstead.ground.model.policy_columns import IDENTITY, KINDS, read_flat, read_grouped, write_flat, write_grouped
from mailstead.servers.web.door import Door, Handler, Refusal, read_object
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import remove_domain
from mailstead.services.policy import editing
from mailstead.services.policy.editing import Listed
from mailstead.services.signing import keys

KEPT: Final = frozenset({"id", "name", "alias_of", "created_at", "updated_at"})
"""What a PUT may bring back and cannot change."""
NOT_FOUND: Final = "domain not found"
_MAKE_KEYS: Final = "keys are made here and never shown or taken: mailstead dkim generate --domain"


@dataclass(frozen=True, slots=True)
class Call:
    """One row of the API; `words` are the reference page's."""

    method: str
    path: str
    words: str
    handler: "Callable[[DomainApi], Handler]"


@dataclass(frozen=True, slots=True)
class Signs:
    """What a domain's record in the DNS names: "" for what it has not."""

    selector: str
    public_key: str


@dataclass(frozen=True, slots=True)
class DomainApi:
    """`selector`: of a new domain's first key, if its policy names none."""

    directory: Directory
    door: Door
    selector: str

    def attach(self, app: web.Application) -> None:
        """Add all calls."""
        for call in CALLS:
            app.router.add_route(call.method, call.path, self.door.guard(call.handler(self)))

    async def list_(self, _request: web.Request, _who: Actor) -> web.Response:
        """All."""
        listed = editing.list_all(self.directory)
        shown = [_show(one, await self._signs(one.row.name, one.sheet)) async for one in listed]
        return web.json_response({"domains": shown, "count": len(shown)})

    async def add(self, request: web.Request, who: Actor) -> web.Response:
        """One more, with a key whose record can be published at once."""
        body = await read_object(request)
        name, is_copy, columns = body.pop("name", ""), body.pop("use_default_template", False), body.pop("domain", None)
        if not isinstance(name, str) or not name:
            raise Refusal(400, "domain name is required")
        if not isinstance(is_copy, bool) or not isinstance(columns, dict | None) or body:
            raise Refusal(400, "write name, use_default_template (true or false) and domain (an object)")
        if not is_copy and columns is None:
            raise Refusal(400, "either use_default_template or domain configuration is required")
        if name == TEMPLATE:
            raise Refusal(409, "domain already exists")
        changes = read_flat(_changing(columns or {}, Signs("", "")))
        try:
            made = await editing.add(self.directory.by(who), name, changes, is_copy=is_copy)
        except AlreadyExists:
            raise Refusal(409, "domain already exists") from None
        await self._make_key(made, who)
        return web.json_response(_show(made, await self._signs(made.row.name, made.sheet)), status=201)

    async def _make_key(self, made: Listed, who: Actor) -> None:
        wish = made.sheet.policy.dkim
        if not wish.signing_enabled:
            return
        selector = wish.selector or self.selector
        await keys.generate_keys(self.directory.by(who), made.row.name, selector, (keys.wanted_algorithm(wish),))

    async def show(self, request: web.Request, _who: Actor) -> web.Response:
        """One, or the template."""
        name = request.match_info["name"]
        if name == TEMPLATE:
            return web.json_response({"id": 0, "name": TEMPLATE, **_columns(await editing.show(self.directory, name))})
        listed = await self._find(name)
        return web.json_response(_show(listed, await self._signs(listed.row.name, listed.sheet)))

    async def change(self, request: web.Request, who: Actor) -> web.Response:
        """Columns of one, or of the template; those that are not named stay."""
        name, body = request.match_info["name"], await read_object(request)
        if name == TEMPLATE:
            await editing.edit(self.directory.by(who), name, read_flat(_changing(body, Signs("", ""))))
            return web.json_response({"message": "default template updated successfully"})
        listed = await self._find(name)
        signs = await self._signs(listed.row.name, listed.sheet)
        await editing.edit(self.directory.by(who), name, read_flat(_changing(body, signs)))
        listed = await self._find(name)
        return web.json_response(_show(listed, await self._signs(listed.row.name, listed.sheet)))

    async def remove(self, request: web.Request, who: Actor) -> web.Response:
        """One without accounts."""
        name = request.match_info["name"]
        if name == TEMPLATE:
            raise Refusal(403, "cannot delete default template domain")
        await self._find(name)
        await remove_domain(self.directory.by(who), name)
        return web.Response(status=204)

    async def security(self, request: web.Request, _who: Actor) -> web.Response:
        """Its groups."""
        name = request.match_info["name"]
        sheet, signs = await self._wanted(name)
        groups = {group: fields for group, fields in write_grouped(sheet).items() if group != IDENTITY}
        groups["dkim"] |= {"selector": signs.selector, "public_key": signs.public_key}
        return web.json_response({"domain": name, **groups})

    async def secure(self, request: web.Request, who: Actor) -> web.Response:
        """Some fields of some groups."""
        name, body = request.match_info["name"], await read_object(request)
        _, signs = await self._wanted(name)
        groups = {group: value for group, value in body.items() if group != "domain"}
        if strange := groups.keys() - KINDS.keys() | groups.keys() & {IDENTITY}:
            known = ", ".join(group for group in KINDS if group != IDENTITY)
            raise Refusal(400, f"there is no group {min(strange)[:100]!r}: write some of {known}")
        if isinstance(dkim := groups.get("dkim"), dict):
            flat = _changing({f"dkim_{field}": value for field, value in dkim.items()}, signs)
            groups["dkim"] = {column.removeprefix("dkim_"): value for column, value in flat.items()}
        await editing.edit(self.directory.by(who), name, read_grouped(groups))
        return web.json_response({"message": "security configuration updated successfully", "domain": name})

    async def _wanted(self, name: str) -> tuple[Sheet, Signs]:
        if name == TEMPLATE:
            return await editing.show(self.directory, name), Signs("", "")
        listed = await self._find(name)
        return listed.sheet, await self._signs(listed.row.name, listed.sheet)

    async def _find(self, name: str) -> Listed:
        try:
            return await editing.find(self.directory, name)
        except NotFound:
            raise Refusal(404, NOT_FOUND) from None

    async def _signs(self, domain: str, sheet: Sheet) -> Signs:
        key = await keys.current_key(self.directory, domain)
        if key is None:
            return Signs(sheet.policy.dkim.selector, "")
        return Signs(key.selector, base64.b64encode(keys.public_key(key)).decode())


def _columns(sheet: Sheet) -> dict[str, object]:
    return {**write_flat(sheet), "updated_at": _time(sheet.policy.changed_at)}


def _show(listed: Listed, signs: Signs) -> dict[str, object]:
    row, sheet = listed.row, listed.sheet
    more: dict[str, object] = {"alias_of": listed.alias_of} if listed.alias_of else {}
    return {
        "id": row.id,
        "name": row.name,
        **_columns(sheet),
        **more,
        "dkim_selector": signs.selector,
        "dkim_public_key": signs.public_key,
        "created_at": render_rfc3339(row.created_at),
        "updated_at": _time(max(row.created_at, sheet.policy.changed_at)),
    }


def _time(instant: Instant) -> str | None:
    return render_rfc3339(instant) if instant else None


def _changing(body: Mapping[str, object], signs: Signs) -> dict[str, object]:
    """The columns that a body means to change: what was shown may be sent back as it is."""
    wanted = {column: value for column, value in body.items() if column not in KEPT}
    if wanted.get("dkim_selector") == signs.selector:
        del wanted["dkim_selector"]
    if wanted.pop("dkim_public_key", "") not in ("", signs.public_key):
        raise Refusal(400, f"dkim.public_key: {_MAKE_KEYS}")
    if wanted.pop("dkim_private_key", ""):
        raise Refusal(400, f"dkim.private_key: {_MAKE_KEYS}")
    return wanted


CALLS: Final = (
    Call("GET", "/api/domains", "All domains with all their columns.", lambda api: api.list_),
    Call("POST", "/api/domains", "A new domain: `name`, and `use_default_template` or its columns in `domain`. "
         "It gets a DKIM key, which signs once its record is in the DNS.", lambda api: api.add),
    Call("GET", "/api/domains/{name}", "One domain; `_default` is the template of new ones.", lambda api: api.show),
    Call("PUT", "/api/domains/{name}", "Change columns; what is not named stays.", lambda api: api.change),
    Call("DELETE", "/api/domains/{name}", "Remove a domain that has no accounts.", lambda api: api.remove),
    Call("GET", "/api/domains/{name}/security", "What it wants, in groups.", lambda api: api.security),
    Call("PUT", "/api/domains/{name}/security", "Change some fields of some groups.", lambda api: api.secure),
)  # fmt: skip
