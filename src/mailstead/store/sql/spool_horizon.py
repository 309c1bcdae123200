"""After the clock was set back: what lies further ahead than anything can is brought near, lane by lane."""

from typing import Final

from mailstead.store.port.spool import Horizon
from mailstead.store.sql.session import Session
from mailstead.store.sql.spool_reading import WAITING

NEXT_LANE: Final = """
    SELECT destination, paused_until FROM spool_lane WHERE destination > :after
     ORDER BY destination LIMIT 1 {for_update}"""

# A wish for a later release is a moment of the wall clock, and stays.
FAR: Final = f"""
    SELECT r.letter_id, r.number, r.lease <> '', r.state FROM spool_recipient r
     WHERE r.destination = :destination AND r.urgency = :urgency AND r.due_at > :now AND {WAITING}
       AND CASE WHEN r.lease <> '' THEN r.due_at > :lease
                WHEN r.state = 'deferred' THEN r.due_at > :deferred
                ELSE NOT EXISTS (SELECT 1 FROM spool_letter l
                                  WHERE l.id = r.letter_id AND l.wishes LIKE '%"release_at"%') END
     LIMIT :limit"""  # noqa: S608 - words of ours

DRAW_NEAR: Final = "UPDATE spool_recipient SET due_at = :due_at WHERE letter_id = :letter AND number = :number"

SHORTEN_PAUSE: Final = "UPDATE spool_lane SET paused_until = :pause WHERE destination = :destination"

# As the lane's own time, which is not before its pause ends.
KEEP_PAUSE: Final = """
    UPDATE spool_lane SET due_at = paused_until WHERE destination = :destination AND due_at < paused_until"""


async def draw_near(session: Session, lane: str, horizon: Horizon, urgency: int, limit: int) -> int:
    """Of one lane and urgency; gives how many it was."""
    values = {
        "destination": lane, "urgency": urgency, "now": horizon.now, "lease": horizon.lease,
        "deferred": horizon.deferred, "limit": limit,
    }  # fmt: skip
    found = await session.rows(FAR, values)
    changes = [
        {"letter": letter, "number": number, "due_at": _bound(horizon, is_leased=is_leased, state=state)}
        for letter, number, is_leased, state in found
    ]
    await session.run_many(DRAW_NEAR, changes)
    return len(found)


def _bound(horizon: Horizon, *, is_leased: bool, state: str) -> int:
    if is_leased:
        return horizon.lease
    return horizon.deferred if state == "deferred" else horizon.now
