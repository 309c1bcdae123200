"""`blocks.*`: who is not heard at logins, because too many failed from there."""

from typing import Any, Final

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.block import LoginBlock
from mailstead.servers.control import args as a
from mailstead.servers.control.answers import say_rows
from mailstead.servers.control.desk import Desk, Json, Operation, Say
from mailstead.services.limits import blocks

BLOCK: Final = "mailstead.login-block.v1"
REMOVAL: Final = "mailstead.login-block-removal.v1"


class BlockRemove(a.Change, frozen=True, kw_only=True):
    """`blocks.remove`: at one domain, or wherever it is blocked."""

    subject: a.Text
    domain: a.Text | None = None


async def list_(desk: Desk, _args: a.Nothing, say: Say) -> Json:
    """Those in force."""
    return await say_rows(say, map(_shape, await blocks.list_blocks(desk.directory)))


async def remove(desk: Desk, args: BlockRemove, _say: Say) -> Json:
    """Hear them again. It cannot be undone: whoever fails again is blocked again."""
    removed = await blocks.remove_block(desk.directory, args.subject, args.domain, dry_run=args.dry_run)
    return {"schema": REMOVAL, "removed": [_shape(block) for block in removed], "undo": None}


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
)
