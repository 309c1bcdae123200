"""Folders: names, counters and subscriptions. The unit holds the account, so names do not change beside it."""

from typing import Final

from mailstead.ground.model.errors import AlreadyExists, Invalid, NotFound
from mailstead.ground.model.folder import BIRTH_FOLDERS, INBOX, SEPARATOR, Folder, SpecialUse
from mailstead.ground.model.ids import AccountId, FolderId, Instant, ModSeq, Uid
from mailstead.store.sql.session import Row, Session

LIST: Final = """
    SELECT id, account_id, name, special_use, uidvalidity, uidnext, modseq, messages, unseen, deleted, size
      FROM folder WHERE account_id = :account AND name IS NOT NULL ORDER BY name"""

FIND: Final = """
    SELECT id, account_id, name, special_use, uidvalidity, uidnext, modseq, messages, unseen, deleted, size
      FROM folder WHERE account_id = :account AND name = :name"""

FIND_SPECIAL: Final = """
    SELECT id, account_id, name, special_use, uidvalidity, uidnext, modseq, messages, unseen, deleted, size
      FROM folder WHERE account_id = :account AND special_use = :use AND name IS NOT NULL ORDER BY name LIMIT 1"""

GET: Final = """
    SELECT id, account_id, name, special_use, uidvalidity, uidnext, modseq, messages, unseen, deleted, size
      FROM folder WHERE id = :folder AND removed_at IS NULL"""

NEXT_UIDVALIDITY: Final = """
    UPDATE account
       SET last_uidvalidity = CASE WHEN last_uidvalidity < :seconds THEN :seconds - 1 ELSE last_uidvalidity END + 1
     WHERE id = :account
 RETURNING last_uidvalidity"""

INSERT: Final = """
    INSERT INTO folder (account_id, name, special_use, uidvalidity, modseq)
    VALUES (:account, :name, :special_use, :uidvalidity, :modseq)
        ON CONFLICT (account_id, name) DO NOTHING
 RETURNING id"""

RENAME: Final = """
    UPDATE folder SET name = :new || substr(name, :rest), modseq = :modseq
     WHERE account_id = :account AND (name = :old OR substr(name, 1, :rest) = :below)
 RETURNING id, account_id, name, special_use, uidvalidity, uidnext, modseq, messages, unseen, deleted, size"""

DELETE: Final = """
    UPDATE folder SET name = NULL, removed_at = :now,
                      modseq = (SELECT a.modseq FROM account a WHERE a.id = folder.account_id)
     WHERE id = :folder AND removed_at IS NULL
 RETURNING messages"""

TOUCH: Final = "UPDATE folder SET modseq = :modseq WHERE id = :folder AND removed_at IS NULL"

SUBSCRIPTIONS: Final = "SELECT name FROM subscription WHERE account_id = :account ORDER BY name"

SUBSCRIBE: Final = """
    INSERT INTO subscription (account_id, name) VALUES (:account, :name)
        ON CONFLICT (account_id, name) DO NOTHING"""

UNSUBSCRIBE: Final = "DELETE FROM subscription WHERE account_id = :account AND name = :name"


def canonical_name(name: str) -> str:
    """RFC 9051 §5.1: INBOX in any case is INBOX; every other name is itself."""
    return INBOX if len(name) == len(INBOX) and name.lower() == "inbox" else name


def _folder_of(row: Row) -> Folder:
    identity, account, name, special_use, uidvalidity, uidnext, modseq, messages, unseen, deleted, size = row
    return Folder(
        id=identity, account_id=account, name=name, special_use=SpecialUse(special_use) if special_use else None,
        uidvalidity=uidvalidity, uidnext=uidnext, modseq=modseq,
        messages=messages, unseen=unseen, deleted=deleted, size=size,
    )  # fmt: skip


class SqlFolders:
    """Reads and writes of folders over one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_folders(self, account: AccountId) -> list[Folder]:
        """By name, byte by byte."""
        return [_folder_of(row) for row in await self._session.rows(LIST, {"account": account})]

    async def find_folder(self, account: AccountId, name: str) -> Folder | None:
        """INBOX in any case, others exactly."""
        row = await self._session.row(FIND, {"account": account, "name": canonical_name(name)})
        return _folder_of(row) if row else None

    async def find_special(self, account: AccountId, use: SpecialUse) -> Folder | None:
        """One account has few folders: no index on their uses."""
        row = await self._session.row(FIND_SPECIAL, {"account": account, "use": use.value})
        return _folder_of(row) if row else None

    async def get_folder(self, folder: FolderId) -> Folder:
        """NotFound also for one that was deleted and still has placements."""
        row = await self._session.row(GET, {"folder": folder})
        if row is None:
            raise NotFound(f"folder {folder} is gone")
        return _folder_of(row)

    async def list_subscriptions(self, account: AccountId) -> list[str]:
        """By name."""
        return [name for (name,) in await self._session.rows(SUBSCRIPTIONS, {"account": account})]

    async def create_birth_folders(self, account: AccountId, *, modseq: ModSeq, now: Instant) -> None:
        """In the order of BIRTH_FOLDERS."""
        for name, special_use in BIRTH_FOLDERS:
            await self.insert_folder(account, name, special_use=special_use, modseq=modseq, now=now)
            await self.subscribe(account, name)

    async def insert_folder(
        self, account: AccountId, name: str, *, special_use: SpecialUse | None = None, modseq: ModSeq, now: Instant
    ) -> Folder:
        """RFC 9051 §2.3.1.1: UIDVALIDITY rises: the seconds of the clock, or one more than the last."""
        row = await self._session.row(NEXT_UIDVALIDITY, {"account": account, "seconds": now // 1000})
        if row is None:
            raise NotFound(f"account {account} is gone")
        name, uidvalidity = _checked(name), row[0]
        values = {
            "account": account, "name": name, "special_use": special_use.value if special_use else None,
            "uidvalidity": uidvalidity, "modseq": modseq,
        }  # fmt: skip
        row = await self._session.row(INSERT, values)
        if row is None:
            raise AlreadyExists(f"a folder {name!r} is there already")
        return Folder(
            id=row[0], account_id=account, name=name, special_use=special_use,
            uidvalidity=uidvalidity, uidnext=Uid(1), modseq=modseq,
        )  # fmt: skip

    async def rename_folder(self, account: AccountId, old: str, new: str, *, modseq: ModSeq) -> list[Folder]:
        """One statement for all of them, once it is sure that no name is taken."""
        old, new = canonical_name(old), _checked(new)
        if old == INBOX:
            raise Invalid("INBOX keeps its name: RENAME moves its messages instead (RFC 9051 §6.3.6)")
        if new.startswith(old + SEPARATOR):
            raise Invalid(f"{old!r} cannot be moved below itself")
        self._check_names({folder.name for folder in await self.list_folders(account)}, old, new)
        if old.startswith(new + SEPARATOR):
            # `a/b` becomes `a` and `a/b/b` the new `a/b`: by way of names nobody has, lest they meet halfway.
            aside = SEPARATOR + old
            await self._rename(account, old, aside, modseq)
            old = aside
        renamed = await self._rename(account, old, new, modseq)
        return sorted(renamed, key=lambda folder: folder.name)

    @staticmethod
    def _check_names(names: set[str], old: str, new: str) -> None:
        if old not in names:
            raise NotFound(f"there is no folder {old!r}")
        moving = {name for name in names if name == old or name.startswith(old + SEPARATOR)}
        taken = (names - moving) & {new + name[len(old) :] for name in moving}
        if taken or old == new:
            raise AlreadyExists(f"a folder {min(taken, default=new)!r} is there already")

    async def _rename(self, account: AccountId, old: str, new: str, modseq: ModSeq) -> list[Folder]:
        values = {
            "account": account, "modseq": modseq, "new": new,
            "old": old, "below": old + SEPARATOR, "rest": len(old) + 1,
        }  # fmt: skip
        return [_folder_of(row) for row in await self._session.rows(RENAME, values)]

    async def delete_folder(self, folder: FolderId, *, now: Instant) -> int:
        """A mark only; the duty exhumes what it held."""
        if (await self.get_folder(folder)).name == INBOX:
            raise Invalid("INBOX cannot be deleted")  # RFC 9051 §6.3.5
        row = await self._session.row(DELETE, {"folder": folder, "now": now})
        return int(row[0]) if row else 0

    async def touch_folder(self, folder: FolderId, *, modseq: ModSeq) -> None:
        """NotFound if it was deleted."""
        if not await self._session.run(TOUCH, {"folder": folder, "modseq": modseq}):
            raise NotFound(f"folder {folder} is gone")

    async def subscribe(self, account: AccountId, name: str) -> None:
        """Twice is once."""
        await self._session.run(SUBSCRIBE, {"account": account, "name": canonical_name(name)})

    async def unsubscribe(self, account: AccountId, name: str) -> None:
        """Also what was never subscribed."""
        await self._session.run(UNSUBSCRIBE, {"account": account, "name": canonical_name(name)})


def _checked(name: str) -> str:
    """What the store itself relies on; the finer rules of names are the service's."""
    if not name or "\0" in name or name.startswith(SEPARATOR) or name.endswith(SEPARATOR) or SEPARATOR * 2 in name:
        raise Invalid(f"{name!r} cannot be the name of a folder")
    return canonical_name(name)
