"""SCRAM verifiers, app passwords and tokens of users."""

from collections.abc import Sequence
from typing import Final, Protocol

from mailstead.ground.model.credential import Credential, CredentialKind
from mailstead.ground.model.directory import User
from mailstead.ground.model.ids import Instant, UserId

PLACES_MAX: Final = 200


class CredentialReads(Protocol):
    """Looked up by digest: nobody can search for one by guessing its first letters."""

    async def find_verifier(self, user: UserId) -> str | None:
        """What SCRAM asks for, as text; None if the clear password was never seen."""

    async def lacks_verifier(self) -> bool:
        """True if any active user with a password has no verifier."""

    async def find_secret(self, name: str) -> str | None:
        """A random text of this server's own."""

    async def find_credential(self, digest: str) -> Credential | None: ...
    async def find_holder(self, digest: str) -> tuple[User, Credential] | None:
        """The credential with its user."""

    async def list_credentials(self, user: UserId, kind: CredentialKind) -> list[Credential]:
        """By name."""

    async def is_familiar(self, user: UserId, place: str, since: Instant) -> bool:
        """Whether they logged in from that place since then."""


class CredentialWrites(CredentialReads, Protocol):
    """A new password takes the verifier of the old one away: store its own after it."""

    async def store_verifier(self, user: UserId, verifier: str) -> None: ...

    async def keep_secret(self, name: str, fresh: str) -> str:
        """The secret of that name, which is `fresh` if there was none."""

    async def insert_credential(
        self, user: UserId, credential: tuple[CredentialKind, str, str], protocols: Sequence[str], *,
        now: Instant, expires_at: Instant | None, scopes: Sequence[str] = (),
    ) -> Credential:  # fmt: skip
        """`credential`: kind, name and digest. AlreadyExists for a name that the user gave before."""

    async def delete_credential(self, user: UserId, kind: CredentialKind, name: str) -> Credential:
        """NotFound."""

    async def touch_credentials(self, used: Sequence[tuple[int, Instant]]) -> None:
        """When they were last used; those that are gone meanwhile are passed over."""

    async def note_places(self, seen: Sequence[tuple[UserId, str]], now: Instant, forget: Instant) -> None:
        """These users logged in from these places; some that were last seen before `forget` are forgotten, and of each
        user all but the latest `PLACES_MAX`."""
