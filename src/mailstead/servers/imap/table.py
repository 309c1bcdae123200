"""The table of commands: which states allow one, whether its numbers hold back EXPUNGE, what it makes us advertise.

An extension adds a row or a feature; CAPABILITY derives from here.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mailstead.ground.model.sorting import Threading
from mailstead.servers.imap.commands.acl import delete_acl, get_acl, list_rights, my_rights, set_acl
from mailstead.servers.imap.commands.authenticate import authenticate, login, starttls, unauthenticate
from mailstead.servers.imap.commands.compress import compress, is_compressed
from mailstead.servers.imap.commands.contexts import cancelupdate
from mailstead.servers.imap.commands.copy import copy
from mailstead.servers.imap.commands.enable import enable
from mailstead.servers.imap.commands.esearch import esearch
from mailstead.servers.imap.commands.expunge import close, expunge, unselect
from mailstead.servers.imap.commands.fetch import fetch
from mailstead.servers.imap.commands.folders import create, delete, namespace, rename, subscribe
from mailstead.servers.imap.commands.idle import idle
from mailstead.servers.imap.commands.listing import list_, lsub
from mailstead.servers.imap.commands.metadata import get_metadata, set_metadata
from mailstead.servers.imap.commands.notify import notify
from mailstead.servers.imap.commands.plain import append_nothing, capability, identify, logout, noop
from mailstead.servers.imap.commands.quota import get_quota, get_quota_root, set_quota_limits
from mailstead.servers.imap.commands.search import search, sort, thread
from mailstead.servers.imap.commands.select import select
from mailstead.servers.imap.commands.status import status
from mailstead.servers.imap.commands.store import store
from mailstead.servers.imap.commands.uidbatches import uidbatches
from mailstead.servers.imap.reply import Reply
from mailstead.servers.imap.session import Session, State
from mailstead.services.accounts.sasl import Line

Handler = Callable[[Session, Any], Awaitable[Reply]]
"""The value is what `parse_command` gives for the name: the rows pair them, so each handler names its own type."""

ALWAYS: Final = frozenset({State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED})
BEFORE_LOGIN: Final = frozenset({State.NOT_AUTHENTICATED})
AFTER_LOGIN: Final = frozenset({State.AUTHENTICATED, State.SELECTED})
SELECTED: Final = frozenset({State.SELECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One command."""

    run: Handler
    states: frozenset[State]
    uses_numbers: bool = False  # RFC 9051 §7.5.1: no EXPUNGE in its answer
    asks: bool = False  # looks at the store for news of other workers, rather than at what was heard
    capabilities: tuple[str, ...] = ()  # after login


THREADINGS: Final = tuple(f"THREAD={threading.value}" for threading in Threading)

COMMANDS: Final[Mapping[bytes, Row]] = {
    b"CAPABILITY": Row(run=capability, states=ALWAYS),
    b"NOOP": Row(run=noop, states=ALWAYS, asks=True),
    b"LOGOUT": Row(run=logout, states=ALWAYS),
    b"ID": Row(run=identify, states=ALWAYS, capabilities=("ID",)),
    b"STARTTLS": Row(run=starttls, states=BEFORE_LOGIN),
    b"LOGIN": Row(run=login, states=BEFORE_LOGIN),
    b"AUTHENTICATE": Row(run=authenticate, states=BEFORE_LOGIN),
    b"COMPRESS": Row(run=compress, states=AFTER_LOGIN),
    b"UNAUTHENTICATE": Row(run=unauthenticate, states=AFTER_LOGIN, capabilities=("UNAUTHENTICATE",)),
    b"NOTIFY": Row(run=notify, states=AFTER_LOGIN, capabilities=("NOTIFY",)),
    b"ENABLE": Row(run=enable, states=AFTER_LOGIN, capabilities=("ENABLE", "UTF8=ACCEPT")),
    b"NAMESPACE": Row(run=namespace, states=AFTER_LOGIN, capabilities=("NAMESPACE",)),
    b"LIST": Row(
        run=list_, states=AFTER_LOGIN, capabilities=("LIST-EXTENDED", "LIST-STATUS", "SPECIAL-USE", "CHILDREN")
    ),
    b"MYRIGHTS": Row(run=my_rights, states=AFTER_LOGIN, capabilities=("ACL", "RIGHTS=texk", "LIST-MYRIGHTS")),
    b"GETACL": Row(run=get_acl, states=AFTER_LOGIN),
    b"SETACL": Row(run=set_acl, states=AFTER_LOGIN),
    b"DELETEACL": Row(run=delete_acl, states=AFTER_LOGIN),
    b"LISTRIGHTS": Row(run=list_rights, states=AFTER_LOGIN),
    b"GETMETADATA": Row(run=get_metadata, states=AFTER_LOGIN, capabilities=("METADATA", "LIST-METADATA")),
    b"SETMETADATA": Row(run=set_metadata, states=AFTER_LOGIN),
    b"GETQUOTA": Row(
        run=get_quota, states=AFTER_LOGIN, capabilities=("QUOTA", "QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE")
    ),
    b"GETQUOTAROOT": Row(run=get_quota_root, states=AFTER_LOGIN),
    b"SETQUOTA": Row(run=set_quota_limits, states=AFTER_LOGIN, capabilities=("QUOTASET",)),
    b"LSUB": Row(run=lsub, states=AFTER_LOGIN),
    b"SUBSCRIBE": Row(run=subscribe, states=AFTER_LOGIN),
    b"UNSUBSCRIBE": Row(run=subscribe, states=AFTER_LOGIN),
    b"CREATE": Row(run=create, states=AFTER_LOGIN, capabilities=("CREATE-SPECIAL-USE",)),
    b"DELETE": Row(run=delete, states=AFTER_LOGIN),
    b"RENAME": Row(run=rename, states=AFTER_LOGIN),
    b"APPEND": Row(run=append_nothing, states=AFTER_LOGIN, capabilities=("MULTIAPPEND", "CATENATE")),
    b"REPLACE": Row(run=append_nothing, states=SELECTED, capabilities=("REPLACE",)),
    b"UID REPLACE": Row(run=append_nothing, states=SELECTED),
    b"STATUS": Row(run=status, states=AFTER_LOGIN, capabilities=("STATUS=SIZE",)),
    b"SELECT": Row(run=select, states=AFTER_LOGIN, capabilities=("CONDSTORE", "QRESYNC", "UIDONLY", "OBJECTID")),
    b"EXAMINE": Row(run=select, states=AFTER_LOGIN),
    b"IDLE": Row(run=idle, states=AFTER_LOGIN, capabilities=("IDLE",)),
    b"CHECK": Row(run=noop, states=SELECTED, asks=True),
    b"CLOSE": Row(run=close, states=SELECTED),
    b"UNSELECT": Row(run=unselect, states=SELECTED, capabilities=("UNSELECT",)),
    b"EXPUNGE": Row(run=expunge, states=SELECTED),
    b"UID EXPUNGE": Row(run=expunge, states=SELECTED, capabilities=("UIDPLUS",)),
    b"FETCH": Row(
        run=fetch, states=SELECTED, uses_numbers=True, capabilities=("BINARY", "SAVEDATE", "PREVIEW", "INPROGRESS")
    ),
    b"UID FETCH": Row(run=fetch, states=SELECTED, capabilities=("PARTIAL",)),
    b"STORE": Row(run=store, states=SELECTED, uses_numbers=True),
    b"UID STORE": Row(run=store, states=SELECTED),
    b"SEARCH": Row(run=search, states=SELECTED, uses_numbers=True, capabilities=("ESEARCH", "SEARCHRES", "WITHIN")),
    b"UID SEARCH": Row(run=search, states=SELECTED, capabilities=("SEARCH=FUZZY", "I18NLEVEL=1", "FILTERS")),
    b"SORT": Row(run=sort, states=SELECTED, uses_numbers=True, capabilities=("SORT", "SORT=DISPLAY", "ESORT")),
    b"CANCELUPDATE": Row(run=cancelupdate, states=SELECTED, capabilities=("CONTEXT=SEARCH",)),
    b"ESEARCH": Row(run=esearch, states=AFTER_LOGIN, capabilities=("MULTISEARCH",)),
    b"UID SORT": Row(run=sort, states=SELECTED),
    b"THREAD": Row(run=thread, states=SELECTED, uses_numbers=True, capabilities=THREADINGS),
    b"UID THREAD": Row(run=thread, states=SELECTED),
    b"COPY": Row(run=copy, states=SELECTED),
    b"UID COPY": Row(run=copy, states=SELECTED),
    b"MOVE": Row(run=copy, states=SELECTED, capabilities=("MOVE",)),
    b"UID MOVE": Row(run=copy, states=SELECTED),
    b"UIDBATCHES": Row(run=uidbatches, states=SELECTED, capabilities=("UIDBATCHES",)),
}
REVISIONS: Final = ("IMAP4rev1", "IMAP4rev2")
BEFORE: Final = (*REVISIONS, "ID", "SASL-IR", "LITERAL-")
AFTER: Final = (
    *REVISIONS,
    "LITERAL+",
    *(name for row in COMMANDS.values() for name in row.capabilities),
)


def list_capabilities(session: Session) -> list[str]:
    """What is true at this moment. RFC 7888 §5: LITERAL- or LITERAL+, never both."""
    settings = session.services.settings
    if session.state is not State.NOT_AUTHENTICATED:
        more = [] if is_compressed(session) else ["COMPRESS=DEFLATE"]
        return [*AFTER, *more, f"APPENDLIMIT={settings.max_message_size}", f"MESSAGELIMIT={settings.message_limit}"]
    names = list(BEFORE)
    if settings.tls is not None and session.stream.tls is None:
        names.append("STARTTLS")
    line = Line(session.stream.tls, session.may_login)
    names += [f"AUTH={name}" for name in session.services.authenticator.sasl.offered(line)] or ["LOGINDISABLED"]
    return names
