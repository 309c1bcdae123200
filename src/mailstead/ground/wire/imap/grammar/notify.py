"""NOTIFY (RFC 5465 §8): which events of which folders the client wants to hear of."""

from typing import Final

from mailstead.ground.wire.imap.command import EventGroup, FetchItem, MailEvent, Notify, WhichFolders
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.fetch import parse_items
from mailstead.ground.wire.imap.syntax import Syntax

GROUPS_MAX: Final = 100
FOLDERS_MAX: Final = 1000
"""Names in one group."""

MESSAGE_EVENTS: Final = frozenset({MailEvent.MESSAGE_NEW, MailEvent.MESSAGE_EXPUNGE, MailEvent.FLAG_CHANGE})
SELECTED: Final = frozenset({WhichFolders.SELECTED, WhichFolders.SELECTED_DELAYED})
NAMED: Final = frozenset({WhichFolders.SUBTREE, WhichFolders.MAILBOXES})
_EVENTS: Final = {event.value.upper().encode("ascii"): event for event in MailEvent}
_FILTERS: Final = {which.value: which for which in WhichFolders}


def parse_notify(cursor: Cursor) -> Notify:
    """notify = "NOTIFY" SP (notify-set / notify-none)."""
    cursor.space()
    word = cursor.atom("SET or NONE")
    if word == b"NONE":
        return Notify(None)
    if word != b"SET":
        raise Syntax("NOTIFY takes SET or NONE")
    cursor.space()
    wants_status = not cursor.has(b"(")
    if wants_status:
        if cursor.atom("STATUS or an event group") != b"STATUS":
            raise Syntax("STATUS or an event group expected")
        cursor.space()
    groups: list[EventGroup] = []
    unknown: list[str] = []
    while not groups or not cursor.at_end():
        groups.append(_group(cursor, unknown))
        if len(groups) > GROUPS_MAX:
            raise Syntax(f"NOTIFY takes at most {GROUPS_MAX} groups")
    if sum(group.which in SELECTED for group in groups) > 1:
        raise Syntax("SELECTED or SELECTED-DELAYED may come once")  # RFC 5465 §6.1
    return Notify(tuple(groups), wants_status=wants_status, unknown=tuple(unknown))


def _group(cursor: Cursor, unknown: list[str]) -> EventGroup:
    """event-group = "(" filter-mailboxes SP events ")"; RFC 5465 §3.1 itself leaves out the inner parentheses."""
    cursor.want(b"(")
    cursor.pass_spaces()
    which = _FILTERS.get(cursor.atom("which mailboxes"))
    if which is None:
        raise Syntax("Which mailboxes: selected, selected-delayed, inboxes, personal, subscribed, subtree, mailboxes")
    cursor.space()
    folders: tuple[str, ...] = ()
    if which in NAMED:
        folders = tuple(cursor.items(Cursor.folder, limit=FOLDERS_MAX)) if cursor.has(b"(") else (cursor.folder(),)
        cursor.space()
    inner = cursor.skip(b"(")
    events, fetch = _events(cursor, unknown)
    if inner:
        cursor.want(b")")
        cursor.pass_spaces()
    cursor.want(b")")
    cursor.pass_spaces()
    _check(which, events, fetch)
    return EventGroup(which, folders, events, fetch)


def _events(cursor: Cursor, unknown: list[str]) -> tuple[frozenset[MailEvent], tuple[FetchItem, ...]]:
    events: set[MailEvent] = set()
    fetch: tuple[FetchItem, ...] = ()
    cursor.pass_spaces()
    while not cursor.has(b")"):
        name = cursor.word("an event")
        cursor.pass_spaces()
        event = _EVENTS.get(name.upper())
        if event is not None:
            events.add(event)
        elif name.upper() != b"NONE":
            unknown.append(name.decode("ascii"))
        if event is MailEvent.MESSAGE_NEW and cursor.has(b"("):
            fetch = parse_items(cursor)
            cursor.pass_spaces()
    return frozenset(events), fetch


def _check(which: WhichFolders, events: frozenset[MailEvent], fetch: tuple[FetchItem, ...]) -> None:
    """RFC 5465 §5, §6.1, §8: combinations that are BAD."""
    both = {MailEvent.MESSAGE_NEW, MailEvent.MESSAGE_EXPUNGE}
    if events & MESSAGE_EVENTS and not both <= events:
        raise Syntax("MessageNew and MessageExpunge come together, FlagChange only with both")
    if which in SELECTED and events - MESSAGE_EVENTS:
        raise Syntax("The selected mailbox has events of messages only")
    if fetch and which not in SELECTED:
        raise Syntax("Only the selected mailbox can be asked for FETCH items")
