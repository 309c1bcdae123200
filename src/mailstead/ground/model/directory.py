"""Who is here: domains, users, accounts, aliases, and who may enter which account."""

from dataclasses import dataclass
from enum import Enum, IntEnum

from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import AccountId, AliasId, DomainId, Instant, UserId

DEFAULT_QUOTA = 1 << 30


class Status(Enum):
    """Of a domain, a user or an account. Only ACTIVE ones log in and receive."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"
    DELETED = "deleted"  # its mail is being removed in the background; the name is free again


class AccountKind(Enum):
    """A personal account belongs to one user; a shared one to all who have access."""

    PERSONAL = "personal"
    SHARED = "shared"


class Role(IntEnum):
    """What an access allows; each role includes the ones below it."""

    VIEWER = 1
    EDITOR = 2
    SENDER = 3
    ADMIN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A mail domain of ours. One with `alias_of` has no accounts: its addresses mean those of the other."""

    id: DomainId
    name: str
    status: Status = Status.ACTIVE
    alias_of: DomainId | None = None
    catchall: str | None = None
    max_users: int = 0  # 0: no limit
    default_quota: int = DEFAULT_QUOTA
    created_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who logs in. `login` is an address or a bare name, kept folded."""

    id: UserId
    login: str
    password_hash: str  # empty: cannot log in by password
    is_admin: bool = False
    status: Status = Status.ACTIVE
    created_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A store of mail with an address."""

    id: AccountId
    domain_id: DomainId
    address: Address
    kind: AccountKind = AccountKind.PERSONAL
    status: Status = Status.ACTIVE
    quota_bytes: int = 0  # 0: no limit
    used_bytes: int = 0
    used_messages: int = 0
    created_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing

    @property
    def is_full(self) -> bool:
        """True when nothing more fits."""
        return 0 < self.quota_bytes <= self.used_bytes


@dataclass(frozen=True, slots=True)
class Access:
    """A user may enter an account in a role."""

    user_id: UserId
    account_id: AccountId
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """An address that means other addresses, of ours or elsewhere."""

    id: AliasId
    domain_id: DomainId
    address: Address
    targets: tuple[str, ...]
    created_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing
