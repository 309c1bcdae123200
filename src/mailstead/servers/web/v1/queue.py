"""`/queue`: letters that wait to leave. A domain-admin sees those that leave in the name of a domain of theirs."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec

from mailstead.ground.model.errors import Invalid, NotFound
from mailstead.ground.model.ids import SpoolId
from mailstead.ground.model.permission import Reach, Verb
from mailstead.ground.model.spool import SpooledLetter
from mailstead.servers.web.v1.cursors import read_cursor, write_cursor
from mailstead.servers.web.v1.endpoint import AnyCall, Body, Call, Endpoint, Page, PageQuery, Query, Text
from mailstead.services.spool import showing
from mailstead.services.spool.filters import Filter, parse_id, parse_queue
from mailstead.services.spool.looking import Dossier
from mailstead.services.spool.orders import Move, Order


class QueuedShown(msgspec.Struct, frozen=True, kw_only=True):
    """One letter in one queue: `active`, `deferred`, `held` or `failed`."""

    id: str
    queue: str
    sender: str
    recipients: list[str]
    destination: str
    subject: str
    size: int
    received_at: str
    expires_at: str
    next_retry: str | None
    attempts: int
    last_error: str
    hold_reason: str


class RecipientShown(msgspec.Struct, frozen=True, kw_only=True):
    """How far one recipient has come."""

    address: str
    state: str
    destination: str
    attempts: int
    next_retry: str | None
    last_reply: str
    hint: str


class LetterShown(msgspec.Struct, frozen=True, kw_only=True):
    """All of a letter, settled recipients too."""

    id: str
    sender: str
    subject: str
    message_id: str
    size: int
    received_at: str
    expires_at: str
    settled_at: str | None
    recipients: list[RecipientShown]


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What was done. `busy` recipients were being tried at that moment, and left alone."""

    id: str
    action: str
    recipients: int
    busy: int


class Reason(Body, frozen=True, kw_only=True):
    """Why: of a hold it is required, and a returned letter tells it to its sender."""

    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class QueueQuery(PageQuery, frozen=True, kw_only=True):
    """`sender` and `recipient` are addresses or `@domain`; `domain` is one of ours that sent it."""

    queue: Text = ""
    domain: Text = ""
    sender: Text = ""
    recipient: Text = ""
    destination: Text = ""


def _show(entry: Any) -> QueuedShown:
    row = showing.show_entry(entry)
    return QueuedShown(
        id=row["id"], queue=row["queue_type"], sender=row["from"], recipients=row["to"],
        destination=row["destination"], subject=row["subject"], size=row["size"], received_at=row["received_at"],
        expires_at=row["expires_at"], next_retry=row["next_retry"], attempts=row["retry_count"],
        last_error=row["last_error"], hold_reason=row["hold_reason"],
    )  # fmt: skip


def _show_letter(dossier: Dossier) -> LetterShown:
    row = showing.show_letter(dossier)
    names = RecipientShown.__struct_fields__
    return LetterShown(
        id=row["id"], sender=row["from"], subject=row["subject"], message_id=row["message_id"], size=row["size"],
        received_at=row["created_at"], expires_at=row["expires_at"], settled_at=row["settled_at"],
        recipients=[RecipientShown(**{name: one[name] for name in names}) for one in row["recipients"]],
    )  # fmt: skip


def _is_seen(call: AnyCall, letter: SpooledLetter) -> bool:
    """By the domain of ours in whose name it leaves: anybody may write any sender."""
    return call.sight.sees_domain(letter.domain)


async def _find(call: AnyCall) -> Dossier:
    number = parse_id(call.params["id"])
    dossier = await call.site.hand.show(number)
    if not _is_seen(call, dossier.letter):
        raise NotFound(f"there is no letter {number} in the spool")
    return dossier


async def list_(call: Call[QueueQuery, None]) -> Page[QueuedShown]:
    """Oldest first; a letter stays whole."""
    query = call.query
    wish = Filter(
        queues=parse_queue(query.queue), sender=_sender(call), recipient=query.recipient, destination=query.destination
    )
    page = await call.site.hand.page(wish, after=_mark(query.cursor), limit=query.limit)
    following = write_cursor("{}.{}".format(*page.after)) if page.after is not None else None
    return Page(items=[_show(entry) for entry in page.entries if _is_seen(call, entry.letter)], next=following)


def _sender(call: Call[QueueQuery, None]) -> str:
    """Held to a domain that they see."""
    query = call.query
    domain = query.domain
    if call.sight.reach is not Reach.ALL and not query.sender and not domain:
        names = call.sight.domains or ()
        if len(names) != 1:
            raise Invalid(f"say which domain you mean: {', '.join(names)}")
        domain = names[0]
    if domain:
        if query.sender:
            raise Invalid("say a sender or a domain")
        return f"@{call.sight.need_domain(domain.lower())}"
    if query.sender:
        call.sight.need_domain(query.sender.rpartition("@")[2].lower())
    return query.sender


def _mark(cursor: str) -> tuple[SpoolId, int] | None:
    if not cursor:
        return None
    letter, _, number = read_cursor(cursor).partition(".")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise Invalid("that is no cursor of this list: take `next` of the page before")
    return parse_id(letter), int(number)


async def show(call: Call[Query, None]) -> LetterShown:
    """With every recipient."""
    return _show_letter(await _find(call))


def _move(move: Move) -> Callable[[Call[Query, Any]], Awaitable[Moved]]:
    async def do(call: Call[Query, Any]) -> Moved:
        """Of one letter, told in its story and in the audit."""
        dossier = await _find(call)
        reason = call.body.reason if call.body is not None else ""
        order = Order(
            move=move, wish=Filter(letter=dossier.letter.id), by=call.caller.actor,
            reason=reason or (f"held by {call.caller.actor.name}" if move is Move.HOLD else ""),
        )  # fmt: skip
        done = await call.site.hand.do(order)
        return Moved(id=str(dossier.letter.id), action=move.value, recipients=done.recipients, busy=done.busy)

    return do


def _row(move: Move, method: str, tail: str, words: str) -> Endpoint:
    return Endpoint(
        method=method, path=f"/queue/{{id}}{tail}", name=f"queue.{move.value}", act=_move(move), answer=Moved,
        body=Reason if move in (Move.HOLD, Move.BOUNCE) else None, resource="queue", verb=Verb.WRITE, words=words,
        refusals=(404, 409),
    )  # fmt: skip


ENDPOINTS: Final = (
    Endpoint(method="GET", path="/queue", name="queue.list", act=list_, query=QueueQuery, answer=Page[QueuedShown],
             resource="queue", words="What waits, oldest first.", refusals=(404,)),
    Endpoint(method="GET", path="/queue/{id}", name="queue.show", act=show, answer=LetterShown, resource="queue",
             words="One letter with its recipients.", refusals=(404,)),
    _row(Move.RETRY, "POST", "/retry", "Try it now, if it failed too."),
    _row(Move.HOLD, "POST", "/hold", "Let nothing happen to it."),
    _row(Move.RELEASE, "POST", "/release", "Let it go on."),
    _row(Move.BOUNCE, "POST", "/bounce", "Give it up, and tell its sender."),
    _row(Move.DROP, "DELETE", "", "Remove it; nobody is told."),
)  # fmt: skip
