"""Every command of RFC 9051 and RFC 3501 as a frozen value. Folder names are Unicode, INBOX is in capitals."""

from dataclasses import dataclass
from enum import Enum

from mailstead.ground.model.flags import FlagOp, Flags
from mailstead.ground.model.folder import SpecialUse
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.wire.imap.resync import Known, UidBatches
from mailstead.ground.wire.imap.searching import CancelUpdate, MultiSearch, Search, Sort, Thread, Window
from mailstead.ground.wire.imap.sharing import Sharing


class Simple(Enum):
    """Commands without arguments."""

    CAPABILITY = b"CAPABILITY"
    NOOP = b"NOOP"
    LOGOUT = b"LOGOUT"
    STARTTLS = b"STARTTLS"
    NAMESPACE = b"NAMESPACE"
    IDLE = b"IDLE"
    CLOSE = b"CLOSE"
    UNSELECT = b"UNSELECT"
    CHECK = b"CHECK"
    UNAUTHENTICATE = b"UNAUTHENTICATE"


@dataclass(frozen=True, slots=True)
class Authenticate:
    """`initial` is decoded (RFC 4959); None: none came, b"": it was `=`."""

    mechanism: str
    initial: bytes | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Without the password, whoever prints it."""
        return f"Login({self.user!r}, ...)"


@dataclass(frozen=True, slots=True)
class Enable:
    """Capability names in capitals."""

    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compress:
    """RFC 4978 §3: the mechanism in capitals."""

    mechanism: str


@dataclass(frozen=True, slots=True)
class Id:
    """RFC 2971: what the client tells of itself; empty for NIL."""

    fields: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Select:
    """SELECT, or EXAMINE if read-only. `condstore`, `known`: the parameters of RFC 7162."""

    folder: str
    is_read_only: bool = False
    condstore: bool = False
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """`wants_children`: the name ended in the separator (RFC 9051 §6.3.4), which is taken off. RFC 6154 §3: USE."""

    folder: str
    special_use: tuple[SpecialUse, ...] = ()
    wants_children: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a folder."""

    folder: str


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a folder and what is below it another name."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    """SUBSCRIBE, or UNSUBSCRIBE if not `on`."""

    folder: str
    on: bool


class StatusItem(Enum):
    """RFC 9051 §6.3.11; RECENT is RFC 3501's, HIGHESTMODSEQ RFC 7162's, MAILBOXID RFC 8474's."""

    MESSAGES = b"MESSAGES"
    UIDNEXT = b"UIDNEXT"
    UIDVALIDITY = b"UIDVALIDITY"
    UNSEEN = b"UNSEEN"
    DELETED = b"DELETED"
    SIZE = b"SIZE"
    RECENT = b"RECENT"
    HIGHESTMODSEQ = b"HIGHESTMODSEQ"
    MAILBOXID = b"MAILBOXID"
    DELETED_STORAGE = b"DELETED-STORAGE"  # RFC 9208 §4.1.4
    APPENDLIMIT = b"APPENDLIMIT"  # RFC 7889 §3


@dataclass(frozen=True, slots=True)
class Status:
    """Counters of a folder."""

    folder: str
    items: tuple[StatusItem, ...]


class ListSelect(Enum):
    """RFC 9051 §6.3.9.1; SPECIAL-USE is RFC 6154's."""

    SUBSCRIBED = b"SUBSCRIBED"
    REMOTE = b"REMOTE"
    RECURSIVEMATCH = b"RECURSIVEMATCH"
    SPECIAL_USE = b"SPECIAL-USE"


class ListReturn(Enum):
    """RFC 9051 §6.3.9.2; STATUS stands in `List.status`."""

    SUBSCRIBED = b"SUBSCRIBED"
    CHILDREN = b"CHILDREN"
    SPECIAL_USE = b"SPECIAL-USE"
    MYRIGHTS = b"MYRIGHTS"  # RFC 8440


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """LIST, basic or extended (`is_extended`: selection options, return options or several patterns were given)."""

    reference: str
    patterns: tuple[str, ...]
    select: frozenset[ListSelect] = frozenset()
    returns: frozenset[ListReturn] = frozenset()
    metadata: tuple[str, ...] = ()  # RFC 9590: entries
    status: tuple[StatusItem, ...] = ()  # RFC 5819: not empty: a STATUS response for each folder
    is_extended: bool = False


@dataclass(frozen=True, slots=True)
class Lsub:
    """RFC 3501 §6.3.9."""

    reference: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Append:
    """What stands before one message. `folder` is '' for the further messages of a MULTIAPPEND."""

    folder: str
    flags: Flags = Flags()  # noqa: RUF009 - immutable
    internal_date: Instant | None = None


@dataclass(frozen=True, slots=True)
class Expunge:
    """EXPUNGE, or UID EXPUNGE with a set."""

    uids: SequenceSet | None = None


class Attribute(Enum):
    """FETCH items that have no parameters; the value is the name in the answer.

    RFC 8970 §4: PREVIEW (LAZY) is PREVIEW here, since previews are stored and never late.
    """

    UID = b"UID"
    FLAGS = b"FLAGS"
    INTERNALDATE = b"INTERNALDATE"
    RFC822_SIZE = b"RFC822.SIZE"
    ENVELOPE = b"ENVELOPE"
    BODY = b"BODY"
    BODYSTRUCTURE = b"BODYSTRUCTURE"
    MODSEQ = b"MODSEQ"
    SAVEDATE = b"SAVEDATE"
    PREVIEW = b"PREVIEW"
    EMAILID = b"EMAILID"
    THREADID = b"THREADID"


class Of(Enum):
    """Which bytes of a part (RFC 9051 §6.4.5.1)."""

    ALL = "all"
    HEADER = "header"
    FIELDS = "header fields"
    FIELDS_NOT = "header fields not"
    TEXT = "text"
    MIME = "mime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """BODY[...], BODY.PEEK[...], RFC822, RFC822.HEADER, RFC822.TEXT.

    `label` is what the answer is called: `BODY[1.TEXT]<0>`. `partial` is (first byte, at most so many).
    """

    label: bytes
    part: tuple[int, ...] = ()
    of: Of = Of.ALL
    fields: tuple[bytes, ...] = ()  # lower case
    partial: tuple[int, int] | None = None
    sets_seen: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """BINARY[...] and BINARY.PEEK[...] (RFC 9051 §6.4.5): decoded bytes of a part."""

    label: bytes
    part: tuple[int, ...] = ()
    partial: tuple[int, int] | None = None
    sets_seen: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BinarySize:
    """BINARY.SIZE[...]."""

    label: bytes
    part: tuple[int, ...] = ()


FetchItem = Attribute | Section | Binary | BinarySize


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """`items` has no doubles, macros are replaced; with `by_uid` UID is always among them (RFC 9051 §6.4.9).

    `is_uid_implied`: it was not asked for. `changed_since`, `vanished`: RFC 7162 §3.1.4.1, §3.2.6; `window`: RFC 9394.
    """

    numbers: SequenceSet
    items: tuple[FetchItem, ...]
    by_uid: bool = False
    is_uid_implied: bool = False
    changed_since: int | None = None
    vanished: bool = False
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Change flags."""

    numbers: SequenceSet
    op: FlagOp
    flags: Flags
    is_silent: bool = False
    by_uid: bool = False
    unchanged_since: int | None = None  # RFC 7162 §3.1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """COPY, or MOVE if the source loses them (RFC 6851)."""

    numbers: SequenceSet
    folder: str
    is_move: bool = False
    by_uid: bool = False


class MailEvent(Enum):
    """RFC 5465 §5: those we know."""

    MESSAGE_NEW = "MessageNew"
    MESSAGE_EXPUNGE = "MessageExpunge"
    FLAG_CHANGE = "FlagChange"
    MAILBOX_NAME = "MailboxName"
    SUBSCRIPTION_CHANGE = "SubscriptionChange"
    MAILBOX_METADATA_CHANGE = "MailboxMetadataChange"
    SERVER_METADATA_CHANGE = "ServerMetadataChange"


class WhichFolders(Enum):
    """RFC 5465 §6."""

    SELECTED = b"SELECTED"
    SELECTED_DELAYED = b"SELECTED-DELAYED"
    INBOXES = b"INBOXES"
    PERSONAL = b"PERSONAL"
    SUBSCRIBED = b"SUBSCRIBED"
    SUBTREE = b"SUBTREE"
    MAILBOXES = b"MAILBOXES"


@dataclass(frozen=True, slots=True)
class EventGroup:
    """`folders` is for SUBTREE and MAILBOXES, `fetch` what to tell of a message that is new in the selected one."""

    which: WhichFolders
    folders: tuple[str, ...]
    events: frozenset[MailEvent]
    fetch: tuple[FetchItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Notify:
    """RFC 5465 §3.1; `groups` is None for NONE. `unknown` are names of events that we do not know."""

    groups: tuple[EventGroup, ...] | None
    wants_status: bool = False
    unknown: tuple[str, ...] = ()


Command = (
    Simple | Authenticate | Login | Enable | Id | Select | Create | Delete | Rename | Subscribe | Status | List | Lsub
    | Expunge | Search | Sort | Thread | MultiSearch | CancelUpdate | Fetch | Store | Copy | Compress | Notify
    | UidBatches | Sharing
)  # fmt: skip
"""What `parse_command` gives. APPEND comes as `MessageLiteral` and is parsed by `parse_append`."""
