"""Commands about folders: SELECT to UNSUBSCRIBE, STATUS (RFC 9051 §6.3)."""

from functools import partial
from typing import Final

from mailstead.ground.model.folder import SEPARATOR, SpecialUse
from mailstead.ground.wire.imap.command import Create, Delete, Rename, Select, Status, StatusItem, Subscribe
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.resync import parse_select_parameters
from mailstead.ground.wire.imap.syntax import Syntax

_ITEMS: Final = {item.value: item for item in StatusItem}
_USES: Final = {use.value.upper().encode("ascii"): use for use in SpecialUse}


def _only_folder(cursor: Cursor) -> str:
    cursor.space()
    return cursor.folder()


def parse_select(cursor: Cursor) -> Select:
    """RFC 9051 §6.3.2."""
    return _select(cursor, is_read_only=False)


def parse_examine(cursor: Cursor) -> Select:
    """RFC 9051 §6.3.3."""
    return _select(cursor, is_read_only=True)


def _select(cursor: Cursor, *, is_read_only: bool) -> Select:
    name = _only_folder(cursor)
    condstore, known = parse_select_parameters(cursor)
    return Select(name, is_read_only, condstore, known)


def parse_delete(cursor: Cursor) -> Delete:
    """RFC 9051 §6.3.5."""
    return Delete(_only_folder(cursor))


def parse_subscription(cursor: Cursor, *, on: bool) -> Subscribe:
    """RFC 9051 §6.3.7, §6.3.8."""
    return Subscribe(_only_folder(cursor), on)


def parse_rename(cursor: Cursor) -> Rename:
    """RFC 9051 §6.3.6."""
    return Rename(_only_folder(cursor), _only_folder(cursor))


def _special_use(cursor: Cursor) -> SpecialUse:
    cursor.want(b"\\")
    use = _USES.get(cursor.atom("a special use"))
    if use is None:
        raise Syntax("Unknown special use")
    return use


def parse_create(cursor: Cursor) -> Create:
    """RFC 9051 §6.3.4; RFC 6154 §3: CREATE name (USE (\\Drafts))."""
    name = _only_folder(cursor)
    uses: list[SpecialUse] = []
    if not cursor.at_end():
        for uses_of_one in cursor.items(_create_parameter):
            uses += uses_of_one
    trimmed = name.removesuffix(SEPARATOR)
    if not trimmed:
        raise Syntax("The folder name is empty")
    return Create(trimmed, tuple(dict.fromkeys(uses)), wants_children=trimmed != name)


def _create_parameter(cursor: Cursor) -> list[SpecialUse]:
    if cursor.atom("USE") != b"USE":
        raise Syntax("CREATE knows only the parameter USE")
    cursor.space()
    return cursor.items(_special_use)


def _status_item(cursor: Cursor) -> StatusItem:
    item = _ITEMS.get(cursor.atom("a status item"))
    if item is None:
        raise Syntax(f"STATUS knows {' '.join(known.name for known in StatusItem)}")
    return item


def parse_status_items(cursor: Cursor) -> tuple[StatusItem, ...]:
    """A list, not empty."""
    items = tuple(dict.fromkeys(cursor.items(_status_item)))
    if not items:
        raise Syntax("The list of status items is empty")
    return items


def parse_status(cursor: Cursor) -> Status:
    """RFC 9051 §6.3.11."""
    name = _only_folder(cursor)
    cursor.space()
    return Status(name, parse_status_items(cursor))


parse_subscribe = partial(parse_subscription, on=True)
parse_unsubscribe = partial(parse_subscription, on=False)
