"""What our own spam filter learned, within units."""

from collections.abc import Mapping, Sequence
from typing import Final

from mailstead.ground.formats.spam.lore import CELL_MAX, PAGE, read_page, write_page
from mailstead.ground.model.ids import AccountId, Instant, ModSeq
from mailstead.store.port.learning import LoreMark, Name, Standing, StoredLesson
from mailstead.store.sql.session import Session

MARK: Final = "SELECT version, tokens, spam, ham FROM spam_lore WHERE scope = :scope"

PAGES: Final = "SELECT page, cells FROM spam_page WHERE scope = :scope AND version > :after ORDER BY page LIMIT 256"

# Made or touched: either way the row is locked until the end of the unit.
HOLD: Final = """
    INSERT INTO spam_lore (scope, version, tokens, spam, ham) VALUES (:scope, 1, :tokens, 0, 0)
        ON CONFLICT (scope) DO UPDATE SET version = spam_lore.version + 1
 RETURNING version, tokens, spam, ham"""

COUNT: Final = "UPDATE spam_lore SET tokens = :tokens, spam = :spam, ham = :ham WHERE scope = :scope"

PAGE_CELLS: Final = "SELECT cells FROM spam_page WHERE scope = :scope AND page = :page"

PUT_PAGE: Final = """
    INSERT INTO spam_page (scope, page, version, cells) VALUES (:scope, :page, :version, :cells)
        ON CONFLICT (scope, page) DO UPDATE SET version = excluded.version, cells = excluded.cells"""

BLANK_PAGES: Final = "UPDATE spam_page SET version = :version, cells = :cells WHERE scope = :scope"

DROP_LESSONS: Final = "DELETE FROM spam_lesson WHERE account_id = :scope"

FIND_LESSON: Final = """
    SELECT is_spam, shared_step, own_step, at FROM spam_lesson WHERE account_id = :account AND letter = :letter"""

PUT_LESSON: Final = """
    INSERT INTO spam_lesson (account_id, letter, is_spam, shared_step, own_step, at)
    VALUES (:account, :letter, :is_spam, :shared_step, :own_step, :at)
        ON CONFLICT (account_id, letter) DO UPDATE
       SET is_spam = excluded.is_spam, shared_step = excluded.shared_step, own_step = excluded.own_step,
           at = excluded.at"""

DROP_LESSON: Final = "DELETE FROM spam_lesson WHERE account_id = :account AND letter = :letter"

CURSOR: Final = "SELECT modseq FROM spam_cursor WHERE account_id = :account"

SET_CURSOR: Final = """
    INSERT INTO spam_cursor (account_id, modseq) VALUES (:account, :modseq)
        ON CONFLICT (account_id) DO UPDATE SET modseq = excluded.modseq"""

STANDING: Final = """
    SELECT good, bad, at FROM spam_reputation WHERE account_id = :account AND kind = :kind AND name = :name"""

PUT_STANDING: Final = """
    INSERT INTO spam_reputation (account_id, kind, name, good, bad, at)
    VALUES (:account, :kind, :name, :good, :bad, :at)
        ON CONFLICT (account_id, kind, name) DO UPDATE
       SET good = excluded.good, bad = excluded.bad, at = excluded.at"""

COUNT_SENT: Final = "SELECT COUNT(*) FROM spam_sent WHERE account_id = :account AND letter {in_ids}"

NOTE_SENT: Final = """
    INSERT INTO spam_sent (account_id, letter, at) VALUES (:account, :letter, :now) ON CONFLICT DO NOTHING"""

FORGET_STANDINGS: Final = """
    DELETE FROM spam_reputation WHERE (account_id, kind, name) IN (
           SELECT r.account_id, r.kind, r.name FROM spam_reputation r
            WHERE r.at < :before ORDER BY r.at LIMIT :limit)"""

FORGET_SENT: Final = """
    DELETE FROM spam_sent WHERE (account_id, letter) IN (
           SELECT s.account_id, s.letter FROM spam_sent s WHERE s.at < :before ORDER BY s.at LIMIT :limit)"""

FORGET_LESSONS: Final = """
    DELETE FROM spam_lesson WHERE (account_id, letter) IN (
           SELECT l.account_id, l.letter FROM spam_lesson l WHERE l.at < :before ORDER BY l.at LIMIT :limit)"""

_ORPHAN: Final = "NOT IN (SELECT a.id FROM account a WHERE a.status <> 'deleted')"

FORGET_ORPHANS: Final = (
    f"""
    DELETE FROM spam_page WHERE (scope, page) IN (
           SELECT p.scope, p.page FROM spam_page p WHERE p.scope <> 0 AND p.scope {_ORPHAN} LIMIT :limit)""",  # noqa: S608 - words of ours
    f"""
    DELETE FROM spam_lore WHERE scope IN (
           SELECT l.scope FROM spam_lore l WHERE l.scope <> 0 AND l.scope {_ORPHAN} LIMIT :limit)""",  # noqa: S608 - words of ours
    f"""
    DELETE FROM spam_lesson WHERE (account_id, letter) IN (
           SELECT l.account_id, l.letter FROM spam_lesson l WHERE l.account_id <> 0 AND l.account_id {_ORPHAN}
            LIMIT :limit)""",  # noqa: S608 - words of ours
    f"""
    DELETE FROM spam_reputation WHERE (account_id, kind, name) IN (
           SELECT r.account_id, r.kind, r.name FROM spam_reputation r WHERE r.account_id {_ORPHAN} LIMIT :limit)""",  # noqa: S608 - words of ours
    f"""
    DELETE FROM spam_sent WHERE (account_id, letter) IN (
           SELECT s.account_id, s.letter FROM spam_sent s WHERE s.account_id {_ORPHAN} LIMIT :limit)""",  # noqa: S608 - words of ours
    f"""
    DELETE FROM spam_cursor WHERE account_id IN (
           SELECT c.account_id FROM spam_cursor c WHERE c.account_id {_ORPHAN} LIMIT :limit)""",  # noqa: S608 - words of ours
)  # fmt: skip


class SqlLearning:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def mark(self, scope: AccountId) -> LoreMark:
        """One row."""
        row = await self._session.row(MARK, {"scope": scope})
        return LoreMark(*row) if row is not None else LoreMark()

    async def pages(self, scope: AccountId, *, after: int) -> list[tuple[int, bytes]]:
        """A range of the key."""
        rows = await self._session.rows(PAGES, {"scope": scope, "after": after})
        return [(page, bytes(cells)) for page, cells in rows]

    async def hold(self, scope: AccountId, *, tokens: int, spam: int, ham: int) -> LoreMark:
        """Locked first, then counted."""
        row = await self._session.row(HOLD, {"scope": scope, "tokens": tokens})
        assert row is not None, "made or touched"
        before = LoreMark(*row)
        if before.tokens != tokens:
            blank = {"scope": scope, "version": before.version, "cells": bytes(4 * PAGE)}
            await self._session.run(BLANK_PAGES, blank)
            await self._session.run(DROP_LESSONS, {"scope": scope})
            before = LoreMark(before.version, tokens)
        after = LoreMark(before.version, tokens, max(0, before.spam + spam), max(0, before.ham + ham))
        await self._session.run(COUNT, {"scope": scope, "tokens": tokens, "spam": after.spam, "ham": after.ham})
        return after

    async def add_to_pages(self, scope: AccountId, version: int, steps: Mapping[int, Mapping[int, int]]) -> None:
        """Read and written one by one, in order; the lore is held."""
        for number in sorted(steps):
            row = await self._session.row(PAGE_CELLS, {"scope": scope, "page": number})
            page = read_page(bytes(row[0]) if row is not None else bytes(4 * PAGE))
            for cell, step in steps[number].items():
                page[cell] = max(-CELL_MAX, min(CELL_MAX, page[cell] + step))
            values = {"scope": scope, "page": number, "version": version, "cells": write_page(page)}
            await self._session.run(PUT_PAGE, values)

    async def find_lesson(self, account: AccountId, letter: str) -> StoredLesson | None:
        """One row."""
        row = await self._session.row(FIND_LESSON, {"account": account, "letter": letter})
        if row is None:
            return None
        is_spam, shared, own, at = row
        return StoredLesson(
            account_id=account, letter=letter, is_spam=bool(is_spam), shared_step=shared, own_step=own, at=Instant(at)
        )

    async def put_lesson(self, lesson: StoredLesson) -> None:
        """One row."""
        values = {
            "account": lesson.account_id, "letter": lesson.letter, "is_spam": int(lesson.is_spam),
            "shared_step": lesson.shared_step, "own_step": lesson.own_step, "at": lesson.at,
        }  # fmt: skip
        await self._session.run(PUT_LESSON, values)

    async def drop_lesson(self, account: AccountId, letter: str) -> None:
        """One row."""
        await self._session.run(DROP_LESSON, {"account": account, "letter": letter})

    async def standing(self, account: AccountId, name: Name) -> Standing:
        """One row."""
        row = await self._session.row(STANDING, {"account": account, "kind": name.kind.value, "name": name.name})
        return Standing(row[0], row[1], Instant(row[2])) if row is not None else Standing()

    async def put_standing(self, account: AccountId, name: Name, standing: Standing) -> None:
        """One row."""
        values = {
            "account": account, "kind": name.kind.value, "name": name.name, "good": standing.good,
            "bad": standing.bad, "at": standing.at,
        }  # fmt: skip
        await self._session.run(PUT_STANDING, values)

    async def count_sent(self, account: AccountId, letters: Sequence[int]) -> int:
        """A look at each key."""
        text = self._session.dialect.fill(COUNT_SENT)
        row = await self._session.row(text, {"account": account, "ids": str(list(letters))})
        return int(row[0]) if row is not None else 0

    async def note_sent(self, account: AccountId, letters: Sequence[int], now: Instant) -> None:
        """In order, so that two units that write the same ones do not wait for each other."""
        rows = [{"account": account, "letter": letter, "now": now} for letter in sorted(set(letters))]
        await self._session.run_many(NOTE_SENT, rows)

    async def forget_known(self, *, before: Instant, limit: int) -> int:
        """Reputations first."""
        gone = await self._session.run(FORGET_STANDINGS, {"before": before, "limit": limit})
        if gone < limit:
            gone += await self._session.run(FORGET_SENT, {"before": before, "limit": limit - gone})
        return gone

    async def cursor(self, account: AccountId) -> ModSeq | None:
        """One row."""
        row = await self._session.row(CURSOR, {"account": account})
        return ModSeq(row[0]) if row is not None else None

    async def set_cursor(self, account: AccountId, modseq: ModSeq) -> None:
        """One row."""
        await self._session.run(SET_CURSOR, {"account": account, "modseq": modseq})

    async def forget_scope(self, scope: AccountId) -> None:
        """Blank pages stay, with a new version: others who remember them look again."""
        row = await self._session.row(HOLD, {"scope": scope, "tokens": 0})
        assert row is not None, "made or touched"
        await self._session.run(COUNT, {"scope": scope, "tokens": row[1], "spam": 0, "ham": 0})
        await self._session.run(BLANK_PAGES, {"scope": scope, "version": row[0], "cells": bytes(4 * PAGE)})
        await self._session.run(DROP_LESSONS, {"scope": scope})

    async def forget_lessons(self, *, before: Instant, limit: int) -> int:
        """The oldest first."""
        return await self._session.run(FORGET_LESSONS, {"before": before, "limit": limit})

    async def forget_orphans(self, *, limit: int) -> int:
        """One statement for each table."""
        return sum([await self._session.run(text, {"limit": limit}) for text in FORGET_ORPHANS])
