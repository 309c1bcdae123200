"""Which folders a NOTIFY means, and how two lists of names differ (RFC 5465 §5.4, §6)."""

import pytest

from mailstead.ground.model.ids import FolderId
from mailstead.ground.wire.imap.command import EventGroup, MailEvent, WhichFolders
from mailstead.servers.imap.wishes import Rearranged, Wishes, compare_names

NEW = frozenset({MailEvent.MESSAGE_NEW, MailEvent.MESSAGE_EXPUNGE})
NAME = frozenset({MailEvent.MAILBOX_NAME})


def ids(*names: str) -> dict[FolderId, str]:
    return {FolderId(number): name for number, name in enumerate(names, 1) if name}


@pytest.mark.parametrize(
    ("which", "folders", "name", "expected"),
    [
        (WhichFolders.PERSONAL, (), "a", True),
        (WhichFolders.INBOXES, (), "a", True),
        (WhichFolders.SUBSCRIBED, (), "a", False),
        (WhichFolders.SUBTREE, ("a",), "a/b/c", True),
        (WhichFolders.SUBTREE, ("a",), "a", True),
        (WhichFolders.SUBTREE, ("a",), "ab", False),
        (WhichFolders.MAILBOXES, ("x", "inbox"), "INBOX", True),
        (WhichFolders.MAILBOXES, ("*", "a%"), "ab", False),  # §6.6: no wildcards
        (WhichFolders.MAILBOXES, ("bad\x01name",), "bad\x01name", False),
        (WhichFolders.SELECTED, (), "a", False),
    ],
)
def test_filters(which: WhichFolders, folders: tuple[str, ...], name: str, expected: bool) -> None:
    wishes = Wishes([EventGroup(which, folders, NEW)])
    assert (wishes.events_of(name, is_personal=True, is_subscribed=False) == NEW) is expected


def test_all_groups_of_a_folder_count() -> None:
    wishes = Wishes([EventGroup(WhichFolders.PERSONAL, (), NEW), EventGroup(WhichFolders.SUBTREE, ("a",), NAME)])
    assert wishes.events_of("a", is_personal=True, is_subscribed=False) == NEW | NAME
    assert wishes.events_of("b", is_personal=True, is_subscribed=False) == NEW
    assert not wishes.events_of("b", is_personal=False, is_subscribed=True)


def test_selected_without_events_is_as_not_named() -> None:
    """§3.1: the same as SELECTED NONE."""
    assert Wishes([EventGroup(WhichFolders.SELECTED, (), frozenset())]).selected is None
    assert Wishes([EventGroup(WhichFolders.SELECTED_DELAYED, (), NEW)]).delays_expunge


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (ids("a"), ids("a"), Rearranged((), (), ())),
        (ids("a"), ids("a", "b"), Rearranged((), (), ("b",))),
        (ids("a", "b"), ids("a"), Rearranged(("b",), (), ())),
        (ids("a", "a/b", "a/b/c"), ids("x", "x/b", "x/b/c"), Rearranged((), (("a", "x"),), ())),
        (ids("a", "a/b"), ids("x", "y"), Rearranged((), (("a", "x"), ("a/b", "y")), ())),
        (ids("a", ""), ids("", "a"), Rearranged(("a",), (), ("a",))),  # another folder of the same name
    ],
)
def test_names(old: dict[FolderId, str], new: dict[FolderId, str], expected: Rearranged) -> None:
    assert compare_names(old, new) == expected
