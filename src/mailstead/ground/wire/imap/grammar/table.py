"""The table of commands: name to parser. An extension adds a row."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from mailstead.ground.wire.imap.command import Command, Simple
from mailstead.ground.wire.imap.event import CommandReady
from mailstead.ground.wire.imap.grammar.acl import (
    parse_delete_acl,
    parse_get_acl,
    parse_get_quota,
    parse_get_quota_root,
    parse_list_rights,
    parse_my_rights,
    parse_set_acl,
    parse_set_quota,
)
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
from mailstead.ground.wire.imap.grammar.metadata import parse_get_metadata, parse_set_metadata
from mailstead.ground.wire.imap.grammar.notify import parse_notify
from mailstead.ground.wire.imap.grammar.resync import parse_uidbatches
from mailstead.ground.wire.imap.grammar.search import parse_search
from mailstead.ground.wire.imap.grammar.session import (
    parse_authenticate,
    parse_compress,
    parse_enable,
    parse_id,
    parse_login,
)
from mailstead.ground.wire.imap.grammar.sorting import parse_cancelupdate, parse_esearch, parse_sort, parse_thread
from mailstead.ground.wire.imap.syntax import Syntax

SIMPLE: Final = {command.value: command for command in Simple}

PARSERS: Final[Mapping[bytes, Callable[[Cursor], Command]]] = {
    b"APPEND": parse_append_without_message,
    b"AUTHENTICATE": parse_authenticate,
    b"COMPRESS": parse_compress,
    b"CANCELUPDATE": parse_cancelupdate,
    b"COPY": parse_copy,
    b"CREATE": parse_create,
    b"DELETE": parse_delete,
    b"DELETEACL": parse_delete_acl,
    b"ENABLE": parse_enable,
    b"ESEARCH": parse_esearch,
    b"EXAMINE": parse_examine,
    b"EXPUNGE": parse_expunge,
    b"FETCH": parse_fetch,
    b"GETACL": parse_get_acl,
    b"GETMETADATA": parse_get_metadata,
    b"GETQUOTA": parse_get_quota,
    b"GETQUOTAROOT": parse_get_quota_root,
    b"ID": parse_id,
    b"LIST": parse_list,
    b"LISTRIGHTS": parse_list_rights,
    b"LOGIN": parse_login,
    b"LSUB": parse_lsub,
    b"MOVE": partial(parse_copy, is_move=True),
    b"MYRIGHTS": parse_my_rights,
    b"NOTIFY": parse_notify,
    b"RENAME": parse_rename,
    b"REPLACE": parse_append_without_message,
    b"SEARCH": parse_search,
    b"SELECT": parse_select,
    b"SETACL": parse_set_acl,
    b"SETMETADATA": parse_set_metadata,
    b"SETQUOTA": parse_set_quota,
    b"SORT": parse_sort,
    b"STATUS": parse_status,
    b"STORE": parse_store,
    b"SUBSCRIBE": parse_subscribe,
    b"THREAD": parse_thread,
    b"UID COPY": partial(parse_copy, by_uid=True),
    b"UID EXPUNGE": parse_uid_expunge,
    b"UID FETCH": partial(parse_fetch, by_uid=True),
    b"UID MOVE": partial(parse_copy, by_uid=True, is_move=True),
    b"UID REPLACE": parse_append_without_message,
    b"UID SEARCH": partial(parse_search, by_uid=True),
    b"UID SORT": partial(parse_sort, by_uid=True),
    b"UID STORE": partial(parse_store, by_uid=True),
    b"UID THREAD": partial(parse_thread, by_uid=True),
    b"UIDBATCHES": parse_uidbatches,
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
