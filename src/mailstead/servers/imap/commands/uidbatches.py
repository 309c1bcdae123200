"""UIDBATCHES (RFC 10022): ranges of UIDs that cut the folder into batches, the newest messages first."""

from collections.abc import Iterator
from typing import Final

from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import resync
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.resync import UidBatches
from mailstead.servers.imap.reply import Reply, bad, no, ok
from mailstead.servers.imap.session import Session

SIZE_MIN: Final = 500
"""RFC 10022 §3.1.3.2: so that batches are no message numbers by another name."""
SPAN_MAX: Final = 100_000
"""RFC 10022 §3.1.5: messages in the batches of one answer, where the client says which it wants."""


async def uidbatches(session: Session, command: UidBatches) -> Reply:
    """Batch 1 holds the highest UIDs."""
    if command.size < SIZE_MIN:
        return no(f"At least {SIZE_MIN} messages in a batch", Code.TOOFEW)
    told = session.in_folder.numbering.told
    first, last = command.batches or (1, len(told) // command.size + 1)
    if first > last:
        return bad("The lower batch comes first", Code.CLIENTBUG)
    if command.batches is not None and (last - first + 1) * command.size > SPAN_MAX:
        return no(f"Batches of at most {SPAN_MAX} messages together", Code.TOOMANY)
    session.send(resync.uidbatches(session.tag, list_ranges(told, command.size, first, last)))
    return ok("UIDBATCHES completed")


def list_ranges(told: UidSet, size: int, first: int, last: int) -> Iterator[tuple[int, int]]:
    """(highest, lowest); the last batch of the folder ends with 1 (RFC 10022 §3.1.4), the others where one begins."""
    top = len(told) - (first - 1) * size
    for number in range(top, max(0, top - (last - first + 1) * size), -size):
        high = told.uid(number) if number == len(told) else told.uid(number + 1) - 1
        yield high, told.uid(number - size + 1) if number > size else 1
