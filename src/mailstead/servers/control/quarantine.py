"""`quarantine.*`: letters that are kept aside."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any, Final

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.errors import MailError
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.quarantine import NOBODY, KeptFilter, KeptLetter
from mailstead.servers.control import quarantine_args as a
from mailstead.servers.control import shapes
from mailstead.servers.control.desk import Desk, Json, Keepers, Operation, Say, Unavailable
from mailstead.services.quarantine.quarantine import PAGE_MAX
from mailstead.services.spool.filters import parse_id

KEPT: Final = "mailstead.kept-letter.v1"
MOVED: Final = "mailstead.kept-move.v1"
DIGESTS: Final = "mailstead.digests.v1"
CONTENT: Final = "mailstead.content.v1"
_CHUNK: Final = 192 * 1024


def kept_shape(kept: KeptLetter) -> dict[str, object]:
    """As answers and the API show it."""
    return {
        "schema": KEPT,
        "id": str(kept.id),
        "kept_at": render_rfc3339(kept.kept_at),
        "recipient": kept.recipient,
        "is_elsewhere": kept.account_id == NOBODY,
        "sender": kept.sender,
        "client_ip": kept.client_ip,
        "from": kept.author,
        "subject": kept.subject,
        "message_id": kept.message_id,
        "size": kept.size,
        "reason": kept.reason,
        "words": kept.words,
        "has_virus": kept.has_virus,
        "is_told": kept.is_told,
    }


def _keepers(desk: Desk) -> Keepers:
    if desk.keepers is None:
        raise Unavailable("there is no quarantine here")
    return desk.keepers


async def list_(desk: Desk, args: a.KeptList, say: Say) -> Json:
    """Latest first."""
    now = desk.directory.clock.now()
    wish = KeptFilter(
        domains=(canonical_domain(args.domain),) if args.domain else None,
        recipient=args.recipient,
        sender=args.sender,
        reason=args.reason,
        before=None if args.older_than is None else Instant(now - args.older_than),
    )
    count, below = 0, None
    while count < args.limit:
        wanted = min(PAGE_MAX, args.limit - count)
        page = await _keepers(desk).quarantine.page(wish, below=below, limit=wanted)
        for kept in page:
            await say({"row": kept_shape(kept)})
        count += len(page)
        if len(page) < wanted:
            break
        below = page[-1].id
    return {"schema": shapes.LIST, "count": count}


async def show(desk: Desk, args: a.KeptName, _say: Say) -> Json:
    """One of them."""
    return kept_shape(await _keepers(desk).quarantine.show(parse_id(args.id)))


async def view(desk: Desk, args: a.KeptName, say: Say) -> Json:
    """The octets, in rows of base64."""
    number, size = parse_id(args.id), 0
    async for piece in await _keepers(desk).quarantine.open(number, by=desk.directory.actor):
        size += len(piece)
        for offset in range(0, len(piece), _CHUNK):
            await say({"row": {"base64": base64.b64encode(piece[offset : offset + _CHUNK]).decode()}})
    return {"schema": CONTENT, "id": str(number), "size": size}


def _move(name: str) -> Callable[[Desk, a.KeptMove, Say], Awaitable[Json]]:
    async def run(desk: Desk, args: a.KeptMove, say: Say) -> Json:
        """Each for itself: what fails stops nothing else, unless it is the only one."""
        quarantine, numbers = _keepers(desk).quarantine, [parse_id(text) for text in args.ids]
        move = quarantine.release if name == "release" else quarantine.delete
        count = 0
        for number in numbers:
            try:
                kept = await move(number, by=desk.directory.actor, dry_run=args.dry_run)
            except MailError as error:
                if len(numbers) == 1:
                    raise
                await say({"row": {"id": str(number), "result": str(error)}})
                continue
            count += 1
            await say({"row": {**kept_shape(kept), "result": f"{name}d"}})
        return {"schema": MOVED, "move": name, "letters": count, "failed": len(numbers) - count}

    return run


async def digest(desk: Desk, args: a.DigestSend, _say: Say) -> Json:
    """To everybody who has news."""
    keepers, now = _keepers(desk), desk.directory.clock.now()
    count = await keepers.digests.count(now) if args.dry_run else await keepers.digests.send(now)
    return {"schema": DIGESTS, "digests": count}


QUARANTINE_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("quarantine.list", a.KeptList, list_),
    Operation("quarantine.show", a.KeptName, show),
    Operation("quarantine.view", a.KeptName, view),
    Operation("quarantine.release", a.KeptMove, _move("release")),
    Operation("quarantine.delete", a.KeptMove, _move("delete")),
    Operation("quarantine.digest", a.DigestSend, digest),
)
