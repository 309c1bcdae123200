"""STORE: change the flags of many placements in few statements, and keep the folder's counters and keywords."""

from collections import defaultdict
from typing import Final

from mailstead.ground.model.errors import LimitReached, NotFound
from mailstead.ground.model.flags import KEYWORDS_MAX, Flag, FlagOp, Flags, apply_flags
from mailstead.ground.model.ids import FolderId, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.store.port.placements import FlagRow
from mailstead.store.sql.removal import DELETED, SEEN
from mailstead.store.sql.runs import runs_of
from mailstead.store.sql.selection import UidText, uid_params
from mailstead.store.sql.session import Session

SET_BIT: Final = UidText.of("""
    UPDATE placement SET bits = bits + :bit, modseq = :modseq
     WHERE {uids} AND (bits & :bit) = 0
 RETURNING uid, bits, keywords, modseq""")

CLEAR_BIT: Final = UidText.of("""
    UPDATE placement SET bits = bits - :bit, modseq = :modseq
     WHERE {uids} AND (bits & :bit) <> 0
 RETURNING uid, bits, keywords, modseq""")

CHOSEN: Final = UidText.of("SELECT uid, bits, keywords, modseq FROM placement WHERE {uids} ORDER BY uid")

RESTATE: Final = UidText.of("""
    UPDATE placement SET bits = :bits, keywords = :keywords, modseq = :modseq
     WHERE {uids}""")

COUNT: Final = """
    UPDATE folder SET unseen = unseen + :unseen, deleted = deleted + :deleted, modseq = :modseq
     WHERE id = :folder AND removed_at IS NULL"""

REMEMBER: Final = """
    INSERT INTO folder_keyword (folder_id, word_key, word) VALUES (:folder, :key, :word)
        ON CONFLICT (folder_id, word_key) DO NOTHING"""

KEYWORDS: Final = "SELECT word FROM folder_keyword WHERE folder_id = :folder ORDER BY word_key"

State = tuple[int, str]
"""Bits and keywords as stored."""


async def store_flags(
    session: Session, folder: FolderId, uids: UidSet, op: FlagOp, flags: Flags, *,
    modseq: ModSeq, unchanged_since: ModSeq | None,
) -> tuple[list[FlagRow], UidSet]:  # fmt: skip
    """The rows that changed, and what `unchanged_since` kept from changing."""
    if not uids:
        return [], UidSet()
    bit = int(flags.bits)
    is_one_bit = bit and not bit & (bit - 1) and not flags.keywords and op is not FlagOp.REPLACE
    if is_one_bit and unchanged_since is None:
        return await _flip(session, folder, uids, bit, modseq, on=op is FlagOp.ADD), UidSet()
    rows, refused = await _chosen(session, folder, uids, unchanged_since)
    changed = await _restate(session, folder, rows, op, flags, modseq)
    if changed and flags.keywords and op is not FlagOp.REMOVE:
        await remember_keywords(session, folder, flags.words)
    return changed, refused


async def _flip(
    session: Session, folder: FolderId, uids: UidSet, bit: int, modseq: ModSeq, *, on: bool
) -> list[FlagRow]:
    """The common case, \\Seen or \\Deleted alone: what changed was the opposite, so nothing is read before."""
    text = (SET_BIT if on else CLEAR_BIT).pick(session, uids)
    rows = await session.rows(text, {"bit": bit, "modseq": modseq, **uid_params(folder, uids)})
    if rows:
        turned = len(rows) if on else -len(rows)
        unseen, deleted = -turned if bit == SEEN else 0, turned if bit == DELETED else 0
        await _count(session, folder, unseen, deleted, modseq)
    return sorted(map(FlagRow._make, rows))


async def _chosen(
    session: Session, folder: FolderId, uids: UidSet, unchanged_since: ModSeq | None
) -> tuple[list[FlagRow], UidSet]:
    rows = [FlagRow._make(row) for row in await session.rows(CHOSEN.pick(session, uids), uid_params(folder, uids))]
    if unchanged_since is None:
        return rows, UidSet()
    refused = UidSet(runs_of([row.uid for row in rows if row.modseq > unchanged_since]))
    return [row for row in rows if row.modseq <= unchanged_since], refused


async def _restate(
    session: Session, folder: FolderId, rows: list[FlagRow], op: FlagOp, flags: Flags, modseq: ModSeq
) -> list[FlagRow]:
    """One statement for each state that comes out; few come out, however many rows go in."""
    after: dict[State, State] = {}
    groups: dict[State, list[int]] = defaultdict(list)
    changed: list[FlagRow] = []
    unseen = deleted = 0
    for uid, bits, keywords, _ in rows:
        old = bits, keywords
        new = after.get(old) or after.setdefault(old, _applied(old, op, flags))
        if new != old:
            groups[new].append(uid)
            changed.append(FlagRow(uid, *new, modseq))
            unseen += (bits & SEEN) - (new[0] & SEEN)
            deleted += bool(new[0] & DELETED) - bool(bits & DELETED)
    for (bits, keywords), group in groups.items():
        chosen = UidSet(runs_of(group))
        values = {"bits": bits, "keywords": keywords, "modseq": modseq, **uid_params(folder, chosen)}
        await session.run(RESTATE.pick(session, chosen), values)
    if changed:
        await _count(session, folder, unseen, deleted, modseq)
    return changed


def _applied(old: State, op: FlagOp, flags: Flags) -> State:
    new = apply_flags(Flags(Flag(old[0]), old[1]), op, flags)
    if op is FlagOp.ADD and flags.keywords and len(new.words) > KEYWORDS_MAX:
        raise LimitReached(f"a message can have at most {KEYWORDS_MAX} keywords")
    return int(new.bits), new.keywords


async def _count(session: Session, folder: FolderId, unseen: int, deleted: int, modseq: ModSeq) -> None:
    values = {"folder": folder, "unseen": unseen, "deleted": deleted, "modseq": modseq}
    if not await session.run(COUNT, values):
        raise NotFound(f"folder {folder} is gone")


async def remember_keywords(session: Session, folder: FolderId, words: tuple[str, ...]) -> None:
    """Those the folder does not know yet."""
    await session.run_many(REMEMBER, [{"folder": folder, "key": word.lower(), "word": word} for word in words])


async def list_keywords(session: Session, folder: FolderId) -> list[str]:
    """Sorted without case."""
    return [word for (word,) in await session.rows(KEYWORDS, {"folder": folder})]
