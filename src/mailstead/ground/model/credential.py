"""What a user may log in with beside the password: app passwords for one program each, and bearer tokens."""

from dataclasses import dataclass
from enum import Enum

from mailstead.ground.model.ids import Instant, UserId


class CredentialKind(Enum):
    """Where it is taken: in place of the password, or by OAUTHBEARER and XOAUTH2."""

    APP_PASSWORD = "app-password"  # noqa: S105 - a word, no secret
    TOKEN = "token"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """`digest` is the SHA-256 of its 128 random bits, in hex; no `protocols` are all of them."""

    id: int
    user_id: UserId
    kind: CredentialKind
    name: str
    protocols: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()  # of the API; none: whatever its user may do
    digest: str
    created_at: Instant
    expires_at: Instant | None = None
    used_at: Instant | None = None

    def serves(self, protocol: str) -> bool:
        """Whether that protocol may take it."""
        return not self.protocols or protocol in self.protocols

    def is_over(self, now: Instant) -> bool:
        """Whether its time has passed."""
        return self.expires_at is not None and self.expires_at <= now
