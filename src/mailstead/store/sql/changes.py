"""What happened to an account, one row per event, clustered by account and modseq."""

import operator
from itertools import takewhile
from typing import Final

from mailstead.ground.model.change import Change, ChangeKind
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import AccountId, Instant, ModSeq
from mailstead.ground.model.uidset import UidSet
from mailstead.store.sql.session import Row, Session

INSERT: Final = """
    INSERT INTO change (account_id, modseq, seq, folder_id, kind, uids, at)
    VALUES (:account, :modseq,
            (SELECT COUNT(*) FROM change WHERE account_id = :account AND modseq = :modseq), -- MAX takes 6 us more
            :folder, :kind, :uids, :now)"""

LIST: Final = """
    SELECT modseq, folder_id, kind, uids, seq FROM change
     WHERE account_id = :account AND modseq > :after
     ORDER BY modseq, seq LIMIT :limit"""

LIST_REST: Final = """
    SELECT modseq, folder_id, kind, uids FROM change
     WHERE account_id = :account AND modseq = :modseq AND seq > :seq
     ORDER BY seq"""

OLDEST: Final = "SELECT forgotten_modseq FROM account WHERE id = :account AND status <> 'deleted'"

STALE_ACCOUNTS: Final = """
    SELECT id FROM account WHERE changes_since < :before ORDER BY changes_since LIMIT :limit"""

FIRST_CHANGES: Final = """
    SELECT modseq, at FROM change WHERE account_id = :account ORDER BY modseq, seq LIMIT :limit"""

FORGET: Final = "DELETE FROM change WHERE account_id = :account AND modseq <= :modseq"

SET_FORGOTTEN: Final = """
    UPDATE account SET forgotten_modseq = CASE WHEN forgotten_modseq < :modseq THEN :modseq ELSE forgotten_modseq END,
                       changes_since = :since
     WHERE id = :account"""

FORGET_ACCOUNTS: Final = 20
"""Accounts looked at in one step of forgetting."""


async def insert_change(session: Session, change: Change, now: Instant) -> None:
    """Record one event behind those of the same modseq."""
    values = {
        "account": change.account_id,
        "modseq": change.modseq,
        "folder": change.folder_id,
        "kind": change.kind.value,
        "uids": str(change.uids),
        "now": now,
    }
    await session.run(INSERT, values)


async def list_changes(session: Session, account: AccountId, after: ModSeq, limit: int) -> list[Change]:
    """In order; a modseq is never cut in two, so that the last one is where to go on."""
    rows = await session.rows(LIST, {"account": account, "after": after, "limit": limit})
    if len(rows) == limit:
        rest = {"account": account, "modseq": rows[-1][0], "seq": rows[-1][4]}
        rows += await session.rows(LIST_REST, rest)
    return [_change_of(account, row) for row in rows]


def _change_of(account: AccountId, row: Row) -> Change:
    return Change(account, ModSeq(row[0]), row[1], ChangeKind(row[2]), UidSet.parse(row[3]))


async def oldest_change(session: Session, account: AccountId) -> ModSeq:
    """Events up to and including it may be gone."""
    row = await session.row(OLDEST, {"account": account})
    if row is None:
        raise NotFound(f"account {account} is gone")
    return ModSeq(row[0])


async def forget_changes(session: Session, before: Instant, limit: int) -> int:
    """One step over the accounts that may have events older than `before`; an account looked at counts as one row."""
    stale = await session.rows(STALE_ACCOUNTS, {"before": before, "limit": min(FORGET_ACCOUNTS, limit)})
    passed = 0
    for (account,) in sorted(stale):  # accounts are locked in ascending id, as everywhere
        if passed >= limit:
            break
        passed += 1 + await _forget(session, account, before, limit - passed)
    return passed


async def _forget(session: Session, account: AccountId, before: Instant, limit: int) -> int:
    """Of one account; its `changes_since` moves to what is left."""
    rows = await session.rows(FIRST_CHANGES, {"account": account, "limit": limit + 1})
    old = list(takewhile(lambda row: row[1] < before, rows[:limit]))
    since = rows[len(old)][1] if len(old) < len(rows) else before
    forgotten = old[-1][0] if old else 0
    await session.run(SET_FORGOTTEN, {"account": account, "modseq": forgotten, "since": since})
    if not old:
        return 0
    return await session.run(FORGET, {"account": account, "modseq": forgotten})


async def drop_changes(session: Session, account: AccountId, limit: int) -> int:
    """About `limit` events of a buried account, whatever their age."""
    rows = await session.rows(FIRST_CHANGES, {"account": account, "limit": limit})
    if not rows:
        return 0
    last = max(map(operator.itemgetter(0), rows))
    return await session.run(FORGET, {"account": account, "modseq": last})
