"""`/api/queue`: the spool in the operator's hand, in the words of Elemta's API and with its fields."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

import msgspec
from aiohttp import web

from mailstead.ground.model.audit import Actor
from mailstead.ground.model.errors import Invalid, MailError, TooLarge
from mailstead.ground.model.spool import State
from mailstead.net.clock import Clock
from mailstead.servers.web.login import Gatekeeper
from mailstead.servers.web.refusals import Refused, answer, refusal_of
from mailstead.services.spool import showing
from mailstead.services.spool.filters import Filter, parse_id, parse_queue
from mailstead.services.spool.hand import Hand
from mailstead.services.spool.looking import AGES, PAGE_MAX, Entry, Mark
from mailstead.services.spool.orders import Done, Move, Order
from mailstead.services.spool.tracing import Tracing

BODY_MAX: Final = 64 * 1024
PAGE: Final = 100
_DIGITS_MAX: Final = 9

Text = Annotated[str, msgspec.Meta(max_length=1024)]
Handler = Callable[[web.Request, Actor], Awaitable[web.StreamResponse]]
_HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Wish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the body of a POST may say."""

    reason: Text = ""
    route: Text = ""
    expected: Annotated[int, msgspec.Meta(ge=0)] | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One row of the API; `words` are the reference page's."""

    method: str
    path: str
    words: str
    handler: "Callable[[QueueApi], Handler]"


@dataclass(frozen=True, slots=True)
class QueueApi:
    """What the calls are answered from."""

    hand: Hand
    tracing: Tracing
    gatekeeper: Gatekeeper
    clock: Clock

    def attach(self, app: web.Application) -> None:
        """Add all calls."""
        for call in CALLS:
            app.router.add_route(call.method, call.path, self._guarded(call.handler(self)))

    def _guarded(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                response = await handler(request, await self.gatekeeper.identify(request))
            except Refused as refused:
                response = answer(refused)
            except MailError as error:
                response = answer(refusal_of(error))
            if not response.prepared:
                response.headers.update(_HEADERS)
            return response

        return guarded

    async def page(self, request: web.Request, _who: Actor) -> web.Response:
        """Entries; the next page is named by the header Link (RFC 8288)."""
        query = request.query
        limit = _number(query.get("limit", str(PAGE)), "limit")
        wish = Filter(
            queues=parse_queue(request.match_info.get("type", "")),
            sender=query.get("sender", ""),
            recipient=query.get("recipient", ""),
            destination=query.get("destination", ""),
        )
        page = await self.hand.page(wish, after=_mark(query.get("after", "")), limit=min(limit, PAGE_MAX))
        headers = {}
        if page.after is not None:
            following = request.rel_url.update_query({"limit": str(limit), "after": "{}.{}".format(*page.after)})
            headers["Link"] = f'<{following}>; rel="next"'
        return web.json_response([show_entry(entry) for entry in page.entries], headers=headers)

    async def stats(self, _request: web.Request, _who: Actor) -> web.Response:
        """Counts."""
        return web.json_response(showing.show_stats(await self.hand.stats()))

    async def shape(self, _request: web.Request, _who: Actor) -> web.Response:
        """The matrix."""
        rows = [showing.show_row(row) for row in await self.hand.shape()]
        return web.json_response({"ages": [age // 1000 for age in AGES], "destinations": rows})

    async def lanes(self, _request: web.Request, _who: Actor) -> web.Response:
        """What is left alone."""
        now = self.clock.now()
        return web.json_response([showing.show_lane(lane, now) for lane in await self.hand.lanes()])

    async def letter(self, request: web.Request, who: Actor) -> web.StreamResponse:
        """One of them, as JSON or as its octets."""
        number = parse_id(request.match_info["id"])
        match request.query.get("format", "json"):
            case "raw":
                return await self._raw(request, who)
            case "json":
                dossier = await self.hand.show(number)
                first = dossier.entries[0].state
                entry = show_entry(Entry(dossier.letter, first, dossier.recipients))
                return web.json_response(entry | showing.show_letter(dossier))
            case other:
                raise Invalid(f"there is no format {other!r}: say json or raw")

    async def _raw(self, request: web.Request, who: Actor) -> web.StreamResponse:
        letter, octets = await self.hand.open(parse_id(request.match_info["id"]), by=who)
        name = f'attachment; filename="{letter.id}.eml"'
        response = web.StreamResponse(
            headers={"Content-Type": "message/rfc822", "Content-Disposition": name, **_HEADERS}
        )
        await response.prepare(request)
        async for piece in octets:
            await response.write(piece)
        await response.write_eof()
        return response

    async def trace(self, request: web.Request, _who: Actor) -> web.Response:
        """Its story."""
        return web.json_response(showing.show_trace(await self.tracing.find(request.match_info["id"])))

    async def flush(self, request: web.Request, who: Actor) -> web.Response:
        """Try now: this is where the word means something else than it does in Elemta, which deletes."""
        queues = parse_queue(request.match_info["type"])
        move = Move.RETRY if queues == (State.FAILED,) else Move.PROCESS
        return await self._do(request, Order(move=move, wish=Filter(queues=queues), by=who))

    async def drop(self, request: web.Request, who: Actor) -> web.Response:
        """Only if their number is known."""
        order = Order(move=Move.DROP, wish=Filter(queues=parse_queue(request.match_info["type"])), by=who)
        return await self._do(request, order, needs_count=True)

    def one(self, move: Move) -> Handler:
        """A move of the letter that the path names."""

        async def do(request: web.Request, who: Actor) -> web.Response:
            order = Order(move=move, wish=Filter(letter=parse_id(request.match_info["id"])), by=who)
            return await self._do(request, order)

        return do

    async def _do(self, request: web.Request, order: Order, *, needs_count: bool = False) -> web.Response:
        wish = await _read(request)
        if needs_count and wish.expected is None:
            raise Invalid('say how many letters you expect: {"expected": 12}')
        reason = wish.reason or (f"held by {order.by.name}" if order.move is Move.HOLD else "")
        said = replace(order, reason=reason, route=wish.route, expected=wish.expected, dry_run=wish.dry_run)
        done = await self.hand.do(said)
        shown = {"status": "success", "message": _words(done, dry_run=wish.dry_run)}
        return web.json_response(shown | showing.show_done(done))


def show_entry(entry: Entry) -> dict[str, Any]:
    """With Elemta's word for what is held."""
    return showing.show_entry(entry) | {"queue_type": showing.queue_word(entry.state)}


_DONE: Final[Mapping[Move, str]] = {
    Move.PROCESS: "told to be tried now",
    Move.RETRY: "told to be tried again",
    Move.HOLD: "held",
    Move.RELEASE: "released",
    Move.REROUTE: "sent another way",
    Move.BOUNCE: "given up and returned",
    Move.DROP: "dropped",
}


def _words(done: Done, *, dry_run: bool) -> str:
    would = "would be " if dry_run else ""
    words = f"{done.letters} letters to {done.recipients} recipients {would}{_DONE[done.move]}"
    return f"{words}; {done.busy} recipients are being tried right now" if done.busy else words


async def _read(request: web.Request) -> Wish:
    """The body, if there is any; TooLarge, Invalid."""
    if (request.content_length or 0) > BODY_MAX:
        raise TooLarge(f"a body has at most {BODY_MAX} bytes")
    body = b""
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > BODY_MAX:
            raise TooLarge(f"a body has at most {BODY_MAX} bytes")
    if not body.strip():
        return Wish()
    try:
        return msgspec.json.decode(body, type=Wish)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid(f"the body is not as expected: {error}") from error


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX):
        raise Invalid(f"{name} is a number")
    return int(text)


def _mark(text: str) -> Mark | None:
    if not text:
        return None
    letter, _, number = text.partition(".")
    return parse_id(letter), _number(number, "after")


def _one(method: str, tail: str, move: Move, words: str) -> Call:
    return Call(method, f"/api/queue/message/{{id}}{tail}", words, lambda api: api.one(move))


CALLS: Final = (
    Call("GET", "/api/queue", "All entries, oldest first: `?limit=` (100, at most 500), `?after=` as the header `Link` "
         "says, `?sender=`, `?recipient=`, `?destination=`.", lambda api: api.page),
    Call("GET", "/api/queue/stats", "Letters in each queue, all bytes, the oldest.", lambda api: api.stats),
    Call("GET", "/api/queue/shape", "Recipients by destination and age (seconds).", lambda api: api.shape),
    Call("GET", "/api/queue/lanes", "Destinations that are left alone for a while, and why.", lambda api: api.lanes),
    Call("GET", "/api/queue/message/{id}", "One letter with its recipients and attempts, settled ones too; "
         "`?format=raw`: its octets.", lambda api: api.letter),
    Call("GET", "/api/queue/message/{id}/trace", "Its story; `id` may be a Message-ID or the number of a reply.",
         lambda api: api.trace),
    _one("DELETE", "", Move.DROP, "Remove it; nobody is told."),
    _one("POST", "/retry", Move.RETRY, "Try it now, if it failed too."),
    _one("POST", "/hold", Move.HOLD, "Let nothing happen to it: `{\"reason\": ...}`."),
    _one("POST", "/release", Move.RELEASE, "Let it go on."),
    _one("POST", "/reroute", Move.REROUTE, "Send it another way: `{\"route\": \"smtp://host:25\"}`; `policy` takes it "
         "back."),
    _one("POST", "/bounce", Move.BOUNCE, "Give it up and tell its sender: `{\"reason\": ...}`."),
    Call("GET", "/api/queue/{type}", "The same of one queue: active, deferred, hold (or held), failed, all.",
         lambda api: api.page),
    Call("POST", "/api/queue/{type}/flush", "Try all of it now (Elemta deletes it: for that there is `drop`). What is "
         "held waits for `release`.", lambda api: api.flush),
    Call("POST", "/api/queue/{type}/drop", "Remove all of it, nobody is told: `{\"expected\": 12}`, and only if it is "
         "so many letters.", lambda api: api.drop),
)  # fmt: skip
"""In the order of matching: fixed paths before those with a name in them."""
