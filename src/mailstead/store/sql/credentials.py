"""SCRAM verifiers, app passwords and tokens of users, and secrets of the server itself."""

from collections.abc import Sequence
from typing import Final

from mailstead.ground.model.credential import Credential, CredentialKind
from mailstead.ground.model.directory import User
from mailstead.ground.model.errors import AlreadyExists, NotFound
from mailstead.ground.model.ids import Instant, UserId
from mailstead.store.port.credentials import PLACES_MAX
from mailstead.store.sql.session import Row, Session
from mailstead.store.sql.users import user_of

FIND_VERIFIER: Final = "SELECT scram FROM mail_user WHERE id = :user"
STORE_VERIFIER: Final = "UPDATE mail_user SET scram = :verifier WHERE id = :user"

LACKS_VERIFIER: Final = """
    SELECT 1 FROM mail_user WHERE scram IS NULL AND status = 'active' AND password_hash <> '' LIMIT 1"""

FIND_SECRET: Final = "SELECT value FROM setting WHERE name = :name"  # noqa: S105 - SQL
KEEP_SECRET: Final = "INSERT INTO setting (name, value) VALUES (:name, :fresh) ON CONFLICT (name) DO NOTHING"  # noqa: S105

FIND: Final = """
    SELECT id, user_id, kind, name, protocols, scopes, digest, created_at, expires_at, used_at
      FROM credential WHERE digest = :digest"""

FIND_HOLDER: Final = """
    SELECT u.id, u.login, u.password_hash, u.role, u.status, u.created_at,
           c.id, c.user_id, c.kind, c.name, c.protocols, c.scopes, c.digest, c.created_at, c.expires_at, c.used_at
      FROM credential c JOIN mail_user u ON u.id = c.user_id
     WHERE c.digest = :digest AND u.status <> 'deleted'"""

LIST: Final = """
    SELECT id, user_id, kind, name, protocols, scopes, digest, created_at, expires_at, used_at
      FROM credential WHERE user_id = :user AND kind = :kind ORDER BY name"""

INSERT: Final = """
    INSERT INTO credential (user_id, kind, name, protocols, scopes, digest, created_at, expires_at)
    VALUES (:user, :kind, :name, :protocols, :scopes, :digest, :now, :expires_at)
        ON CONFLICT (user_id, kind, name) DO NOTHING
 RETURNING id"""

DELETE: Final = """
    DELETE FROM credential WHERE user_id = :user AND kind = :kind AND name = :name
 RETURNING id, user_id, kind, name, protocols, scopes, digest, created_at, expires_at, used_at"""

TOUCH: Final = "UPDATE credential SET used_at = :used_at WHERE id = :credential"

IS_FAMILIAR: Final = "SELECT 1 FROM familiar_place WHERE user_id = :user AND place = :place AND seen_at >= :since"
NOTE_PLACE: Final = """
    INSERT INTO familiar_place (user_id, place, seen_at) VALUES (:user, :place, :now)
        ON CONFLICT (user_id, place) DO UPDATE SET seen_at = excluded.seen_at"""
TRIM_PLACES: Final = """
    DELETE FROM familiar_place WHERE user_id = :user AND place IN (
        SELECT place FROM familiar_place WHERE user_id = :user ORDER BY seen_at DESC, place LIMIT 1000 OFFSET :kept)"""
OLD_PLACES: Final = "SELECT user_id, place FROM familiar_place WHERE seen_at < :forget ORDER BY seen_at LIMIT 100"
FORGET_PLACE: Final = "DELETE FROM familiar_place WHERE user_id = :user AND place = :place AND seen_at < :forget"


def _credential_of(row: Row) -> Credential:
    identity, user, kind, name, protocols, scopes, digest, created_at, expires_at, used_at = row
    return Credential(
        id=identity, user_id=user, kind=CredentialKind(kind), name=name, protocols=tuple(protocols.split()),
        scopes=tuple(scopes.split()), digest=digest, created_at=created_at, expires_at=expires_at, used_at=used_at,
    )  # fmt: skip


class SqlCredentials:
    """See the port."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def find_verifier(self, user: UserId) -> str | None:
        """None too for a user that is gone."""
        row = await self._session.row(FIND_VERIFIER, {"user": user})
        return row[0] if row else None

    async def lacks_verifier(self) -> bool:
        """A partial index holds exactly those, so this is one step whatever the number of users."""
        return await self._session.row(LACKS_VERIFIER) is not None

    async def store_verifier(self, user: UserId, verifier: str) -> None:
        """For the password that is stored now."""
        if not await self._session.run(STORE_VERIFIER, {"user": user, "verifier": verifier}):
            raise NotFound(f"user {user} is gone")

    async def find_secret(self, name: str) -> str | None:
        """None before it is first kept."""
        row = await self._session.row(FIND_SECRET, {"name": name})
        return row[0] if row else None

    async def keep_secret(self, name: str, fresh: str) -> str:
        """Two that come at once get the same one."""
        await self._session.run(KEEP_SECRET, {"name": name, "fresh": fresh})
        return await self.find_secret(name) or fresh

    async def find_credential(self, digest: str) -> Credential | None:
        """Of whichever user."""
        row = await self._session.row(FIND, {"digest": digest})
        return _credential_of(row) if row else None

    async def find_holder(self, digest: str) -> tuple[User, Credential] | None:
        """With its user, unless that one is deleted."""
        row = await self._session.row(FIND_HOLDER, {"digest": digest})
        return (user_of(row[:6]), _credential_of(row[6:])) if row else None

    async def list_credentials(self, user: UserId, kind: CredentialKind) -> list[Credential]:
        """By name; a user has few."""
        rows = await self._session.rows(LIST, {"user": user, "kind": kind.value})
        return [_credential_of(row) for row in rows]

    async def insert_credential(
        self, user: UserId, credential: tuple[CredentialKind, str, str], protocols: Sequence[str], *,
        now: Instant, expires_at: Instant | None, scopes: Sequence[str] = (),
    ) -> Credential:  # fmt: skip
        """Names are the user's own, so one may not be given twice."""
        kind, name, digest = credential
        values = {
            "user": user, "kind": kind.value, "name": name, "digest": digest, "now": now, "expires_at": expires_at,
            "protocols": " ".join(protocols), "scopes": " ".join(scopes),
        }  # fmt: skip
        row = await self._session.row(INSERT, values)
        if row is None:
            raise AlreadyExists(f"there is a credential named {name} already")
        return Credential(
            id=row[0], user_id=user, kind=kind, name=name, protocols=tuple(protocols), scopes=tuple(scopes),
            digest=digest, created_at=now, expires_at=expires_at,
        )  # fmt: skip

    async def delete_credential(self, user: UserId, kind: CredentialKind, name: str) -> Credential:
        """What it was."""
        row = await self._session.row(DELETE, {"user": user, "kind": kind.value, "name": name})
        if row is None:
            raise NotFound(f"there is no credential named {name}")
        return _credential_of(row)

    async def touch_credentials(self, used: Sequence[tuple[int, Instant]]) -> None:
        """One statement for each."""
        await self._session.run_many(TOUCH, [{"credential": one, "used_at": at} for one, at in used])

    async def is_familiar(self, user: UserId, place: str, since: Instant) -> bool:
        """By the primary key."""
        values = {"user": user, "place": place, "since": since}
        return await self._session.row(IS_FAMILIAR, values) is not None

    async def note_places(self, seen: Sequence[tuple[UserId, str]], now: Instant, forget: Instant) -> None:
        """At most 100 old ones at a time: more is noted than this only by ever more people."""
        await self._session.run_many(NOTE_PLACE, [{"user": user, "place": place, "now": now} for user, place in seen])
        users = sorted({user for user, _ in seen})
        await self._session.run_many(TRIM_PLACES, [{"user": user, "kept": PLACES_MAX} for user in users])
        old = await self._session.rows(OLD_PLACES, {"forget": forget})
        await self._session.run_many(
            FORGET_PLACE, [{"user": user, "place": place, "forget": forget} for user, place in old]
        )
