"""Who is here: domains, users, accounts, aliases, and who may enter which account."""

from dataclasses import dataclass
from enum import Enum, IntEnum

from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import AccountId, AliasId, DomainId, Instant, UserId
from mailstead.ground.model.quota import NO_QUOTA, Quota

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


class UserRole(Enum):
    """What a user may do here beside their own mail. Each is a word of the API and of commands."""

    USER = "user"  # their own things
    READONLY = "readonly"  # see everything, change nothing
    OPERATOR = "operator"  # see everything, and move letters: queue, quarantine, blocks
    DOMAIN_ADMIN = "domain-admin"  # all about their domains, and nothing of others
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A mail domain of ours. One with `alias_of` has no accounts: its addresses mean those of the other."""

    id: DomainId
    name: str
    status: Status = Status.ACTIVE
    alias_of: DomainId | None = None
    catchall: str | None = None
    max_users: int = 0  # 0: no limit
    max_mailbox_size: int = 0  # no account may have a larger quota; 0: no limit
    default_quota: int = DEFAULT_QUOTA
    quota: Quota = NO_QUOTA  # of all its accounts together; its use is counted only if there is a limit
    hand_off: str = ""  # where its mail is kept, if not here: "lmtp://host:port"
    verify: bool = True  # ask there, at RCPT, whether the recipient is known
    backup_mx: str = ""  # hosts that take its mail when we are away, as published
    created_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing


@dataclass(frozen=True, slots=True)
class DomainUse:
    """What the accounts of a domain hold."""

    domain: str
    accounts: int
    used_bytes: int
    used_messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who logs in. `login` is an address or a bare name, kept folded."""

    id: UserId
    login: str
    password_hash: str  # empty: cannot log in by password
    role: UserRole = UserRole.USER
    status: Status = Status.ACTIVE
    created_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing

    @property
    def is_admin(self) -> bool:
        """Whether they may do everything."""
        return self.role is UserRole.ADMIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A store of mail with an address."""

    id: AccountId
    domain_id: DomainId
    address: Address
    kind: AccountKind = AccountKind.PERSONAL
    status: Status = Status.ACTIVE
    quota_bytes: int = 0  # 0: no limit
    quota_messages: int = 0  # 0: no limit
    used_bytes: int = 0
    used_messages: int = 0
    domain_quota: Quota = NO_QUOTA
    created_at: Instant = Instant(0)  # noqa: RUF009 - a NewType makes nothing

    @property
    def quota(self) -> Quota:
        """Its own."""
        return Quota(
            limit_bytes=self.quota_bytes,
            limit_messages=self.quota_messages,
            used_bytes=self.used_bytes,
            used_messages=self.used_messages,
        )

    @property
    def is_full(self) -> bool:
        """True when nothing more fits."""
        return self.quota.is_full or self.domain_quota.is_full

    def has_room(self, size: int) -> bool:
        """True if one more message of this size stays within its quota and that of its domain."""
        return self.quota.has_room(size) and self.domain_quota.has_room(size)


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
