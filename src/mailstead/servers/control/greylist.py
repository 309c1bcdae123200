"""`greylist.*`: who was asked to come again, and who did."""

from typing import Any, Final

from mailstead.ground.formats.date import render_rfc3339
from mailstead.servers.control import args_blocks as a
from mailstead.servers.control import shapes
from mailstead.servers.control.desk import Desk, Json, Operation, Say
from mailstead.services.greylist import managing

TRIPLET: Final = "mailstead.greylist-triplet.v1"
FRIEND: Final = "mailstead.greylist-friend.v1"


async def list_(desk: Desk, args: a.GreylistList, say: Say) -> Json:
    """Triplets, the oldest first."""
    count = 0
    async for triplet, known in managing.list_triplets(desk.directory, domain=args.domain, only_waiting=args.waiting):
        row = {
            "schema": TRIPLET,
            "domain": triplet.domain,
            "client": triplet.client,
            "sender": triplet.sender or "<>",
            "recipient": triplet.recipient,
            "first_at": render_rfc3339(known.first_at),
            "passed_at": None if known.passed_at is None else render_rfc3339(known.passed_at),
            "seen_at": render_rfc3339(known.seen_at),
        }
        await say({"row": row})
        count += 1
    return {"schema": shapes.LIST, "count": count}


async def friends(desk: Desk, args: a.GreylistFriends, say: Say) -> Json:
    """Networks whose letters of a domain came again."""
    count = 0
    async for (domain, client, sender_domain), friend in managing.list_friends(desk.directory, domain=args.domain):
        row = {
            "schema": FRIEND,
            "domain": domain,
            "client": client,
            "sender_domain": sender_domain or "<>",
            "letters": friend.letters,
            "seen_at": render_rfc3339(friend.seen_at),
        }
        await say({"row": row})
        count += 1
    return {"schema": shapes.LIST, "count": count}


async def forget(desk: Desk, args: a.GreylistForget, _say: Say) -> Json:
    """Make strangers of those it knows."""
    gone = await managing.forget(
        desk.directory, domain=args.domain, client=args.client, sender=args.sender, dry_run=args.dry_run
    )
    return {"schema": shapes.REMOVAL, "count": gone, "undo": None}


GREYLIST_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("greylist.list", a.GreylistList, list_),
    Operation("greylist.friends", a.GreylistFriends, friends),
    Operation("greylist.forget", a.GreylistForget, forget),
)
