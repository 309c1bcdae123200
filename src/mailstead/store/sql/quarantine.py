"""Copies that are kept aside."""

import json
from collections.abc import Sequence
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import BodyType
from mailstead.ground.model.errors import Invalid, NotFound
from mailstead.ground.model.ids import AccountId, BlobId, Instant
from mailstead.ground.model.quarantine import KeptFilter, KeptLetter
from mailstead.store.port.quarantine import KeptSum
from mailstead.store.sql.blobs import release_blobs
from mailstead.store.sql.session import Row, Session

COLUMNS: Final = (
    "id, recipient, account_id, kept_at, sender, client_ip, body, smtputf8, blob_id, prefix, size, message_id, author, "
    "subject, reason, words, has_virus, is_told"
)

INSERT: Final = """
    INSERT INTO quarantine (id, domain, recipient, recipient_key, account_id, kept_at, sender, client_ip, body,
                            smtputf8, blob_id, prefix, size, message_id, author, subject, reason, words, has_virus)
    VALUES (:id, :domain, :recipient, :recipient_key, :account, :kept_at, :sender, :client_ip, :body,
            :smtputf8, :blob, :prefix, :size, :message_id, :author, :subject, :reason, :words, :has_virus)"""

COUNT_IN: Final = """
    INSERT INTO quarantine_sum (domain, letters, size) VALUES (:domain, 1, :size)
        ON CONFLICT (domain) DO UPDATE SET letters = quarantine_sum.letters + 1,
                                           size = quarantine_sum.size + excluded.size"""

COUNT_OUT: Final = """
    UPDATE quarantine_sum SET letters = letters - 1, size = size - :size WHERE domain = :domain"""

GET: Final = f"SELECT {COLUMNS} FROM quarantine WHERE id = :id"  # noqa: S608 - our own words

_WANTED: Final = """
       AND id < :below AND kept_at < :before
       AND (:sender = '' OR lower(sender) = :sender) AND (:reason = '' OR reason = :reason)
     ORDER BY id DESC LIMIT :limit"""

LIST_ALL: Final = f"SELECT {COLUMNS} FROM quarantine WHERE id >= 0 {_WANTED}"  # noqa: S608

LIST_OF_DOMAINS: Final = f"SELECT {COLUMNS} FROM quarantine WHERE domain {{in_words}} {_WANTED}"  # noqa: S608

LIST_OF_RECIPIENT: Final = f"SELECT {COLUMNS} FROM quarantine WHERE recipient_key = :recipient {_WANTED}"  # noqa: S608

LIST_UNTOLD: Final = """
    SELECT DISTINCT q.account_id FROM quarantine q
     WHERE q.is_told = 0 AND q.account_id > :after
       AND NOT EXISTS (SELECT 1 FROM quarantine_digest d WHERE d.account_id = q.account_id AND d.sent_at >= :before)
     ORDER BY q.account_id LIMIT :limit"""

LIST_UNTOLD_OF: Final = f"""
    SELECT {COLUMNS} FROM quarantine
     WHERE account_id = :account AND is_told = 0 ORDER BY id DESC LIMIT :limit"""  # noqa: S608

DROP: Final = "DELETE FROM quarantine WHERE id {in_ids} RETURNING id, domain, size, blob_id"

EXPIRED: Final = """
    SELECT id FROM quarantine WHERE domain = :domain AND kept_at < :before ORDER BY id LIMIT :limit"""

MARK_ACCOUNT: Final = """
    INSERT INTO quarantine_digest (account_id, sent_at) VALUES (:account, :now)
        ON CONFLICT (account_id) DO UPDATE SET sent_at = excluded.sent_at WHERE quarantine_digest.sent_at < :since
 RETURNING account_id"""

MARK_TOLD: Final = "UPDATE quarantine SET is_told = 1 WHERE account_id = :account AND id {in_ids}"

ANY: Final = (1 << 63) - 1


class SqlQuarantine:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get_kept(self, number: int) -> KeptLetter:
        """By its key."""
        row = await self._session.row(GET, {"id": number})
        if row is None:
            raise NotFound(f"letter {number} is not kept here: it was released, deleted, or its time is over")
        return _kept(row)

    async def list_kept(self, wish: KeptFilter, *, below: int | None = None, limit: int = 100) -> list[KeptLetter]:
        """By the index that fits the filter."""
        values: dict[str, object] = {
            "below": ANY if below is None else below, "before": ANY if wish.before is None else wish.before,
            "sender": wish.sender.lower(), "reason": wish.reason, "limit": limit,
        }  # fmt: skip
        text = LIST_ALL
        if wish.recipient:
            text, values["recipient"] = LIST_OF_RECIPIENT, _key(wish.recipient)
        elif wish.domains is not None:
            text, values["words"] = LIST_OF_DOMAINS, _json(wish.domains)
        rows = [_kept(row) for row in await self._session.rows(self._session.dialect.fill(text), values)]
        return [one for one in rows if wish.domains is None or one.domain in wish.domains]

    async def sum_kept(self, domain: str) -> KeptSum:
        """One row by its key."""
        row = await self._session.row(
            "SELECT letters, size FROM quarantine_sum WHERE domain = :domain", {"domain": domain}
        )
        return KeptSum(*row) if row is not None else KeptSum()

    async def list_keepers(self) -> list[str]:
        """By name."""
        rows = await self._session.rows("SELECT domain FROM quarantine_sum WHERE letters > 0 ORDER BY domain")
        return [name for (name,) in rows]

    async def list_untold(self, before: Instant, *, after: int = 0, limit: int = 100) -> list[AccountId]:
        """By account."""
        rows = await self._session.rows(LIST_UNTOLD, {"before": before, "after": after, "limit": limit})
        return [AccountId(account) for (account,) in rows]

    async def list_untold_of(self, account: AccountId, limit: int = 100) -> list[KeptLetter]:
        """Of one."""
        return [_kept(row) for row in await self._session.rows(LIST_UNTOLD_OF, {"account": account, "limit": limit})]

    async def keep(self, kept: KeptLetter) -> None:
        """With its share of the domain's sum."""
        await self._session.run(INSERT, _values(kept))
        await self._session.run(COUNT_IN, {"domain": kept.domain, "size": kept.size})

    async def drop_kept(self, numbers: Sequence[int], now: Instant) -> list[int]:
        """Rows, sums, then blobs."""
        if not numbers:
            return []
        gone = await self._session.rows(self._session.dialect.fill(DROP), {"ids": str(list(numbers))})
        for _, domain, size, _ in sorted(
            gone, key=lambda row: str(row[1])
        ):  # in one order, so that nobody waits in a ring
            await self._session.run(COUNT_OUT, {"domain": domain, "size": size})
        if gone:
            await release_blobs(self._session, sorted({BlobId(blob) for *_, blob in gone}), now)
        return [number for number, *_ in gone]

    async def expire_kept(self, domain: str, before: Instant, now: Instant, limit: int = 500) -> list[int]:
        """The oldest, in one step."""
        rows = await self._session.rows(EXPIRED, {"domain": domain, "before": before, "limit": limit})
        return await self.drop_kept([number for (number,) in rows], now)

    async def mark_told(self, account: AccountId, numbers: Sequence[int], now: Instant, *, since: Instant) -> bool:
        """Of two that come at once one is told that it came too late."""
        values = {"account": account, "now": now, "since": since}
        if await self._session.row(MARK_ACCOUNT, values) is None:
            return False
        ids = {"account": account, "ids": str(list(numbers))}
        await self._session.run(self._session.dialect.fill(MARK_TOLD), ids)
        return True


def _key(address: str) -> str:
    try:
        return Address.parse(address).key
    except Invalid:
        return address


def _json(words: Sequence[str]) -> str:
    return json.dumps(list(words))


def _kept(row: Row) -> KeptLetter:
    (number, recipient, account, kept_at, sender, client_ip, body, smtputf8, blob, prefix, size, message_id, author,
     subject, reason, words, has_virus, is_told) = row  # fmt: skip
    return KeptLetter(
        id=number, recipient=recipient, account_id=AccountId(account), kept_at=Instant(kept_at), sender=sender,
        client_ip=client_ip, body=BodyType(body), smtputf8=bool(smtputf8), blob_id=BlobId(blob), prefix=prefix,
        size=size, message_id=message_id, author=author, subject=subject, reason=reason, words=words,
        has_virus=bool(has_virus), is_told=bool(is_told),
    )  # fmt: skip


def _values(kept: KeptLetter) -> dict[str, object]:
    return {
        "id": kept.id, "domain": kept.domain, "recipient": kept.recipient, "recipient_key": _key(kept.recipient),
        "account": kept.account_id, "kept_at": kept.kept_at, "sender": kept.sender, "client_ip": kept.client_ip,
        "body": kept.body.value, "smtputf8": int(kept.smtputf8), "blob": kept.blob_id, "prefix": kept.prefix,
        "size": kept.size, "message_id": kept.message_id, "author": kept.author, "subject": kept.subject,
        "reason": kept.reason, "words": kept.words, "has_virus": int(kept.has_virus),
    }  # fmt: skip
