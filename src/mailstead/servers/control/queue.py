"""`queue.*` and `message.*`: the spool in the operator's hand, and letters handed in by the operator."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import SpoolId
from mailstead.servers.control import args as a
from mailstead.servers.control import shapes
from mailstead.servers.control.answers import say_rows
from mailstead.servers.control.desk import Desk, Json, Operation, Say, Unavailable
from mailstead.services.spool import showing
from mailstead.services.spool.filters import Filter, parse_id, parse_queue
from mailstead.services.spool.hand import Hand
from mailstead.services.spool.looking import AGES
from mailstead.services.spool.orders import Done, Move, Order

MATRIX: Final = "mailstead.queue-shape.v1"
CONTENT: Final = "mailstead.content.v1"
_HARMLESS: Final = (Move.PROCESS, Move.RETRY)
"""These may mean all there is without saying so."""
_CHUNK: Final = 192 * 1024


def _hand(desk: Desk) -> Hand:
    if desk.hand is None:
        raise Unavailable("there is no queue here")
    return desk.hand


async def _filter(desk: Desk, args: a.QueueFilter) -> Filter:
    account = None
    if args.account:
        address = desk.directory.address(args.account)
        account = await _hand(desk).account_of(address)
    return Filter(
        queues=parse_queue(args.queue),
        sender=args.sender,
        recipient=args.recipient,
        destination=args.destination,
        account=account,
        older_than=args.older_than,
        younger_than=args.younger_than,
        reason=args.reason,
    )


async def list_(desk: Desk, args: a.QueueList, say: Say) -> Json:
    """Entries, oldest first."""
    count = 0
    async for entry in _hand(desk).entries(await _filter(desk, args)):
        await say({"row": showing.show_entry(entry)})
        count += 1
        if count == args.limit:
            break
    return {"schema": shapes.LIST, "count": count}


async def show(desk: Desk, args: a.LetterId, _say: Say) -> Json:
    """All of a letter."""
    return showing.show_letter(await _hand(desk).show(parse_id(args.id)))


async def stats(desk: Desk, args: a.QueueFilter, _say: Say) -> Json:
    """Counts, bytes, the oldest."""
    return showing.show_stats(await _hand(desk).stats(await _filter(desk, args)))


async def shape(desk: Desk, args: a.QueueShape, say: Say) -> Json:
    """Recipients by destination and age."""
    rows = await _hand(desk).shape(await _filter(desk, args), args.limit)
    for row in rows:
        await say({"row": showing.show_row(row)})
    return {"schema": MATRIX, "count": len(rows), "ages": list(AGES)}


async def lanes(desk: Desk, args: a.QueueLanes, say: Say) -> Json:
    """Destinations that are left alone for now, or all."""
    found = await _hand(desk).lanes(only_paused=not args.all)
    return await say_rows(say, (showing.show_lane(lane, desk.directory.clock.now()) for lane in found))


def _move(move: Move) -> Callable[[Desk, a.QueueMove, Say], Awaitable[Json]]:
    async def run(desk: Desk, args: a.QueueMove, _say: Say) -> Json:
        """One order for each letter that is named, or one for all that the filter means."""
        wish = await _filter(desk, args)
        if wish.is_open and not args.ids and not args.every and move not in _HARMLESS:
            raise Invalid(f"{move.value} would mean whole queues: name letters or a filter, or say --all")
        order = Order(
            move=move,
            wish=wish,
            by=desk.directory.actor,
            reason=args.hold_reason,
            route=args.route,
            expected=args.expected,
            dry_run=args.dry_run,
        )
        return showing.show_done(await _do(_hand(desk), order, [parse_id(text) for text in args.ids]))

    return run


async def _do(hand: Hand, order: Order, letters: Sequence[SpoolId]) -> Done:
    """Letters that are named are expected to be so many."""
    if not letters:
        return await hand.do(order)
    if order.expected not in (None, len(letters)):
        raise Invalid(f"{order.expected} letters are expected, and {len(letters)} are named")
    done = [await hand.do(replace(order, wish=replace(order.wish, letter=one), expected=None)) for one in letters]
    heads = {one.undo[:-1] if one.undo else None for one in done}
    head = next(iter(heads)) if len(heads) == 1 else None
    return Done(
        move=order.move,
        letters=sum(one.letters for one in done),
        recipients=sum(one.recipients for one in done),
        busy=sum(one.busy for one in done),
        size=sum(one.size for one in done),
        undo=(*head, *map(str, letters)) if head else None,
    )


async def view(desk: Desk, args: a.LetterId, say: Say) -> Json:
    """The octets, in rows of base64."""
    letter, octets = await _hand(desk).open(parse_id(args.id), by=desk.directory.actor)
    async for piece in octets:
        for offset in range(0, len(piece), _CHUNK):
            await say({"row": {"base64": base64.b64encode(piece[offset : offset + _CHUNK]).decode()}})
    return {"schema": CONTENT, "id": str(letter.id), "size": letter.size}


async def trace(desk: Desk, args: a.TraceName, _say: Say) -> Json:
    """The story of a letter, by any of its names."""
    if desk.tracing is None:
        raise Unavailable("there is nothing to trace here")
    return {**showing.show_trace(await desk.tracing.find(args.id)), "id": args.id}


async def send(desk: Desk, args: a.MessageSend, _say: Say) -> Json:
    """Hand in a letter as one of our own people."""
    if desk.mailing is None:
        raise Unavailable("only a running server takes letters, and only one that lets people submit")
    try:
        content = base64.b64decode(args.base64, validate=True)
    except binascii.Error as error:
        raise Invalid(f"the letter is not in base64: {error}") from error
    sender, recipients = desk.directory.address(args.sender), list(map(desk.directory.address, args.recipients))
    sent = await desk.mailing.send(sender, recipients, content, dry_run=args.dry_run)
    return {
        "schema": "mailstead.sent.v1",
        "id": str(sent.id),
        "recipients": [{"address": address, "result": result} for address, result in sent.results],
    }


QUEUE_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("queue.list", a.QueueList, list_),
    Operation("queue.show", a.LetterId, show),
    Operation("queue.stats", a.QueueFilter, stats),
    Operation("queue.shape", a.QueueShape, shape),
    Operation("queue.lanes", a.QueueLanes, lanes),
    *(Operation(f"queue.{move.value}", a.QueueMove, _move(move)) for move in Move),
    Operation("queue.view", a.LetterId, view),
    Operation("message.trace", a.TraceName, trace),
    Operation("message.send", a.MessageSend, send),
)
