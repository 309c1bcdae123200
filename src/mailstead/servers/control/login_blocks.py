"""`blocks.*`: who is not heard at logins, because too many failed from there; `limits.show`: how much is used."""

from typing import Any, Final

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.block import LoginBlock
from mailstead.servers.control import args as a
from mailstead.servers.control.answers import say_rows
from mailstead.servers.control.desk import Desk, Json, Operation, Say, Unavailable
from mailstead.services.limits import blocks
from mailstead.services.limits.showing import Use

BLOCK: Final = "mailstead.login-block.v1"
USE: Final = "mailstead.limit-use.v1"
REMOVAL: Final = "mailstead.login-block-removal.v1"


class BlockRemove(a.Change, frozen=True, kw_only=True):
    """`blocks.remove`: at one domain, or wherever it is blocked."""

    subject: a.Text
    domain: a.Text | None = None


class LimitsShow(a.Args, frozen=True, kw_only=True):
    """`limits.show`: without a domain the server's own."""

    who: a.Text
    domain: a.Text | None = None


async def list_(desk: Desk, _args: a.Nothing, say: Say) -> Json:
    """Those in force."""
    return await say_rows(say, map(_shape, await blocks.list_blocks(desk.directory)))


async def remove(desk: Desk, args: BlockRemove, _say: Say) -> Json:
    """Hear them again. It cannot be undone: whoever fails again is blocked again."""
    removed = await blocks.remove_block(desk.directory, args.subject, args.domain, dry_run=args.dry_run)
    return {"schema": REMOVAL, "removed": [_shape(block) for block in removed], "undo": None}


async def show(desk: Desk, args: LimitsShow, say: Say) -> Json:
    """What has been counted of somebody, beside what they may."""
    if desk.limits is None:
        raise Unavailable("no server is running, and counts are its own")
    domain = args.domain or desk.directory.default_domain
    uses, is_exempt = await desk.limits.look(args.who, domain), await desk.limits.is_exempt(args.who)
    return await say_rows(say, ({**_use_shape(use), "exempt": is_exempt} for use in uses))


def _use_shape(use: Use) -> dict[str, object]:
    return {
        "schema": USE,
        "field": use.column,
        "subject": use.subject,
        "domain": use.domain,
        "count": use.count,
        "limit": use.rate.count,
        "window_minutes": use.rate.window_minutes,
    }


def _shape(block: LoginBlock) -> dict[str, object]:
    return {
        "schema": BLOCK,
        "subject": block.subject,
        "domain": block.domain,
        "failures": block.failures,
        "since": render_rfc3339(block.began_at),
        "until": render_rfc3339(block.until),
    }


LOGIN_BLOCK_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("blocks.list", a.Nothing, list_),
    Operation("blocks.remove", BlockRemove, remove),
    Operation("limits.show", LimitsShow, show),
)
