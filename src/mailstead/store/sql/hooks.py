"""Hooks, and what those are still to be told that hear of filed letters."""

from collections.abc import Sequence
from typing import Final

import msgspec

from mailstead.ground.model.folder import SpecialUse
from mailstead.ground.model.hook import Format, Hook, OnTrouble, Proof, Stage
from mailstead.ground.model.ids import AccountId, BlobId, Instant, MessageId, ModSeq
from mailstead.store.port.hooks import Cursor, Errand, FiledLetter
from mailstead.store.sql.session import Row, Session

LIST: Final = "SELECT name, sheet FROM hook ORDER BY name"

FIND: Final = "SELECT name, sheet FROM hook WHERE name = :name"

PUT: Final = """
    INSERT INTO hook (name, sheet) VALUES (:name, :sheet)
        ON CONFLICT (name) DO UPDATE SET sheet = excluded.sheet"""

DROP: Final = "DELETE FROM hook WHERE name = :name"
DROP_ERRANDS: Final = "DELETE FROM hook_errand WHERE hook = :name"

CURSORS: Final = """
    SELECT account_id, modseq, message_id, seen FROM hook_cursor
     WHERE account_id > :after ORDER BY account_id LIMIT :limit"""

FILED: Final = """
    SELECT message_id FROM trace
     WHERE account_id = :account AND message_id > :after ORDER BY message_id LIMIT :limit"""

FOLLOW: Final = """
    INSERT INTO hook_cursor (account_id, modseq, message_id, seen) VALUES (:account, :modseq, :message, :seen)
        ON CONFLICT (account_id) DO UPDATE
       SET modseq = excluded.modseq, message_id = excluded.message_id, seen = excluded.seen"""

SEND: Final = """
    INSERT INTO hook_errand (hook, message_id, account_id, due_at, attempts)
    VALUES (:hook, :message, :account, :due_at, :attempts) ON CONFLICT (hook, message_id) DO NOTHING"""

DUE: Final = """
    SELECT hook, message_id, account_id, due_at, attempts FROM hook_errand
     WHERE due_at <= :now ORDER BY due_at LIMIT :limit"""

LETTER: Final = """
    SELECT a.address, m.blob_id, m.prefix,
           (SELECT COUNT(*) FROM placement p JOIN folder f ON f.id = p.folder_id
             WHERE p.message_id = m.id AND f.special_use = :junk),
           (SELECT COUNT(*) FROM placement p WHERE p.message_id = m.id)
      FROM message m JOIN account a ON a.id = m.account_id
     WHERE m.id = :message"""

PUT_OFF: Final = """
    UPDATE hook_errand SET due_at = :due_at, attempts = :attempts WHERE hook = :hook AND message_id = :message"""

DROP_ERRAND: Final = "DELETE FROM hook_errand WHERE hook = :hook AND message_id = :message"


class _Sheet(msgspec.Struct):
    """The column `sheet`."""

    url: str
    stages: tuple[Stage, ...]
    secret: str
    domains: tuple[str, ...] = ()
    format: Format = Format.EML
    proof: Proof = Proof.JWT
    timeout: int = 30
    at_once: int = 10
    on_trouble: OnTrouble = OnTrouble.OPEN
    created_at: int = 0


_decode: Final = msgspec.json.Decoder(_Sheet).decode


class SqlHooks:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_hooks(self) -> list[Hook]:
        """There are few."""
        return [_hook_of(row) for row in await self._session.rows(LIST)]

    async def find_hook(self, name: str) -> Hook | None:
        """By the key."""
        row = await self._session.row(FIND, {"name": name})
        return _hook_of(row) if row else None

    async def put_hook(self, hook: Hook) -> None:
        """One statement."""
        sheet = _Sheet(
            url=hook.url, stages=hook.stages, secret=hook.secret, domains=hook.domains, format=hook.format,
            proof=hook.proof, timeout=hook.timeout, at_once=hook.at_once, on_trouble=hook.on_trouble,
            created_at=hook.created_at,
        )  # fmt: skip
        await self._session.run(PUT, {"name": hook.name, "sheet": msgspec.json.encode(sheet).decode()})

    async def drop_hook(self, name: str) -> bool:
        """By the keys."""
        await self._session.run(DROP_ERRANDS, {"name": name})
        return bool(await self._session.run(DROP, {"name": name}))

    async def list_cursors(self, after: AccountId, limit: int = 500) -> list[Cursor]:
        """In the order of the key."""
        rows = await self._session.rows(CURSORS, {"after": after, "limit": limit})
        return [
            Cursor(
                account_id=AccountId(account), modseq=ModSeq(modseq), message_id=MessageId(message),
                seen=frozenset(msgspec.json.decode(seen, type=list[int])),
            )
            for account, modseq, message, seen in rows
        ]  # fmt: skip

    async def letters_filed(self, account: AccountId, after: MessageId, limit: int = 500) -> list[MessageId]:
        """By the key of the traces."""
        rows = await self._session.rows(FILED, {"account": account, "after": after, "limit": limit})
        return [MessageId(message) for (message,) in rows]

    async def follow(self, cursor: Cursor, errands: Sequence[Errand]) -> None:
        """A letter that a hook hears of already is not told again."""
        seen = msgspec.json.encode(sorted(cursor.seen)).decode()
        values = {"account": cursor.account_id, "modseq": cursor.modseq, "message": cursor.message_id, "seen": seen}
        await self._session.run(FOLLOW, values)
        if errands:
            await self._session.run_many(SEND, [_errand_row(one) for one in errands])

    async def due_errands(self, now: Instant, limit: int = 50) -> list[Errand]:
        """By the index."""
        return [
            Errand(
                hook=hook, message_id=MessageId(message), account_id=AccountId(account), due_at=Instant(due_at),
                attempts=attempts,
            )
            for hook, message, account, due_at, attempts in await self._session.rows(DUE, {"now": now, "limit": limit})
        ]  # fmt: skip

    async def filed_letter(self, message: MessageId) -> FiledLetter | None:
        """By the keys."""
        row = await self._session.row(LETTER, {"message": message, "junk": SpecialUse.JUNK.value})
        if row is None:
            return None
        address, blob, prefix, in_junk, places = row
        return FiledLetter(address=address, blob_id=BlobId(blob), prefix=prefix, is_junk=0 < in_junk == places)

    async def put_off(self, errand: Errand) -> None:
        """By the key."""
        await self._session.run(PUT_OFF, _errand_row(errand))

    async def drop_errand(self, errand: Errand) -> None:
        """By the key."""
        await self._session.run(DROP_ERRAND, {"hook": errand.hook, "message": errand.message_id})


def _hook_of(row: Row) -> Hook:
    name, text = row
    sheet = _decode(text)
    return Hook(
        name=name, url=sheet.url, stages=sheet.stages, domains=sheet.domains, format=sheet.format, proof=sheet.proof,
        secret=sheet.secret, timeout=sheet.timeout, at_once=sheet.at_once, on_trouble=sheet.on_trouble,
        created_at=Instant(sheet.created_at),
    )  # fmt: skip


def _errand_row(errand: Errand) -> dict[str, object]:
    return {
        "hook": errand.hook, "message": errand.message_id, "account": errand.account_id, "due_at": errand.due_at,
        "attempts": errand.attempts,
    }  # fmt: skip
