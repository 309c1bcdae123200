"""Address lists of header fields (RFC 5322 §3.4 and §4.4, RFC 6532), read with tolerance and never refused."""

import re
from typing import Final

import msgspec


class Mailbox(msgspec.Struct, frozen=True, gc=False):
    """One address structure of ENVELOPE. Raw bytes; the name is unquoted, encoded words are not decoded.

    RFC 9051 §7.5.2, groups: `host` None with `local` = the group's name begins one, both None end it.
    An address without a domain has an empty `host`.
    """

    name: bytes | None = None
    route: bytes | None = None
    local: bytes | None = None
    host: bytes | None = None


MAILBOXES_MAX: Final = 10_000
WORDS_MAX: Final = 2000
"""Of one address; what comes after is left out."""
END_OF_GROUP: Final = Mailbox()

# The common shapes: `Name <local@host>`, `"Name" <local@host>`, `local@host`, each up to its comma.
_QUICK: Final = re.compile(
    rb'[ \t]*+(?:(?:"([^"\\\x00-\x1f]*+)"|([^\x00-\x1f"(),:;<>@\[\]\\]*+))[ \t]*+(<))?+'
    rb'([^\x00-\x20"(),:;<>@\[\]\\\x7f]++)@([^\x00-\x20"(),:;<>@\[\]\\\x7f]++)(?(3)>)[ \t]*+(?:,|\Z)'
)


def parse_mailboxes(value: bytes, limit: int = MAILBOXES_MAX) -> tuple[Mailbox, ...]:
    """An unfolded field body; at most `limit` structures."""
    out: list[Mailbox] = []
    position, size = 0, len(value)
    match = _QUICK.match
    while position < size:
        found = match(value, position)
        if found is None:
            return (*out, *_Reader(value, position, limit - len(out)).read())
        quoted, plain, _, local, host = found.groups()
        name = quoted if quoted is not None else plain
        if name:
            name = _squeeze(name)
        out.append(Mailbox(name or None, None, local, host))
        if len(out) >= limit:
            break
        position = found.end()
    return tuple(out)


def _squeeze(name: bytes) -> bytes:
    """RFC 5322 §3.2.5: words of a phrase stand one space apart."""
    name = name.strip()
    return b" ".join(name.split()) if b"  " in name or b"\t" in name else name


_TOKEN: Final = re.compile(
    rb'([\x00-\x20\x7f]++)|([^\x00-\x20\x7f"(),.:;<>@\[]++)|"((?:[^"\\]++|\\.)*+)"|(\[[^\[\]<>]*+\])|.', re.DOTALL
)
_SPACE, _WORD, _QUOTED, _LITERAL = 1, 2, 3, 4
_BARE: Final = re.compile(rb"([\x00-\x20\x7f]++)|([^\x00-\x20\x7f(),.:;<>@\[]++)|((?!))|(\[[^\[\]<>]*+\])|.", re.DOTALL)
_PAREN: Final = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)


def _unescape(text: bytes) -> bytes:
    return _ESCAPED.sub(rb"\1", text) if b"\\" in text else text


class _Reader:
    """The slow and complete way: token by token, without recursion."""

    def __init__(self, value: bytes, position: int, limit: int) -> None:
        self._value = value
        self._position = position
        self._limit = limit
        self._tokens = _TOKEN
        self._comments = True
        self._out: list[Mailbox] = []
        self._in_group = False
        self._reset()

    def _reset(self) -> None:
        self._words: list[tuple[bytes, bool]] = []  # (token, stands behind white space)
        self._phrase: list[tuple[bytes, bool]] | None = None  # what stood before "<"
        self._closed = False  # a ">" has come
        self._comment = b""
        self._spaced = False

    def _in_route(self) -> bool:
        """RFC 5322 §4.4: obs-domain-list separates its domains by commas."""
        return self._phrase is not None and not self._closed and bool(self._words) and self._words[0][0] == b"@"

    def read(self) -> list[Mailbox]:
        """All of them. Once a quote or parenthesis lacks its end, every later one is text: so one pass is enough."""
        size = len(self._value)
        while self._position < size and len(self._out) < self._limit:
            match = self._tokens.match(self._value, self._position)
            assert match is not None  # the last alternative takes any byte
            self._position = match.end()
            kind = match.lastindex
            if kind == _SPACE:
                self._spaced = True
            elif kind is None:
                self._special(match[0])
            else:
                self._word(_unescape(match[kind]) if kind == _QUOTED else match[kind])
        self._flush()
        if self._in_group:
            self._out.append(END_OF_GROUP)
        return self._out[: self._limit]

    def _word(self, token: bytes) -> None:
        if len(self._words) < WORDS_MAX:
            self._words.append((token, self._spaced))
        self._spaced = False

    def _special(self, char: bytes) -> None:
        match char:
            case b"," if not self._in_route():
                self._flush()
            case b";" if self._in_group or self._phrase is None or self._closed:
                self._flush()
                self._end_group()
            case b":" if self._phrase is None:
                self._begin_group()
            case b"<" if self._phrase is None:
                self._phrase, self._words = self._words, []
            case b">":
                self._closed = self._spaced = True
            case b"(" if self._comments:
                self._read_comment()
            case b'"':
                self._tokens = _BARE
            case _:
                self._word(char)

    def _read_comment(self) -> None:
        depth = 1
        for match in _PAREN.finditer(self._value, self._position):
            if match[0] == b"(":
                depth += 1
            elif match[0] == b")":
                depth -= 1
                if depth == 0:
                    self._comment = _unescape(self._value[self._position : match.start()])
                    self._position = match.end()
                    self._spaced = True
                    return
        self._comments = False

    def _begin_group(self) -> None:
        """RFC 5322 §3.4: groups do not nest; a second one ends the first."""
        self._end_group()
        self._out.append(Mailbox(None, None, _join(self._words), None))
        self._in_group = True
        self._reset()

    def _end_group(self) -> None:
        if self._in_group:
            self._out.append(END_OF_GROUP)
            self._in_group = False

    def _flush(self) -> None:
        words, phrase, comment = self._words, self._phrase, self._comment
        self._reset()
        if not words and not phrase:
            return
        name = _join(phrase) if phrase else b""
        route, words = _split_route(words) if phrase is not None else (b"", words)
        local, host = _split_at(words)
        # RFC 5322 §A.6.3 and RFC 822 §A.1.1: without a phrase the comment names the person.
        self._out.append(Mailbox(name or _squeeze(comment) or None, route or None, local, host))


def _split_route(words: list[tuple[bytes, bool]]) -> tuple[bytes, list[tuple[bytes, bool]]]:
    """RFC 5322 §4.4: obs-route = "@" domain *("," "@" domain) ":" before the address."""
    if not words or words[0][0] != b"@":
        return b"", words
    for index, (token, _) in enumerate(words):
        if token == b":":
            return _join_dots(words[:index]), words[index + 1 :]
    return b"", words


def _split_at(words: list[tuple[bytes, bool]]) -> tuple[bytes, bytes]:
    for index in range(len(words) - 1, -1, -1):
        if words[index][0] == b"@":
            return _join_dots(words[:index]), _join_dots(words[index + 1 :])
    return _join(words), b""


_DOTS: Final = re.compile(rb" ?([.@,]) ?")


def _join_dots(words: list[tuple[bytes, bool]]) -> bytes:
    """RFC 5322 §4.4: in an obsolete address white space may stand around dots and means nothing."""
    return _DOTS.sub(rb"\1", _join(words))


def _join(words: list[tuple[bytes, bool]]) -> bytes:
    """As written, white space between words as one space."""
    out = b"".join([b" " + token if spaced else token for token, spaced in words])
    return _squeeze(out)
