"""LIST, basic and extended, and LSUB (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154 §2; RFC 3501 §6.3.9)."""

from typing import Final

from mailstead.ground.wire.imap.command import List, ListReturn, ListSelect, Lsub, StatusItem
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.folder import parse_status_items
from mailstead.ground.wire.imap.grammar.metadata import parse_entries
from mailstead.ground.wire.imap.syntax import Syntax

PATTERNS_MAX: Final = 256

_SELECTS: Final = {option.value: option for option in ListSelect}
_RETURNS: Final = {option.value: option for option in ListReturn}


def _select_option(cursor: Cursor) -> ListSelect:
    option = _SELECTS.get(cursor.atom("a selection option"))
    if option is None:
        raise Syntax("Unknown selection option")
    return option


def _return_option(cursor: Cursor) -> ListReturn | tuple[StatusItem, ...] | tuple[str, ...]:
    name = cursor.atom("a return option")
    if name == b"STATUS":
        cursor.space()
        return parse_status_items(cursor)
    if name == b"METADATA":  # RFC 9590 §3
        cursor.space()
        return parse_entries(cursor)
    option = _RETURNS.get(name)
    if option is None:
        raise Syntax("Unknown return option")
    return option


def _returns(cursor: Cursor) -> tuple[frozenset[ListReturn], tuple[StatusItem, ...], tuple[str, ...]]:
    """list-return-opts."""
    if cursor.atom("RETURN") != b"RETURN":
        raise Syntax("Only RETURN may follow the pattern")
    cursor.space()
    found = cursor.items(_return_option)
    items = [item for option in found if isinstance(option, tuple) for item in option]
    status = (item for item in items if isinstance(item, StatusItem))
    entries = (item for item in items if isinstance(item, str))
    options = frozenset(option for option in found if isinstance(option, ListReturn))
    return options, tuple(dict.fromkeys(status)), tuple(dict.fromkeys(entries))


def parse_list(cursor: Cursor) -> List:
    """RFC 9051 §6.3.9: LIST [(selection options)] reference pattern-or-patterns [RETURN (...)]."""
    cursor.space()
    select: frozenset[ListSelect] = frozenset()
    is_extended = cursor.has(b"(")
    if is_extended:
        select = frozenset(cursor.items(_select_option))
        cursor.space()
    # RFC 9051 §6.3.9.1: it modifies another option, and REMOTE does not count.
    if ListSelect.RECURSIVEMATCH in select and not select - {ListSelect.RECURSIVEMATCH, ListSelect.REMOTE}:
        raise Syntax("RECURSIVEMATCH needs SUBSCRIBED or SPECIAL-USE beside it")
    reference = cursor.folder_pattern()
    cursor.space()
    if cursor.has(b"("):
        is_extended = True
        patterns = tuple(cursor.items(Cursor.folder_pattern, limit=PATTERNS_MAX))
        if not patterns:
            raise Syntax("The list of patterns is empty")
    else:
        patterns = (cursor.folder_pattern(),)
    if cursor.at_end():
        return List(reference=reference, patterns=patterns, select=select, is_extended=is_extended)
    returns, status, metadata = _returns(cursor)
    return List(
        reference=reference, patterns=patterns, select=select, returns=returns, status=status, metadata=metadata,
        is_extended=True,
    )  # fmt: skip


def parse_lsub(cursor: Cursor) -> Lsub:
    """RFC 3501 §6.3.9."""
    cursor.space()
    reference = cursor.folder_pattern()
    cursor.space()
    return Lsub(reference, cursor.folder_pattern())
