"""The table of commands: name to parser. An extension adds a row."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from mailstead.ground.wire.imap.command import Command, Simple
from mailstead.ground.wire.imap.event import CommandReady
from mailstead.ground.wire.imap.grammar.append import parse_append_without_message
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.fetch import parse_fetch
from mailstead.ground.wire.imap.grammar.folder import (
    parse_create,
    parse_delete,
    parse_examine,
    parse_rename,
    parse_select,
    parse_status,
    parse_subscribe,
    parse_unsubscribe,
)
from mailstead.ground.wire.imap.grammar.listing import parse_list, parse_lsub
from mailstead.ground.wire.imap.grammar.message import parse_copy, parse_expunge, parse_store, parse_uid_expunge
from mailstead.ground.wire.imap.grammar.search import parse_search
from mailstead.ground.wire.imap.grammar.session import (
    parse_authenticate,
    parse_compress,
    parse_enable,
    parse_id,
    parse_login,
)
from mailstead.ground.wire.imap.syntax import Syntax

SIMPLE: Final = {command.value: command for command in Simple}

PARSERS: Final[Mapping[bytes, Callable[[Cursor], Command]]] = {
    b"APPEND": parse_append_without_message,
    b"AUTHENTICATE": parse_authenticate,
    b"COMPRESS": parse_compress,
    b"COPY": parse_copy,
    b"CREATE": parse_create,
    b"DELETE": parse_delete,
    b"ENABLE": parse_enable,
    b"EXAMINE": parse_examine,
    b"EXPUNGE": parse_expunge,
    b"FETCH": parse_fetch,
    b"ID": parse_id,
    b"LIST": parse_list,
    b"LOGIN": parse_login,
    b"LSUB": parse_lsub,
    b"MOVE": partial(parse_copy, is_move=True),
    b"RENAME": parse_rename,
    b"REPLACE": parse_append_without_message,
    b"SEARCH": parse_search,
    b"SELECT": parse_select,
    b"STATUS": parse_status,
    b"STORE": parse_store,
    b"SUBSCRIBE": parse_subscribe,
    b"UID COPY": partial(parse_copy, by_uid=True),
    b"UID EXPUNGE": parse_uid_expunge,
    b"UID FETCH": partial(parse_fetch, by_uid=True),
    b"UID MOVE": partial(parse_copy, by_uid=True, is_move=True),
    b"UID REPLACE": parse_append_without_message,
    b"UID SEARCH": partial(parse_search, by_uid=True),
    b"UID STORE": partial(parse_store, by_uid=True),
    b"UNSUBSCRIBE": parse_unsubscribe,
}


def parse_command(ready: CommandReady, *, utf8: bool = False) -> Command:
    """The value of a command, or `Syntax`. `utf8`: IMAP4rev2 or UTF8=ACCEPT is enabled: names are not modified UTF-7.

    An unknown name is `Syntax` too: look it up before if that matters.
    """
    simple = SIMPLE.get(ready.name)
    if simple is not None:
        if ready.args.strip(b" "):
            raise Syntax(f"{simple.name} takes no arguments")
        return simple
    parse = PARSERS.get(ready.name)
    if parse is None:
        raise Syntax(f"There is no command {ready.name[:40].decode('ascii')}")
    cursor = Cursor(ready.args, utf8=utf8)
    command = parse(cursor)
    cursor.end()
    return command
