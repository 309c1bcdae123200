"""What a user may do by the API: their role says how far each action reaches, the scopes of a key narrow it down."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

from mailstead.ground.model.directory import UserRole
from mailstead.ground.model.errors import Invalid

RESOURCES: Final = (
    "access", "aliases", "app-passwords", "audit", "blocklist", "domains", "logs", "policy", "quarantine", "queue",
    "stats", "tokens", "trace", "users",
)  # fmt: skip
ANY: Final = "*"


class Verb(Enum):
    """Looking, or changing."""

    READ = "read"
    WRITE = "write"


class Reach(IntEnum):
    """Whose things an action may touch."""

    NONE = 0
    OWN = 1  # those of the user, and of accounts they administer
    DOMAINS = 2  # those of the domains they look after
    ALL = 3


@dataclass(frozen=True, slots=True)
class Scope:
    """`users:read`; either side may be `*`."""

    resource: str
    verb: str

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.resource}:{self.verb}"

    def covers(self, other: "Scope") -> bool:
        """Whether all that the other allows is allowed by this one."""
        return self.resource in (ANY, other.resource) and self.verb in (ANY, other.verb)


def parse_scope(text: str) -> Scope:
    """Invalid says what may stand there."""
    resource, _, verb = text.partition(":")
    if resource not in (ANY, *RESOURCES) or verb not in (ANY, *(one.value for one in Verb)):
        raise Invalid(
            f"there is no scope {text[:100]!r}: write RESOURCE:read or RESOURCE:write, of {', '.join(RESOURCES)}"
        )
    return Scope(resource, verb)


def allows(scopes: Iterable[str], wanted: Scope) -> bool:
    """Whether a key with these scopes may do it. A key without scopes may do all that its user may."""
    held = [parse_scope(text) for text in scopes]
    return not held or any(scope.covers(wanted) for scope in held)


Reaches = Mapping[tuple[str, Verb], Reach]

_PERSONAL: Final[Reaches] = {
    ("users", Verb.READ): Reach.OWN,
    ("users", Verb.WRITE): Reach.OWN,
    ("access", Verb.READ): Reach.OWN,
    ("access", Verb.WRITE): Reach.OWN,
    ("app-passwords", Verb.READ): Reach.OWN,
    ("app-passwords", Verb.WRITE): Reach.OWN,
    ("tokens", Verb.READ): Reach.OWN,
    ("tokens", Verb.WRITE): Reach.OWN,
    ("quarantine", Verb.READ): Reach.OWN,
    ("quarantine", Verb.WRITE): Reach.OWN,
    ("trace", Verb.READ): Reach.OWN,
}
_SEEING: Final[Reaches] = {(resource, Verb.READ): Reach.ALL for resource in RESOURCES}
_MOVED_BY_OPERATORS: Final = ("queue", "blocklist", "quarantine")
_OF_DOMAINS: Final = (
    "access", "aliases", "app-passwords", "audit", "blocklist", "domains", "policy", "quarantine", "queue", "stats",
    "tokens", "trace", "users",
)  # fmt: skip
_FIXED_FOR_DOMAINS: Final = ("audit", "domains", "stats", "trace")

REACHES: Final[Mapping[UserRole, Reaches]] = {
    UserRole.USER: _PERSONAL,
    UserRole.READONLY: {**_PERSONAL, **_SEEING},
    UserRole.OPERATOR: {
        **_PERSONAL, **_SEEING, **{(resource, Verb.WRITE): Reach.ALL for resource in _MOVED_BY_OPERATORS},
    },
    UserRole.DOMAIN_ADMIN: {
        **{(resource, Verb.READ): Reach.DOMAINS for resource in _OF_DOMAINS},
        **{(resource, Verb.WRITE): Reach.DOMAINS for resource in _OF_DOMAINS if resource not in _FIXED_FOR_DOMAINS},
    },
    UserRole.ADMIN: {(resource, verb): Reach.ALL for resource in RESOURCES for verb in Verb},
}  # fmt: skip
"""What is not named, nobody of that role may do."""


def reach_of(role: UserRole, resource: str, verb: Verb) -> Reach:
    """How far an action of somebody in that role reaches."""
    return REACHES[role].get((resource, verb), Reach.NONE)
