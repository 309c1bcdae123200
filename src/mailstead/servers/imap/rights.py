"""Rights of RFC 4314 from the roles of an access. Rights belong to an account, so all its folders have the same."""

from collections.abc import Mapping
from typing import Final

from mailstead.ground.model.directory import Role

GROUPS: Final[Mapping[Role, str]] = {Role.VIEWER: "lr", Role.EDITOR: "swikxte", Role.SENDER: "p", Role.ADMIN: "a"}
"""What each role adds to those below it. Flags, \\Seen too, belong to the message: who only looks sets none."""

RIGHTS: Final[Mapping[Role, frozenset[str]]] = {
    role: frozenset("".join(GROUPS[lower] for lower in GROUPS if lower <= role)) for role in Role
}
ORDER: Final = "lrswipkxteacd"


def with_virtual(rights: frozenset[str]) -> str:
    """RFC 4314 §2.1.1: `c` and `d` are told where any right that they stand for is there."""
    shown = set(rights)
    shown |= {"c"} if rights & {"k", "x"} else set()
    shown |= {"d"} if rights & {"t", "e"} else set()
    return "".join(right for right in ORDER if right in shown)


def render_rights(role: Role) -> str:
    """As in MYRIGHTS and ACL."""
    return with_virtual(RIGHTS[role])


def grantable() -> tuple[str, ...]:
    """RFC 4314 §3.7: rights in one string are tied together."""
    return tuple(with_virtual(frozenset(group)) for group in GROUPS.values())


def nearest_role(rights: frozenset[str]) -> Role | None:
    """The greatest role that gives no right that was not asked for; None if there is none such."""
    return max((role for role in Role if RIGHTS[role] <= rights), default=None)
