"""Which events of which folders a client wants to hear of (RFC 5465 §6), and how two lists of names differ. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import FolderId
from mailstead.ground.wire.imap.command import EventGroup, MailEvent, WhichFolders
from mailstead.ground.wire.imap.grammar.notify import SELECTED
from mailstead.services.folders.names import is_below, list_parents, normalize_name

NOTHING: frozenset[MailEvent] = frozenset()


class Wishes:
    """The groups of one NOTIFY SET; none at all for NOTIFY NONE."""

    __slots__ = ("_others", "selected")

    def __init__(self, groups: Sequence[EventGroup]) -> None:
        self.selected = next((group for group in groups if group.which in SELECTED and group.events), None)
        self._others = [(group, _normalize(group.folders)) for group in groups if group.which not in SELECTED]

    @property
    def delays_expunge(self) -> bool:
        """RFC 5465 §6.1.2."""
        return self.selected is not None and self.selected.which is WhichFolders.SELECTED_DELAYED

    @property
    def wants_server(self) -> bool:
        """RFC 5465 §5.7: an event of no mailbox, whichever group names it."""
        return any(MailEvent.SERVER_METADATA_CHANGE in group.events for group, _ in self._others)

    def events_of(self, name: str, *, is_personal: bool, is_subscribed: bool) -> frozenset[MailEvent]:
        """All groups that a folder is in count (RFC 5465 §6)."""
        found = NOTHING
        for group, names in self._others:
            if _covers(group.which, names, name, is_personal=is_personal, is_subscribed=is_subscribed):
                found |= group.events
        return found


def _normalize(names: Sequence[str]) -> tuple[str, ...]:
    """RFC 5465 §3.1: names of nothing are passed over."""
    found = []
    for name in names:
        try:
            found.append(normalize_name(name))
        except Invalid:
            continue
    return tuple(found)


def _covers(which: WhichFolders, names: Sequence[str], name: str, *, is_personal: bool, is_subscribed: bool) -> bool:
    match which:
        case WhichFolders.PERSONAL | WhichFolders.INBOXES:  # RFC 5465 §6.3: mail may be delivered to any of them
            return is_personal
        case WhichFolders.SUBSCRIBED:
            return is_subscribed
        case WhichFolders.SUBTREE:
            return any(name == top or is_below(name, top) for top in names)
        case WhichFolders.MAILBOXES:
            return name in names
        case WhichFolders.SELECTED | WhichFolders.SELECTED_DELAYED:
            return False


@dataclass(frozen=True, slots=True)
class Rearranged:
    """What became of the names of an account; `renamed` leaves out those that only moved with the one above."""

    gone: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    made: tuple[str, ...]


def compare_names(old: Mapping[FolderId, str], new: Mapping[FolderId, str]) -> Rearranged:
    """By id, so that a new name is told from a new folder."""
    moved = {old[key]: name for key, name in new.items() if key in old and old[key] != name}
    return Rearranged(
        gone=tuple(sorted(name for key, name in old.items() if key not in new)),
        renamed=tuple(sorted((was, now) for was, now in moved.items() if not _moved_with_parent(moved, was, now))),
        made=tuple(sorted(name for key, name in new.items() if key not in old)),
    )


def _moved_with_parent(moved: Mapping[str, str], was: str, now: str) -> bool:
    """RFC 5465 §5.4: no event for the children of what was renamed."""
    return any(moved.get(parent, "") + was[len(parent) :] == now for parent in list_parents(was) if parent in moved)
