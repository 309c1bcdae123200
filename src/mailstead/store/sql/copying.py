"""COPY: the same messages placed once more, numbered in the order of their UIDs."""

from typing import Final

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import FolderId, Instant, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.store.port.placements import Copied
from mailstead.store.sql.flagging import remember_keywords
from mailstead.store.sql.removal import tally
from mailstead.store.sql.runs import runs_of
from mailstead.store.sql.selection import UidText, uid_params
from mailstead.store.sql.session import Session

SOURCES: Final = UidText.of("SELECT uid, keywords, bits, size FROM placement WHERE {uids} ORDER BY uid")

COUNT_IN: Final = """
    UPDATE folder SET uidnext = uidnext + :messages, messages = messages + :messages, unseen = unseen + :unseen,
                      deleted = deleted + :deleted, size = size + :size, modseq = :modseq
     WHERE id = :folder AND removed_at IS NULL
 RETURNING uidnext - 1"""

COPY: Final = UidText.of("""
    INSERT INTO placement (folder_id, uid, message_id, bits, keywords, modseq, size, internal_date, saved_at)
    SELECT :target, :before + row_number() OVER (ORDER BY uid), message_id, bits, keywords, :modseq, size,
           internal_date, :now
      FROM placement WHERE {uids}""")


async def copy_placements(
    session: Session, source: FolderId, uids: UidSet, target: FolderId, *, modseq: ModSeq, now: Instant
) -> Copied:
    """Three statements, whatever the number; one more if there are keywords."""
    if not uids:
        return Copied(UidSet(), UidSet())
    chosen = uid_params(source, uids)
    rows = await session.rows(SOURCES.pick(session, uids), chosen)
    if not rows:
        return Copied(UidSet(), UidSet())
    row = await session.row(COUNT_IN, {"folder": target, "modseq": modseq, **tally(rows)})
    if row is None:
        raise NotFound(f"folder {target} is gone")
    last = row[0]
    before = last - len(rows)
    values = {**chosen, "target": target, "before": before, "modseq": modseq, "now": now}
    await session.run(COPY.pick(session, uids), values)
    words = {word for keywords in {row[1] for row in rows} for word in keywords.split()}
    if words:
        await remember_keywords(session, target, tuple(sorted(words)))
    return Copied(UidSet(runs_of([row[0] for row in rows])), UidSet(((before + 1, last),)))
