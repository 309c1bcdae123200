"""Users, and which accounts they may enter."""

from typing import Final

from mailstead.ground.model.address import fold
from mailstead.ground.model.directory import Access, Account, Role, Status, User, UserRole
from mailstead.ground.model.errors import AlreadyExists, NotFound
from mailstead.ground.model.ids import AccountId, Instant, UserId
from mailstead.store.sql.accounts import COLUMNS, read_account, read_accounts
from mailstead.store.sql.second_factors import drop_factor
from mailstead.store.sql.session import Row, Session

LIST: Final = """
    SELECT id, login, password_hash, role, status, created_at
      FROM mail_user WHERE status <> 'deleted' ORDER BY login"""

FIND: Final = """
    SELECT id, login, password_hash, role, status, created_at
      FROM mail_user WHERE login = :login AND status <> 'deleted'"""

INSERT: Final = """
    INSERT INTO mail_user (login, password_hash, role, is_admin, status, created_at)
    VALUES (:login, :password_hash, :role, :is_admin, 'active', :now)
        ON CONFLICT (login) DO NOTHING
 RETURNING id"""

UPDATE: Final = """
    UPDATE mail_user SET password_hash = COALESCE(:password_hash, password_hash),
                         role = COALESCE(:role, role), is_admin = COALESCE(:is_admin, is_admin),
                         status = COALESCE(:status, status)
     WHERE id = :user"""

DELETE: Final = "DELETE FROM mail_user WHERE id = :user"

LIST_ACCESS: Final = f"""
    SELECT {COLUMNS}, g.role
      FROM access g JOIN account a ON a.id = g.account_id
     WHERE g.user_id = :user AND a.status <> 'deleted'
     ORDER BY a.kind, a.address_key"""  # noqa: S608 - names of ours

FIND_ADMIN_ACCOUNT: Final = f"""
    SELECT {COLUMNS}
      FROM mail_user u JOIN access g ON g.user_id = u.id JOIN account a ON a.id = g.account_id
     WHERE u.is_admin = 1 AND u.status = 'active' AND a.status = 'active'
     ORDER BY u.id, a.kind, a.id LIMIT 1"""  # noqa: S608 - names of ours

LIST_MEMBERS: Final = """
    SELECT u.id, u.login, u.password_hash, u.role, u.status, u.created_at, g.role
      FROM access g JOIN mail_user u ON u.id = g.user_id
     WHERE g.account_id = :account AND u.status <> 'deleted'
     ORDER BY u.login"""

GRANT: Final = """
    INSERT INTO access (user_id, account_id, role)
    SELECT u.id, a.id, :role FROM mail_user u CROSS JOIN account a
     WHERE u.id = :user AND a.id = :account AND a.status <> 'deleted'
        ON CONFLICT (user_id, account_id) DO UPDATE SET role = excluded.role"""

REVOKE: Final = "DELETE FROM access WHERE user_id = :user AND account_id = :account"


def user_of(row: Row) -> User:
    identity, login, password_hash, role, status, created_at = row
    return User(
        id=identity, login=login, password_hash=password_hash, role=UserRole(role),
        status=Status(status), created_at=created_at,
    )  # fmt: skip


class SqlUsers:
    """The part of the directory that logs in."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def list_users(self) -> list[User]:
        """By login."""
        return [user_of(row) for row in await self._session.rows(LIST)]

    async def find_user(self, login: str) -> User | None:
        """In whatever case it is written."""
        row = await self._session.row(FIND, {"login": fold(login)})
        return user_of(row) if row else None

    async def list_access(self, user: UserId) -> list[tuple[Account, Role]]:
        """'personal' sorts before 'shared'."""
        rows = await self._session.rows(LIST_ACCESS, {"user": user})
        accounts = await read_accounts(self._session, rows)
        return [(account, Role(row[-1])) for account, row in zip(accounts, rows, strict=True)]

    async def find_admin_account(self) -> Account | None:
        """Admins are few and the first user is one: this ends at once."""
        return await read_account(self._session, await self._session.row(FIND_ADMIN_ACCOUNT))

    async def list_members(self, account: AccountId) -> list[tuple[User, Role]]:
        """By login."""
        rows = await self._session.rows(LIST_MEMBERS, {"account": account})
        return [(user_of(row[:-1]), Role(row[-1])) for row in rows]

    async def insert_user(self, login: str, password_hash: str, *, is_admin: bool, now: Instant) -> User:
        """The login is kept folded."""
        login = fold(login)
        role = UserRole.ADMIN if is_admin else UserRole.USER
        values = {
            "login": login, "password_hash": password_hash, "role": role.value, "is_admin": int(is_admin), "now": now,
        }  # fmt: skip
        row = await self._session.row(INSERT, values)
        if row is None:
            raise AlreadyExists(f"user {login} is there already")
        return User(id=row[0], login=login, password_hash=password_hash, role=role, created_at=now)

    async def update_user(
        self,
        user: UserId,
        *,
        password_hash: str | None = None,
        role: UserRole | None = None,
        status: Status | None = None,
    ) -> None:
        """What is None stays."""
        values = {
            "user": user, "password_hash": password_hash, "status": status.value if status else None,
            "role": role.value if role else None, "is_admin": None if role is None else int(role is UserRole.ADMIN),
        }  # fmt: skip
        if not await self._session.run(UPDATE, values):
            raise NotFound(f"user {user} is gone")
        if password_hash is not None:  # the verifier was of another password, or has to be stored anew
            await self._session.run("UPDATE mail_user SET scram = NULL WHERE id = :user", {"user": user})

    async def delete_user(self, user: UserId) -> None:
        """The accounts stay."""
        if not await self._session.run(DELETE, {"user": user}):
            raise NotFound(f"user {user} is gone")
        await self._session.run("DELETE FROM access WHERE user_id = :user", {"user": user})
        await self._session.run("DELETE FROM credential WHERE user_id = :user", {"user": user})
        await drop_factor(self._session, user)
        await self._session.run("DELETE FROM administered WHERE user_id = :user", {"user": user})
        await self._session.run("DELETE FROM familiar_place WHERE user_id = :user", {"user": user})
        await self._session.run("DELETE FROM metadata WHERE user_id = :user", {"user": user})

    async def grant(self, access: Access) -> None:
        """NotFound if either of the two is gone."""
        values = {"user": access.user_id, "account": access.account_id, "role": int(access.role)}
        if not await self._session.run(GRANT, values):
            raise NotFound(f"user {access.user_id} or account {access.account_id} is gone")

    async def revoke(self, user: UserId, account: AccountId) -> None:
        """NotFound if there was none."""
        if not await self._session.run(REVOKE, {"user": user, "account": account}):
            raise NotFound(f"user {user} has no access to account {account}")
