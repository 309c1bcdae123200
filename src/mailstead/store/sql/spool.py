"""The spool within units: letters in, leases, settlements, and what an operator does by hand."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from mailstead.ground.model.ids import BlobId, Instant, SpoolId
from mailstead.ground.model.spool import QUEUES, SpooledLetter, SpooledRecipient, State
from mailstead.store.port.spool import Horizon, Settlement, StoryRow
from mailstead.store.sql.blobs import release_blobs
from mailstead.store.sql.session import Session
from mailstead.store.sql.spool_horizon import KEEP_PAUSE, NEXT_LANE, SHORTEN_PAUSE, draw_near
from mailstead.store.sql.spool_reading import WAITING, SqlSpoolReading
from mailstead.store.sql.spool_rows import (
    LETTER,
    RECIPIENT,
    heard_text,
    letter_of,
    letter_row,
    recipient_of,
    recipient_row,
)

INSERT: Final = """
    INSERT INTO spool_letter (id, created_at, expires_at, attention_at, waiting, failed, blob_id, size, origin, domain,
                              account_id, login, sender, sender_key, message_id, subject, wishes, prefix)
    VALUES (:id, :created_at, :expires_at, :attention_at, :waiting, 0, :blob, :size, :origin, :domain,
            :account, :login, :sender, :sender_key, :message_id, :subject, :wishes, :prefix)"""

INSERT_RECIPIENT: Final = """
    INSERT INTO spool_recipient (letter_id, number, state, destination, urgency, due_at, lease, attempts, is_warned,
                                 address, address_key, route, notify, orcpt, last, hold_reason)
    VALUES (:letter, :number, :state, :destination, :urgency, :due_at, :lease, :attempts, :is_warned,
            :address, :address_key, :route, :notify, :orcpt, :last, :hold_reason)"""

# A lane is due with the first of those in it, but not while it is paused.
QUEUE_UP: Final = """
    INSERT INTO spool_lane (destination, due_at) VALUES (:destination, :due_at)
        ON CONFLICT (destination) DO UPDATE
       SET due_at = CASE WHEN excluded.due_at > spool_lane.paused_until
                         THEN excluded.due_at ELSE spool_lane.paused_until END
     WHERE spool_lane.due_at > excluded.due_at AND spool_lane.due_at > spool_lane.paused_until"""

PAUSED: Final = "SELECT destination FROM spool_lane WHERE destination {in_words} AND paused_until > :now"

LANE: Final = "SELECT paused_until FROM spool_lane WHERE destination = :destination {for_update}"

# `urgency` is given, lest the engine sort all that wait for one destination.
CHOOSE: Final = f"""
    SELECT r.letter_id, r.number FROM spool_recipient r
     WHERE r.destination = :destination AND r.urgency = :urgency AND r.due_at <= :now AND {WAITING}
     ORDER BY r.due_at, r.letter_id, r.number LIMIT :limit {{skip_locked}}"""  # noqa: S608 - words of ours, here and below

CHOSEN_LETTER: Final = f"SELECT {LETTER} FROM spool_letter l WHERE l.id = :letter"  # noqa: S608

LEASE: Final = """
    UPDATE spool_recipient SET lease = :holder, due_at = :until WHERE letter_id = :letter AND number = :number"""

CHOSEN: Final = f"SELECT {RECIPIENT} FROM spool_recipient r WHERE r.letter_id = :letter AND r.number {{in_ids}}"  # noqa: S608

NEXT: Final = f"""
    SELECT MIN(r.due_at) FROM spool_recipient r
     WHERE r.destination = :destination AND r.urgency = :urgency AND {WAITING}"""  # noqa: S608

LANE_DUE: Final = "UPDATE spool_lane SET due_at = :due_at WHERE destination = :destination"
DROP_LANE: Final = "DELETE FROM spool_lane WHERE destination = :destination"

# Never to an earlier moment, which the lane would not know of.
RENEW: Final = """
    UPDATE spool_recipient SET due_at = :until
     WHERE letter_id = :letter AND number = :number AND lease = :holder AND due_at < :until"""

SETTLE: Final = """
    UPDATE spool_recipient
       SET state = :state, due_at = :due_at, lease = '', attempts = attempts + :tries, last = COALESCE(:last, last),
           hold_reason = :hold_reason
     WHERE letter_id = :letter AND number = :number AND lease = :holder
 RETURNING destination"""

# What is counted of a letter follows from its recipients; nobody tries what failed, so its time starts now.
RECOUNT: Final = """
    UPDATE spool_letter
       SET waiting = (SELECT COUNT(*) FROM spool_recipient r
                       WHERE r.letter_id = spool_letter.id AND r.state IN ('active', 'deferred')),
           failed = (SELECT COUNT(*) FROM spool_recipient r
                      WHERE r.letter_id = spool_letter.id AND r.state = 'failed')
     WHERE id = :letter
 RETURNING waiting, failed, (SELECT COUNT(*) FROM spool_recipient r
                              WHERE r.letter_id = spool_letter.id AND r.state = 'held'), blob_id"""

FAILED_SINCE: Final = "UPDATE spool_letter SET attention_at = :now WHERE id = :letter"

CLOSE: Final = "UPDATE spool_letter SET settled_at = :now, blob_id = NULL WHERE id = :letter"

PAUSE: Final = """
    INSERT INTO spool_lane (destination, due_at, paused_until, failures, reason)
    VALUES (:destination, :until, :until, :failures, :reason)
        ON CONFLICT (destination) DO UPDATE
       SET due_at = excluded.due_at, paused_until = excluded.paused_until, failures = excluded.failures,
           reason = excluded.reason"""

WARNED: Final = """
    UPDATE spool_recipient SET is_warned = 1 WHERE letter_id = :letter AND number {in_ids} AND is_warned = 0
 RETURNING number"""
NO_MORE_WARNING: Final = "UPDATE spool_letter SET attention_at = expires_at WHERE id = :letter"

MOVE: Final = """
    UPDATE spool_recipient SET destination = :destination, due_at = :now, lease = ''
     WHERE letter_id = :letter AND number = :number AND lease = :holder"""

# Who lets go what was held leaves the reason there: it has been seen, and is no reason any longer.
CHANGE: Final = """
    UPDATE spool_recipient
       SET state = :state, due_at = :now, lease = '',
           hold_reason = CASE WHEN :state = 'active' AND :reason = '' THEN hold_reason ELSE :reason END,
           route = COALESCE(:route, route), destination = COALESCE(:destination, destination)
     WHERE letter_id = :letter AND number = :number AND state {in_words}
       AND (lease = '' OR due_at <= :now)
 RETURNING destination"""

PROLONG: Final = "UPDATE spool_letter SET expires_at = :expires_at, attention_at = :expires_at WHERE id = :letter"

FAILED_LONG_AGO: Final = """
    SELECT id FROM spool_letter WHERE waiting = 0 AND failed > 0 AND attention_at < :before
     ORDER BY attention_at LIMIT :limit"""

GIVE_UP: Final = "UPDATE spool_recipient SET state = 'dropped' WHERE letter_id = :letter AND state = 'failed'"

SETTLED_LONG_AGO: Final = """
    SELECT id FROM spool_letter WHERE settled_at IS NOT NULL AND settled_at < :before
     ORDER BY settled_at LIMIT :limit"""

FORGET: Final = (
    "DELETE FROM spool_story WHERE letter_id {in_ids}",
    "DELETE FROM spool_recipient WHERE letter_id {in_ids}",
    "DELETE FROM spool_letter WHERE id {in_ids}",
)

TELL: Final = "INSERT INTO spool_story (letter_id, id, at, kind, detail) VALUES (:letter, :id, :at, :kind, :detail)"

_MOST_URGENT_FIRST: Final = (3, 2, 1, 0)


class SqlSpool(SqlSpoolReading):
    """See the port."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)

    async def insert(self, letter: SpooledLetter, recipients: Sequence[SpooledRecipient]) -> frozenset[str]:
        """The letter, its recipients, and the lanes in the order of their names, which is how deadlocks are avoided."""
        session, urgency = self._session, int(letter.urgency)
        names = sorted({one.destination for one in recipients})
        held = session.dialect.fill(PAUSED)
        found = await session.rows(held, {"words": msgspec.json.encode(names).decode(), "now": letter.created_at})
        paused = frozenset(row[0] for row in found)
        waiting = sum(one.state.is_waiting for one in recipients)
        await session.run(INSERT, letter_row(letter) | {"waiting": waiting})
        rows = [recipient_row(one, urgency) for one in recipients]
        for row in rows:
            if row["destination"] in paused and row["lease"]:
                row["lease"], row["due_at"] = "", letter.created_at
        await session.run_many(INSERT_RECIPIENT, rows)
        due: dict[str, int] = {}
        for one, row in zip(recipients, rows, strict=True):
            if one.state.is_waiting:
                at = row["due_at"]
                assert isinstance(at, int)
                due[one.destination] = min(at, due.get(one.destination, at))
        for name in sorted(due):
            await session.run(QUEUE_UP, {"destination": name, "due_at": due[name]})
        return paused

    async def claim(
        self, destination: str, holder: str, *, now: Instant, until: Instant, limit: int
    ) -> list[tuple[SpooledLetter, list[SpooledRecipient]]]:
        """The lane is locked first: two workers that want the same one take turns."""
        session = self._session
        lane = await session.row(session.dialect.fill(LANE), {"destination": destination})
        if lane is None or lane[0] > now:
            return []
        chosen: list[tuple[int, int]] = []
        choose = session.dialect.fill(CHOOSE)
        for urgency in _MOST_URGENT_FIRST:
            if len(chosen) < limit:
                values = {"destination": destination, "urgency": urgency, "now": now, "limit": limit - len(chosen)}
                chosen += [(row[0], row[1]) for row in await session.rows(choose, values)]
        await session.run_many(
            LEASE, [{"holder": holder, "until": until, "letter": one, "number": number} for one, number in chosen]
        )
        await self._set_due(destination)
        return await self._read_chosen(chosen)

    async def _set_due(self, destination: str) -> None:
        """A lane with nobody in it goes."""
        nexts = []
        for urgency in _MOST_URGENT_FIRST:
            row = await self._session.row(NEXT, {"destination": destination, "urgency": urgency})
            if row is not None and row[0] is not None:
                nexts.append(row[0])
        if nexts:
            await self._session.run(LANE_DUE, {"destination": destination, "due_at": min(nexts)})
        else:
            await self._session.run(DROP_LANE, {"destination": destination})

    async def _read_chosen(
        self, chosen: Sequence[tuple[int, int]]
    ) -> list[tuple[SpooledLetter, list[SpooledRecipient]]]:
        numbers: dict[int, list[int]] = {}
        for letter, number in chosen:
            numbers.setdefault(letter, []).append(number)
        read, found = self._session.dialect.fill(CHOSEN), []
        for letter, mine in numbers.items():
            row = await self._session.row(CHOSEN_LETTER, {"letter": letter})
            assert row is not None, "recipients go with their letter"
            rows = await self._session.rows(read, {"letter": letter, "ids": str(mine)})
            found.append((letter_of(row), sorted(map(recipient_of, rows), key=lambda one: one.number)))
        return found

    async def renew(self, held: Sequence[tuple[SpoolId, int]], holder: str, *, until: Instant) -> None:
        """Only what is still the holder's."""
        values = [{"letter": letter, "number": number, "holder": holder, "until": until} for letter, number in held]
        await self._session.run_many(RENEW, values)

    async def settle(
        self, letter: SpoolId, settlements: Sequence[Settlement], holder: str, *, now: Instant
    ) -> list[int]:
        """Whoever lost the lease changes nothing."""
        done: list[int] = []
        due: dict[str, int] = {}
        for one in settlements:
            values = {
                "letter": letter, "number": one.number, "holder": holder, "state": one.state.value,
                "due_at": one.due_at, "tries": int(one.is_try), "last": heard_text(one.last),
                "hold_reason": one.hold_reason,
            }  # fmt: skip
            row = await self._session.row(SETTLE, values)
            if row is None:
                continue
            done.append(one.number)
            if one.state.is_waiting:
                due[row[0]] = min(one.due_at, due.get(row[0], one.due_at))
        for name in sorted(due):
            await self._session.run(QUEUE_UP, {"destination": name, "due_at": due[name]})
        if done:
            await self._recount(letter, now)
        return done

    async def _recount(self, letter: SpoolId, now: Instant) -> None:
        row = await self._session.row(RECOUNT, {"letter": letter})
        if row is None:
            return
        waiting, failed, held, blob = row
        if waiting:
            return
        if failed:
            await self._session.run(FAILED_SINCE, {"letter": letter, "now": now})
        elif not held:
            await self._session.run(CLOSE, {"letter": letter, "now": now})
            if blob is not None:
                await release_blobs(self._session, [BlobId(blob)], now)

    async def move(self, letter: SpoolId, lanes: Mapping[int, str], holder: str, *, now: Instant) -> None:
        """The lanes they leave find out when they are looked at next."""
        moved: set[str] = set()
        for number, name in lanes.items():
            values = {"letter": letter, "number": number, "holder": holder, "destination": name, "now": now}
            if await self._session.run(MOVE, values):
                moved.add(name)
        for name in sorted(moved):
            await self._session.run(QUEUE_UP, {"destination": name, "due_at": now})

    async def pause(self, destination: str, *, until: Instant, reason: str, failures: int) -> None:
        """0: at once."""
        values = {"destination": destination, "until": until, "reason": reason, "failures": failures}
        await self._session.run(PAUSE, values)

    async def draw_near(self, after: str, horizon: Horizon, limit: int = 500) -> tuple[str, int] | None:
        """One lane, which is locked."""
        session = self._session
        row = await session.row(session.dialect.fill(NEXT_LANE), {"after": after})
        if row is None:
            return None
        lane, paused_until = row
        if paused_until > horizon.pause:
            await session.run(SHORTEN_PAUSE, {"destination": lane, "pause": horizon.pause})
        count = 0
        for urgency in _MOST_URGENT_FIRST:
            if count < limit:
                count += await draw_near(session, lane, horizon, urgency, limit - count)
        await self._set_due(lane)
        await session.run(KEEP_PAUSE, {"destination": lane})
        return lane, count

    async def mark_warned(self, letter: SpoolId, numbers: Sequence[int]) -> list[int]:
        """Each is told once."""
        warned = self._session.dialect.fill(WARNED)
        rows = await self._session.rows(warned, {"letter": letter, "ids": str(list(numbers))})
        await self._session.run(NO_MORE_WARNING, {"letter": letter})
        return [row[0] for row in rows]

    async def change_state(
        self, held: Sequence[tuple[SpoolId, int]], state: State, *, now: Instant, reason: str = "",
        route: str | None = None, destination: str | None = None, of: Sequence[State] = QUEUES,
    ) -> list[tuple[SpoolId, int]]:  # fmt: skip
        """A route set by hand is a destination of its own."""
        changed: list[tuple[SpoolId, int]] = []
        lanes: set[str] = set()
        change, states = self._session.dialect.fill(CHANGE), msgspec.json.encode([one.value for one in of]).decode()
        for letter, number in held:
            values = {
                "letter": letter, "number": number, "state": state.value, "now": now, "reason": reason, "route": route,
                "destination": destination or route or None, "words": states,
            }  # fmt: skip
            row = await self._session.row(change, values)
            if row is not None:
                changed.append((letter, number))
                lanes |= {row[0]} if state.is_waiting else set()
        for name in sorted(lanes):
            await self._session.run(QUEUE_UP, {"destination": name, "due_at": now})
        for letter in sorted({letter for letter, _ in changed}):
            await self._recount(letter, now)
        return changed

    async def prolong(self, letter: SpoolId, expires_at: Instant) -> None:
        """The moment for attention moves along, lest it be found overdue."""
        await self._session.run(PROLONG, {"letter": letter, "expires_at": expires_at})

    async def forget_settled(
        self, *, failed_before: Instant, settled_before: Instant, now: Instant, limit: int = 500
    ) -> int:
        """What failed is dropped, which settles its letter; its story goes later with the others."""
        failed = await self._session.rows(FAILED_LONG_AGO, {"before": failed_before, "limit": limit})
        for (letter,) in failed:
            await self._session.run(GIVE_UP, {"letter": letter})
            await self._recount(SpoolId(letter), now)
        settled = await self._session.rows(SETTLED_LONG_AGO, {"before": settled_before, "limit": limit - len(failed)})
        if settled:
            ids = {"ids": str([letter for (letter,) in settled])}
            for text in FORGET:
                await self._session.run(self._session.dialect.fill(text), ids)
        return len(failed) + len(settled)

    async def tell(self, row: StoryRow) -> None:
        """In the unit of what it tells."""
        values = {"letter": row.letter_id, "id": row.id, "at": row.at, "kind": row.kind, "detail": row.detail}
        await self._session.run(TELL, values)
