"""Who came when for the first time, and who came again."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from mailstead.ground.model.greylist import Friend, Known, Triplet
from mailstead.ground.model.ids import Instant
from mailstead.store.port.greylist import FRIENDS_MAX, PASSED_MAX, WAITING_MAX, Seen
from mailstead.store.sql.session import Session

FIND: Final = """
    SELECT first_at, passed_at, seen_at FROM greylist_triplet
     WHERE domain = :domain AND client = :client AND sender = :sender AND recipient = :recipient"""

FIND_FRIEND: Final = """
    SELECT letters, seen_at FROM greylist_friend
     WHERE domain = :domain AND client = :client AND sender_domain = :sender_domain"""

LIST: Final = """
    SELECT id, domain, client, sender, recipient, first_at, passed_at, seen_at FROM greylist_triplet
     WHERE id > :after AND (:domain = '' OR domain = :domain) AND (:waiting = 0 OR passed_at IS NULL)
     ORDER BY id LIMIT :limit"""

LIST_FRIENDS: Final = """
    SELECT domain, client, sender_domain, letters, seen_at FROM greylist_friend
     WHERE (domain, client, sender_domain) > (:after_domain, :after_client, :after)
       AND (:domain = '' OR domain = :domain)
     ORDER BY domain, client, sender_domain LIMIT :limit"""

DROP_STALE: Final = """
    DELETE FROM greylist_triplet
     WHERE domain = :domain AND client = :client AND sender = :sender AND recipient = :recipient
       AND seen_at <= :forgotten
 RETURNING passed_at"""

INSERT: Final = """
    INSERT INTO greylist_triplet (domain, client, sender, recipient, first_at, passed_at, seen_at, expires_at)
    VALUES (:domain, :client, :sender, :recipient, :at, NULL, :at, :expires_at)
        ON CONFLICT (domain, client, sender, recipient) DO UPDATE SET first_at = excluded.first_at
     WHERE greylist_triplet.first_at > excluded.first_at"""

EVICT: Final = """
    DELETE FROM greylist_triplet WHERE id IN (
           SELECT g.id FROM greylist_triplet g
            WHERE g.passed_at IS NULL AND g.id <= (SELECT MAX(top.id) FROM greylist_triplet top) - :most
            ORDER BY g.id LIMIT :limit)"""

COME_AGAIN: Final = """
    UPDATE greylist_triplet SET passed_at = :at, seen_at = :at, expires_at = :expires_at
     WHERE domain = :domain AND client = :client AND sender = :sender AND recipient = :recipient AND passed_at IS NULL
 RETURNING id"""

UNFRIEND: Final = """
    DELETE FROM greylist_friend
     WHERE domain = :domain AND client = :client AND sender_domain = :sender_domain AND expires_at <= :at"""

BEFRIEND: Final = """
    INSERT INTO greylist_friend (domain, client, sender_domain, letters, seen_at, expires_at)
    VALUES (:domain, :client, :sender_domain, 1, :at, :expires_at)
        ON CONFLICT (domain, client, sender_domain) DO UPDATE
       SET letters = greylist_friend.letters + 1, seen_at = excluded.seen_at, expires_at = excluded.expires_at
 RETURNING letters"""

SEE: Final = """
    UPDATE greylist_triplet SET seen_at = :at, expires_at = :expires_at
     WHERE domain = :domain AND client = :client AND sender = :sender AND recipient = :recipient
       AND passed_at IS NOT NULL AND seen_at < :at"""

SEE_FRIEND: Final = """
    UPDATE greylist_friend SET seen_at = :at, expires_at = :expires_at
     WHERE domain = :domain AND client = :client AND sender_domain = :sender_domain AND seen_at < :at"""

EXPIRE: Final = """
    DELETE FROM greylist_triplet WHERE id IN (
           SELECT g.id FROM greylist_triplet g WHERE g.expires_at <= :now ORDER BY g.expires_at LIMIT :limit)
 RETURNING passed_at"""

EXPIRE_FRIENDS: Final = """
    DELETE FROM greylist_friend WHERE (domain, client, sender_domain) IN (
           SELECT g.domain, g.client, g.sender_domain FROM greylist_friend g WHERE g.expires_at <= :now
            ORDER BY g.expires_at LIMIT :limit)"""

FORGET: Final = """
    DELETE FROM greylist_triplet WHERE id IN (
           SELECT g.id FROM greylist_triplet g
            WHERE (:domain = '' OR g.domain = :domain) AND (:client = '' OR g.client = :client)
              AND (:sender = '' OR g.sender = :sender OR g.sender LIKE :below ESCAPE '!')
            ORDER BY g.id LIMIT :limit)
 RETURNING passed_at"""

FORGET_FRIENDS: Final = """
    DELETE FROM greylist_friend WHERE (domain, client, sender_domain) IN (
           SELECT g.domain, g.client, g.sender_domain FROM greylist_friend g
            WHERE (:domain = '' OR g.domain = :domain) AND (:client = '' OR g.client = :client)
              AND (:sender = '' OR g.sender_domain = :sender_domain)
            LIMIT :limit)"""

COUNT: Final = """
    UPDATE greylist_count SET passed = passed + :passed, friends = friends + :friends
     WHERE one = 1 RETURNING passed, friends"""


_WILD: Final = re.compile("[!%_]")


def _values(seen: Seen) -> dict[str, object]:
    return {**_key(seen.triplet), "at": seen.at, "expires_at": seen.expires_at, "forgotten": seen.forgotten}


def _key(triplet: Triplet) -> dict[str, object]:
    return {
        "domain": triplet.domain, "client": triplet.client, "sender": triplet.sender, "recipient": triplet.recipient,
        "sender_domain": triplet.sender_domain,
    }  # fmt: skip


class SqlGreylist:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find_triplet(self, triplet: Triplet) -> Known | None:
        """By the unique index."""
        row = await self._session.row(FIND, _key(triplet))
        return Known(*row) if row else None

    async def find_friend(self, domain: str, client: str, sender_domain: str) -> Friend | None:
        """By the primary key."""
        values = {"domain": domain, "client": client, "sender_domain": sender_domain}
        row = await self._session.row(FIND_FRIEND, values)
        return Friend(*row) if row else None

    async def list_triplets(
        self, *, domain: str = "", only_waiting: bool = False, after: int = 0, limit: int = 500
    ) -> list[tuple[int, Triplet, Known]]:
        """By the primary key."""
        values = {"domain": domain, "waiting": int(only_waiting), "after": after, "limit": limit}
        rows = await self._session.rows(LIST, values)
        return [(row[0], Triplet(*row[1:5]), Known(*row[5:])) for row in rows]

    async def list_friends(
        self, *, domain: str = "", after: tuple[str, str, str] = ("", "", ""), limit: int = 500
    ) -> list[tuple[tuple[str, str, str], Friend]]:
        """By the primary key."""
        values = {
            "domain": domain, "after_domain": after[0], "after_client": after[1], "after": after[2], "limit": limit,
        }  # fmt: skip
        rows = await self._session.rows(LIST_FRIENDS, values)
        return [((row[0], row[1], row[2]), Friend(*row[3:])) for row in rows]

    async def note_first(self, seen: Sequence[Seen]) -> None:
        """What has run out goes first; then as many of the oldest as there are too many."""
        stale: list[bool] = []
        for one in seen:
            row = await self._session.row(DROP_STALE, _values(one))
            stale += [row[0] is not None] if row else []
            await self._session.run(INSERT, _values(one))
        await self._count(passed=-sum(stale))
        await self._session.run(EVICT, {"most": WAITING_MAX, "limit": 2 * len(seen)})

    async def note_passed(self, seen: Sequence[Seen]) -> None:
        """Of two workers that saw it at the same time one counts."""
        for one in seen:
            passed, friends = await self._count()
            if passed < PASSED_MAX and await self._session.row(COME_AGAIN, _values(one)):
                await self._count(passed=1)
                if friends < FRIENDS_MAX:
                    await self._befriend(one)

    async def _befriend(self, one: Seen) -> None:
        """Whoever was away too long begins anew."""
        parted = await self._session.run(UNFRIEND, _values(one))
        row = await self._session.row(BEFRIEND, _values(one))
        await self._count(friends=int(row is not None and row[0] == 1) - parted)

    async def note_seen(self, seen: Sequence[Seen]) -> None:
        """Two statements for all."""
        values = [_values(one) for one in seen]
        await self._session.run_many(SEE, values)
        await self._session.run_many(SEE_FRIEND, values)

    async def forget_expired(self, *, now: Instant, limit: int = 500) -> int:
        """Triplets first."""
        return await self._drop(EXPIRE, EXPIRE_FRIENDS, {"now": now}, limit)

    async def forget(self, *, domain: str, client: str, sender: str, limit: int = 500) -> int:
        """The same by what they are."""
        values = {
            "domain": domain, "client": client, "sender": sender, "sender_domain": sender.rpartition("@")[2],
            "below": ("%" if sender.startswith("@") else "") + _WILD.sub(r"!\g<0>", sender),
        }  # fmt: skip
        return await self._drop(FORGET, FORGET_FRIENDS, values, limit)

    async def _drop(self, triplets: str, friends: str, values: Mapping[str, object], limit: int) -> int:
        rows = await self._session.rows(triplets, {**values, "limit": limit})
        parted = 0
        if len(rows) < limit:
            parted = await self._session.run(friends, {**values, "limit": limit - len(rows)})
        await self._count(passed=-sum(row[0] is not None for row in rows), friends=-parted)
        return len(rows) + parted

    async def _count(self, *, passed: int = 0, friends: int = 0) -> tuple[int, int]:
        row = await self._session.row(COUNT, {"passed": passed, "friends": friends})
        assert row is not None
        return int(row[0]), int(row[1])
