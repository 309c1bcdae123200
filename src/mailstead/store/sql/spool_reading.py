"""Looking at the spool: lanes that are due, what an operator asks, stories."""

from collections.abc import Sequence
from typing import Final

import msgspec

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import Instant, SpoolId
from mailstead.ground.model.spool import SpooledLetter, SpooledRecipient, State
from mailstead.store.port.spool import NO_LETTER, Lane, Share, StoryRow, Wanted
from mailstead.store.sql.session import Session
from mailstead.store.sql.spool_rows import LETTER, LETTER_WIDTH, RECIPIENT, letter_of, recipient_of

Pairs = list[tuple[SpooledLetter, SpooledRecipient]]
Grouped = list[tuple[SpooledLetter, list[SpooledRecipient]]]

_OPEN: Final = "r.state IN ('active', 'deferred', 'held', 'failed')"
WAITING: Final = "r.state IN ('active', 'deferred')"
"""As in the index `spool_recipient_due`, word for word: only then it is used."""

GET: Final = f"SELECT {LETTER} FROM spool_letter l WHERE l.id = :letter"  # noqa: S608 - words of ours, here and below

RECIPIENTS: Final = f"""
    SELECT {RECIPIENT} FROM spool_recipient r
     WHERE r.letter_id = :letter AND r.number > :after ORDER BY r.number LIMIT :limit"""  # noqa: S608

FIND: Final = "SELECT id FROM spool_letter WHERE message_id = :message_id ORDER BY id DESC LIMIT :limit"

SURVEYED: Final = """
    SELECT MAX(id), COUNT(*) FROM (SELECT id FROM spool_letter WHERE settled_at IS NULL AND id > :after
                                    ORDER BY id LIMIT :limit) AS surveyed"""

DUE: Final = """
    SELECT destination, due_at, paused_until, failures, reason FROM spool_lane
     WHERE due_at <= :now AND NOT (destination {in_words}) ORDER BY due_at LIMIT :limit"""

LANES: Final = """
    SELECT destination, due_at, paused_until, failures, reason FROM spool_lane
     WHERE paused_until > :paused_after ORDER BY destination LIMIT :limit"""

OVERDUE: Final = f"""
    SELECT {LETTER} FROM spool_letter l
     WHERE l.waiting > 0 AND l.attention_at <= :now ORDER BY l.attention_at LIMIT :limit"""  # noqa: S608

FREE: Final = f"""
    SELECT {RECIPIENT} FROM spool_recipient r
     WHERE r.letter_id = :letter AND {WAITING} AND (r.lease = '' OR r.due_at <= :now)
     ORDER BY r.number"""  # noqa: S608

STORY: Final = """
    SELECT letter_id, id, at, kind, detail FROM spool_story WHERE letter_id = :letter ORDER BY id LIMIT :limit"""


class SqlSpoolReading:
    """Over one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get_letter(self, letter: SpoolId) -> SpooledLetter:
        """NotFound."""
        row = await self._session.row(GET, {"letter": letter})
        if row is None:
            raise NotFound(f"there is no letter {letter} in the spool")
        return letter_of(row)

    async def list_recipients(self, letter: SpoolId, after: int = -1, limit: int = 1000) -> list[SpooledRecipient]:
        """By number."""
        rows = await self._session.rows(RECIPIENTS, {"letter": letter, "after": after, "limit": limit})
        return [recipient_of(row) for row in rows]

    async def find_letters(self, message_id: str, limit: int = 100) -> list[SpoolId]:
        """Latest first: ids rise with time."""
        rows = await self._session.rows(FIND, {"message_id": message_id, "limit": limit})
        return [SpoolId(row[0]) for row in rows]

    async def list_waiting(
        self, wanted: Wanted, *, after: tuple[SpoolId, int] | None = None, limit: int = 100
    ) -> Pairs:
        """One walk along the open letters."""
        where, values = _conditions(wanted)
        if after is not None:
            where += " AND (r.letter_id, r.number) > (:after_letter, :after_number)"
            values |= {"after_letter": after[0], "after_number": after[1]}
        text = f"""
    SELECT {LETTER}, {RECIPIENT} FROM spool_letter l JOIN spool_recipient r ON r.letter_id = l.id
     WHERE l.settled_at IS NULL AND {where} ORDER BY r.letter_id, r.number LIMIT :limit"""  # noqa: S608
        rows = await self._session.rows(text, values | {"limit": limit})
        return [(letter_of(row[:LETTER_WIDTH]), recipient_of(row[LETTER_WIDTH:])) for row in rows]

    async def survey(
        self, wanted: Wanted, *, after: SpoolId = NO_LETTER, letters: int = 500
    ) -> tuple[list[Share], SpoolId | None]:
        """A letter that is named is the only one."""
        if wanted.letter is not None:
            after, letters = SpoolId(wanted.letter - 1), 1
        end = await self._session.row(SURVEYED, {"after": after, "limit": letters})
        if end is None or end[0] is None:
            return [], None
        where, values = _conditions(wanted)
        text = f"""
    SELECT l.id, l.size, l.created_at, r.destination, r.state, COUNT(*)
      FROM spool_letter l JOIN spool_recipient r ON r.letter_id = l.id
     WHERE l.settled_at IS NULL AND l.id > :after AND l.id <= :last AND {where}
     GROUP BY l.id, l.size, l.created_at, r.destination, r.state ORDER BY l.id, r.destination, r.state"""  # noqa: S608
        rows = await self._session.rows(text, values | {"after": after, "last": end[0]})
        shares = [Share(SpoolId(row[0]), row[1], row[2], row[3], State(row[4]), row[5]) for row in rows]
        return shares, SpoolId(end[0]) if end[1] == letters and wanted.letter is None else None

    async def due_lanes(self, now: Instant, *, but: Sequence[str] = (), limit: int = 50) -> list[Lane]:
        """By one index."""
        values = {"now": now, "words": msgspec.json.encode(list(but)).decode(), "limit": limit}
        return [Lane(*row) for row in await self._session.rows(self._session.dialect.fill(DUE), values)]

    async def list_lanes(self, *, only_paused: bool = False, limit: int = 1000) -> list[Lane]:
        """By name."""
        values = {"paused_after": 0 if only_paused else -1, "limit": limit}
        return [Lane(*row) for row in await self._session.rows(LANES, values)]

    async def overdue(self, now: Instant, limit: int = 50) -> Grouped:
        """Letters first, then of each those that nobody has."""
        letters = [letter_of(row) for row in await self._session.rows(OVERDUE, {"now": now, "limit": limit})]
        found: Grouped = []
        for letter in letters:
            rows = await self._session.rows(FREE, {"letter": letter.id, "now": now})
            found.append((letter, [recipient_of(row) for row in rows]))
        return found

    async def list_story(self, letter: SpoolId, limit: int = 1000) -> list[StoryRow]:
        """In order."""
        rows = await self._session.rows(STORY, {"letter": letter, "limit": limit})
        return [StoryRow(SpoolId(row[0]), row[1], row[2], row[3], bytes(row[4])) for row in rows]


def _conditions(wanted: Wanted) -> tuple[str, dict[str, object]]:
    """The text of a WHERE, and its values. Words of ours alone make the text."""
    parts = [_OPEN if not wanted.states else f"r.state IN ({', '.join(repr(s.value) for s in wanted.states)})"]
    values: dict[str, object] = {}
    simple = (
        ("l.id = :letter", "letter", wanted.letter),
        ("r.destination = :destination", "destination", wanted.destination or None),
        ("l.account_id = :account", "account", wanted.account),
        ("l.created_at < :before", "before", wanted.created_before),
        ("l.created_at >= :since", "since", wanted.created_after),
        ("r.hold_reason = :reason", "reason", wanted.hold_reason or None),
    )
    for text, name, value in simple:
        if value is not None:
            parts.append(text)
            values[name] = value
    for column, name, asked in (
        ("l.sender_key", "sender", wanted.sender),
        ("r.address_key", "recipient", wanted.recipient),
    ):
        if asked.startswith("@"):
            parts.append(f"substr({column}, length({column}) - length(:{name}) + 1) = :{name}")
        elif asked:
            parts.append(f"{column} = :{name}")
        if asked:
            values[name] = "" if asked == "<>" else asked
    return " AND ".join(parts), values
