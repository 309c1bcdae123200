"""Responses as bytes, one function for each kind (RFC 9051 §7). Nothing that comes from outside can end a line."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import Final

from mailstead.ground.model.flags import Flag
from mailstead.ground.model.folder import SEPARATOR
from mailstead.ground.model.sorting import Thread
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap.command import StatusItem
from mailstead.ground.wire.imap.searching import ContextChange, ResultOption
from mailstead.ground.wire.imap.string import one_line, render_astring, render_string, render_utf8
from mailstead.ground.wire.imap.syntax import CHARSETS
from mailstead.ground.wire.imap.utf7 import encode_name

UNTAGGED: Final = b"*"
_NO_CODE_TEXT: Final = re.compile(r"[^\x21-\x5b\x5e-\x7e]")


class Condition(Enum):
    """RFC 9051 §7.1."""

    OK = b"OK"
    NO = b"NO"
    BAD = b"BAD"
    BYE = b"BYE"
    PREAUTH = b"PREAUTH"


class Code(Enum):
    """Response codes without arguments (RFC 9051 §7.1 and the registry); those with arguments are functions below."""

    ALERT = b"ALERT"
    ALREADYEXISTS = b"ALREADYEXISTS"
    AUTHENTICATIONFAILED = b"AUTHENTICATIONFAILED"
    AUTHORIZATIONFAILED = b"AUTHORIZATIONFAILED"
    CANNOT = b"CANNOT"
    CLIENTBUG = b"CLIENTBUG"
    CLOSED = b"CLOSED"
    COMPRESSIONACTIVE = b"COMPRESSIONACTIVE"  # RFC 4978 §3
    CONTACTADMIN = b"CONTACTADMIN"
    CORRUPTION = b"CORRUPTION"
    EXPIRED = b"EXPIRED"
    EXPUNGEISSUED = b"EXPUNGEISSUED"
    HASCHILDREN = b"HASCHILDREN"
    INUSE = b"INUSE"
    LIMIT = b"LIMIT"
    NOMODSEQ = b"NOMODSEQ"
    NONEXISTENT = b"NONEXISTENT"
    NOPERM = b"NOPERM"
    NOTIFICATIONOVERFLOW = b"NOTIFICATIONOVERFLOW"  # RFC 5465 §5.8
    NOTSAVED = b"NOTSAVED"
    OVERQUOTA = b"OVERQUOTA"
    PARSE = b"PARSE"
    PRIVACYREQUIRED = b"PRIVACYREQUIRED"
    READ_ONLY = b"READ-ONLY"
    READ_WRITE = b"READ-WRITE"
    SERVERBUG = b"SERVERBUG"
    TOOBIG = b"TOOBIG"  # RFC 4469 §4.2, RFC 7888 §4
    TRYCREATE = b"TRYCREATE"
    TOOFEW = b"TOOFEW"  # RFC 10022 §3.1.3.2
    TOOMANY = b"TOOMANY"  # RFC 10022 §3.1.7
    UIDNOTSTICKY = b"UIDNOTSTICKY"
    UIDREQUIRED = b"UIDREQUIRED"  # RFC 9586 §3
    UNAVAILABLE = b"UNAVAILABLE"
    UNKNOWN_CTE = b"UNKNOWN-CTE"
    USEATTR = b"USEATTR"  # RFC 6154 §3


class ListAttribute(Enum):
    """What LIST tells of a folder (RFC 9051 §7.3.1); special uses come from `SpecialUse`."""

    HAS_CHILDREN = b"\\HasChildren"
    HAS_NO_CHILDREN = b"\\HasNoChildren"
    NO_INFERIORS = b"\\Noinferiors"
    NO_SELECT = b"\\Noselect"
    NON_EXISTENT = b"\\NonExistent"
    MARKED = b"\\Marked"
    UNMARKED = b"\\Unmarked"
    REMOTE = b"\\Remote"
    SUBSCRIBED = b"\\Subscribed"


# --- status responses ---


def status(tag: bytes, condition: Condition, text: str, code: Code | bytes = b"") -> bytes:
    """`tag OK [CODE] text`; `tag` is UNTAGGED or as it came. `code` as bytes is from one of the functions below."""
    inner = code.value if isinstance(code, Code) else code
    if inner:
        return b"%b %b [%b] %b\r\n" % (tag, condition.value, inner, one_line(text))
    return b"%b %b %b\r\n" % (tag, condition.value, one_line(text))


def ok(tag: bytes, text: str, code: Code | bytes = b"") -> bytes:
    """It is done."""
    return status(tag, Condition.OK, text, code)


def no(tag: bytes, text: str, code: Code | bytes = b"") -> bytes:
    """It cannot be done."""
    return status(tag, Condition.NO, text, code)


def bad(tag: bytes, text: str, code: Code | bytes = b"") -> bytes:
    """It is not understood."""
    return status(tag, Condition.BAD, text, code)


def bye(text: str, code: Code | bytes = b"") -> bytes:
    """The connection ends."""
    return status(UNTAGGED, Condition.BYE, text, code)


def continuation(text: bytes = b"OK") -> bytes:
    """`+ `: go on; `text` is for people, or base64 in AUTHENTICATE (b"" there for an empty challenge)."""
    return b"+ %b\r\n" % text


# --- codes with arguments ---


def code_capability(names: Iterable[str]) -> bytes:
    """[CAPABILITY ...]."""
    return b"CAPABILITY " + " ".join(names).encode("ascii")


def code_number(name: StatusItem, value: int) -> bytes:
    """[UIDNEXT n], [UIDVALIDITY n], [HIGHESTMODSEQ n]."""
    return b"%b %d" % (name.value, value)


def code_unseen(number: int) -> bytes:
    """RFC 3501 §7.1: the first message without \\Seen."""
    return b"UNSEEN %d" % number


def code_permanentflags(bits: Flag, keywords: Iterable[str], *, may_create: bool) -> bytes:
    """`\\*`: clients may make keywords."""
    return b"PERMANENTFLAGS " + _flag_list(bits, keywords, (b"\\*",) if may_create else ())


def code_appenduid(uidvalidity: int, uids: UidSet | int) -> bytes:
    """RFC 4315 §3."""
    return b"APPENDUID %d %b" % (uidvalidity, str(uids).encode("ascii"))


def code_copyuid(uidvalidity: int, sources: UidSet, targets: UidSet) -> bytes:
    """RFC 4315 §3: both in ascending order, pairwise."""
    return b"COPYUID %d %b %b" % (uidvalidity, str(sources).encode("ascii"), str(targets).encode("ascii"))


def code_badevent(names: Iterable[str]) -> bytes:
    """RFC 5465 §3.1: with the events we know."""
    return b"BADEVENT (%b)" % " ".join(names).encode("ascii")


def code_badurl(url: str) -> bytes:
    """RFC 4469 §4.1: the URL as it came, but for what would end the code or the line."""
    return b"BADURL " + (_NO_CODE_TEXT.sub("?", url)[:1000].encode("ascii") or b"?")


def code_badcharset() -> bytes:
    """With those we know."""
    return b"BADCHARSET (%b)" % " ".join(CHARSETS).encode("ascii")


# --- flags ---

_FLAG_NAMES: Final = (
    (Flag.ANSWERED, b"\\Answered"),
    (Flag.FLAGGED, b"\\Flagged"),
    (Flag.DELETED, b"\\Deleted"),
    (Flag.SEEN, b"\\Seen"),
    (Flag.DRAFT, b"\\Draft"),
)


def _flag_list(bits: int, keywords: Iterable[str], more: Sequence[bytes] = ()) -> bytes:
    names = [name for flag, name in _FLAG_NAMES if bits & flag]
    return b"(%b)" % b" ".join((*names, *(word.encode("ascii", "replace") for word in keywords), *more))


@lru_cache(maxsize=1024)
def render_flags(bits: int, keywords: str = "", *, is_recent: bool = False) -> bytes:
    """As in FETCH FLAGS, parentheses included; bits and keywords as in `model.flags.Flags`."""
    return _flag_list(bits, keywords.split(), (b"\\Recent",) if is_recent else ())


# --- data ---


def capability(names: Iterable[str]) -> bytes:
    """`* CAPABILITY ...`."""
    return b"* %b\r\n" % code_capability(names)


def enabled(names: Iterable[str]) -> bytes:
    """RFC 9051 §7.2.1: what this ENABLE turned on."""
    return b"* %b\r\n" % " ".join(("ENABLED", *names)).encode("ascii")


def flags(bits: Flag, keywords: Iterable[str]) -> bytes:
    """`* FLAGS (...)`."""
    return b"* FLAGS %b\r\n" % _flag_list(bits, keywords)


def exists(count: int) -> bytes:
    """How many messages there are."""
    return b"* %d EXISTS\r\n" % count


def recent(count: int) -> bytes:
    """RFC 3501 §7.3.2, for clients of rev1."""
    return b"* %d RECENT\r\n" % count


def expunge(number: int) -> bytes:
    """Message `number` is gone and those above move down."""
    return b"* %d EXPUNGE\r\n" % number


def fetch(number: int, pieces: Iterable[bytes]) -> bytes:
    """A whole FETCH response; each piece is a name and its value, e.g. `UID 5`."""
    return b"* %d FETCH (%b)\r\n" % (number, b" ".join(pieces))


def folder_name(name: str, *, utf8: bool) -> bytes:
    """A mailbox as an astring."""
    if utf8 and not name.isascii():
        return render_utf8(name, utf8=True)
    return render_astring(encode_name(name, utf8=utf8))


def folder_list(
    attributes: Iterable[bytes], name: str, *, utf8: bool, extended: bytes = b"", verb: bytes = b"LIST"
) -> bytes:
    """`* LIST (...) "/" name`, or LSUB; `extended` is what follows the name, e.g. `("CHILDINFO" ("SUBSCRIBED"))`."""
    more = b" " + extended if extended else b""
    return b'* %b (%b) "%b" %b%b\r\n' % (
        verb,
        b" ".join(attributes),
        SEPARATOR.encode("ascii"),
        folder_name(name, utf8=utf8),
        more,
    )


def list_separator() -> bytes:
    """RFC 9051 §6.3.9: the answer to an empty pattern."""
    return b'* LIST (\\Noselect) "%b" ""\r\n' % SEPARATOR.encode("ascii")


def folder_status(name: str, items: Iterable[tuple[StatusItem, int | bytes]], *, utf8: bool) -> bytes:
    """`* STATUS name (MESSAGES 3 ...)`; what is no number comes as it is sent."""
    values = b" ".join(
        [b"%b %b" % (item.value, value if isinstance(value, bytes) else b"%d" % value) for item, value in items]
    )
    return b"* STATUS %b (%b)\r\n" % (folder_name(name, utf8=utf8), values)


def namespace() -> bytes:
    """One personal namespace without a prefix."""
    return b'* NAMESPACE (("" "%b")) NIL NIL\r\n' % SEPARATOR.encode("ascii")


def server_id(fields: Sequence[tuple[str, str]]) -> bytes:
    """RFC 2971 §3.2."""
    if not fields:
        return b"* ID NIL\r\n"
    words = [render_string(word.encode("utf-8")) for field in fields for word in field]
    return b"* ID (%b)\r\n" % b" ".join(words)


NUMBERS_IN_CHUNK: Final = 4096


def search(numbers: UidSet) -> Iterator[bytes]:
    """`* SEARCH 1 2 3` of rev1, in pieces to be written one after the other."""
    yield b"* SEARCH"
    rest = iter(numbers)
    while chunk := list(islice(rest, NUMBERS_IN_CHUNK)):
        yield (" " + " ".join(map(str, chunk))).encode("ascii")
    yield b"\r\n"


def esearch(
    tag: bytes, results: Iterable[tuple[ResultOption | ContextChange, int | str | UidSet]], *, by_uid: bool,
    correlators: bytes = b"",
) -> bytes:  # fmt: skip
    """RFC 9051 §7.3.4; leave out MIN, MAX and ALL if nothing was found. COUNT may be 0."""
    parts = [b"* ESEARCH (TAG %b%b)" % (render_string(tag), correlators)]
    if by_uid:
        parts.append(b"UID")
    parts += [b"%b %b" % (option.value, str(value).encode("ascii")) for option, value in results]
    return b" ".join(parts) + b"\r\n"


def code_noupdate(tag: bytes) -> bytes:
    """RFC 5267 §4.3.1: this search will not be kept up to date."""
    return b"NOUPDATE %b" % render_string(tag)


def correlators(name: str, uidvalidity: int, *, utf8: bool) -> bytes:
    """RFC 7377 §2.1: which folder an ESEARCH response is about, behind its tag."""
    return b" MAILBOX %b UIDVALIDITY %d" % (folder_name(name, utf8=utf8), uidvalidity)


def sort(numbers: Sequence[int]) -> Iterator[bytes]:
    """`* SORT 2 84 882` (RFC 5256 §4), in pieces to be written one after the other."""
    yield b"* SORT"
    for start in range(0, len(numbers), NUMBERS_IN_CHUNK):
        yield (" " + " ".join(map(str, numbers[start : start + NUMBERS_IN_CHUNK]))).encode("ascii")
    yield b"\r\n"


def thread(threads: Iterable[Thread], number_of: Callable[[int], int]) -> Iterator[bytes]:
    """`* THREAD (2)(3 6 (4 23)(44 7 96))` (RFC 5256 §4), in pieces; without recursion, threads may be deep."""
    yield b"* THREAD"
    for count, top in enumerate(threads):
        yield (b"" if count else b" ") + _render_thread(top, number_of)
    yield b"\r\n"


def _render_thread(top: Thread, number_of: Callable[[int], int]) -> bytes:
    out: list[str] = []
    waiting: list[Thread | str] = [")", top, "("]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            out.append(item)
            continue
        if item.uid:
            if out[-1] != "(":
                out.append(" ")
            out.append(str(number_of(item.uid)))
        if len(item.children) == 1:
            waiting.append(item.children[0])
        elif item.children:
            if item.uid:
                out.append(" ")
            for child in reversed(item.children):
                waiting += (")", child, "(")
    return "".join(out).encode("ascii")
