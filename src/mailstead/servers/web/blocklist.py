"""`/admin/blocklist`: mu's calls to block and unblock senders and clients, with JSON or the fields of a form."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.audit import Actor
from mailstead.ground.model.blocks import Side, is_network, read_pattern
from mailstead.ground.model.errors import NotFound
from mailstead.servers.web.door import Door, Refusal, read_object
from mailstead.services.accounts.directory import Directory
from mailstead.services.blocks import managing

PATH: Final = "/admin/blocklist"
FORM: Final = "application/x-www-form-urlencoded"
FORM_MAX: Final = 16 * 1024
SHOWN_MAX: Final = 10_000
ACTIONS: Final = ("block_email", "block_ip", "unblock_email", "unblock_ip")
WORDS: Final = (
    "Who is not heard. GET shows `emails` and `ips`; POST takes `action` (block_email, block_ip, unblock_email, "
    "unblock_ip) with `email` or `ip`, and `reason`, as a form or JSON."
)


@dataclass(frozen=True, slots=True)
class BlocklistApi:
    """What holds for all domains; the lists of single ones are elsewhere."""

    directory: Directory
    door: Door

    def attach(self, app: web.Application) -> None:
        """Add both calls."""
        app.router.add_route("GET", PATH, self.door.guard(self.show))
        app.router.add_route("POST", PATH, self.door.guard(self.change))

    async def show(self, _request: web.Request, _who: Actor) -> web.Response:
        """The first ten thousand entries, in mu's two lists, and what is known of each."""
        entries = []
        async for entry in managing.list_all(self.directory, Side.BLOCK, domain=""):
            entries.append(entry)
            if len(entries) == SHOWN_MAX:
                break
        shown = [
            {
                "pattern": entry.pattern,
                "reason": entry.reason,
                "who": entry.who,
                "added_at": render_rfc3339(entry.added_at),
                "expires_at": None if entry.expires_at is None else render_rfc3339(entry.expires_at),
            }
            for entry in entries
        ]
        body = {
            "emails": [entry.pattern for entry in entries if not is_network(entry.pattern)],
            "ips": [entry.pattern for entry in entries if is_network(entry.pattern)],
            "entries": shown,
        }
        return web.json_response(body)

    async def change(self, request: web.Request, who: Actor) -> web.Response:
        """Block or unblock one; what is there already, or not there, is no fault."""
        wish = await _read(request)
        action = wish.get("action", "")
        if action not in ACTIONS:
            raise Refusal(400, f"action must be one of {', '.join(ACTIONS)}")
        kind = action.rpartition("_")[2]
        pattern = read_pattern(wish.get(kind, ""))
        if is_network(pattern) != (kind == "ip"):
            raise Refusal(400, f"{pattern} is no {kind}")
        if action.startswith("block"):
            new = managing.NewEntry(side=Side.BLOCK, pattern=pattern, reason=wish.get("reason", ""))
            await managing.add(self.directory.by(who), new)
            return web.json_response({"success": True, "blocked": pattern})
        try:
            await managing.remove(self.directory.by(who), Side.BLOCK, pattern)
        except NotFound:
            return web.json_response({"success": True, "unblocked": pattern, "was_blocked": False})
        return web.json_response({"success": True, "unblocked": pattern, "was_blocked": True})


async def _read(request: web.Request) -> dict[str, str]:
    """The fields, whatever they came as; Refusal."""
    if request.content_type != FORM:
        return {name: value for name, value in (await read_object(request)).items() if isinstance(value, str)}
    body = await request.content.read(FORM_MAX + 1)
    while len(body) <= FORM_MAX and (more := await request.content.read(FORM_MAX + 1 - len(body))):
        body += more
    if len(body) > FORM_MAX:
        raise Refusal(413, f"the form is larger than {FORM_MAX} bytes")
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=20, keep_blank_values=True))
    except (UnicodeDecodeError, ValueError):
        raise Refusal(400, "invalid form") from None
