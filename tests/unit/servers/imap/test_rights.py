"""Rights of RFC 4314 and roles."""

import pytest

from mailstead.ground.model.directory import Role
from mailstead.servers.imap.rights import RIGHTS, grantable, nearest_role, render_rights


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_its_rights(role: Role) -> None:
    assert nearest_role(RIGHTS[role]) is role


@pytest.mark.parametrize(
    ("asked", "role"),
    [
        ("lr", Role.VIEWER), ("lrs", Role.VIEWER), ("lrswikxte", Role.EDITOR), ("lrswipkxte", Role.SENDER),
        ("lrp", Role.VIEWER), ("lra", Role.VIEWER), ("l", None), ("swikxte", None), ("", None),
    ],
)  # fmt: skip
def test_never_more_than_was_asked_for(asked: str, role: Role | None) -> None:
    assert nearest_role(frozenset(asked)) is role


def test_old_names_are_told_too() -> None:
    assert render_rights(Role.VIEWER) == "lr"
    assert render_rights(Role.EDITOR) == "lrswikxtecd"


def test_no_right_is_listed_twice() -> None:
    """RFC 4314 §3.7."""
    listed = "".join(grantable())
    assert sorted(listed) == sorted("lrswipkxteacd")
