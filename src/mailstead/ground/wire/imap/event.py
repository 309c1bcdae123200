"""What `CommandReceiver` finds in the stream."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommandReady:
    """A whole command: give it to `grammar.table.parse_command`. `name` is in capitals, `UID FETCH` is one name.

    `args` is what follows the name, from its space on, literals in place as they came (`{3}` CRLF and bytes).
    """

    tag: bytes
    name: bytes
    args: bytes


@dataclass(frozen=True, slots=True)
class LiteralWanted:
    """The client waits: answer with a continuation (`+ `), or call `refuse` and answer with the tag."""

    tag: bytes
    name: bytes
    size: int


@dataclass(frozen=True, slots=True)
class MessageLiteral:
    """APPEND or REPLACE up to the size of a literal: `head` is the next text for `grammar.append.AppendScript`.

    If `is_synchronising`, answer with a continuation. To refuse: `refuse`, then the tagged NO or BAD.
    Not to refuse is to accept. `is_first` is False for the further literals of a MULTIAPPEND (RFC 3502) or of a
    CATENATE (RFC 4469).
    """

    tag: bytes
    head: bytes
    size: int
    is_synchronising: bool
    is_binary: bool
    is_first: bool
    name: bytes = b"APPEND"  # or REPLACE, UID REPLACE


@dataclass(frozen=True, slots=True)
class LiteralChunk:
    """Bytes of the message; a small one that came whole is one chunk. An empty message is one empty chunk."""

    data: bytes
    is_last: bool


@dataclass(frozen=True, slots=True)
class AppendEnd:
    """The line after the last literal ended, with `tail`: the command is complete and wants its answer."""

    tag: bytes
    tail: bytes = b""


@dataclass(frozen=True, slots=True)
class RawLine:
    """The line that `expect_line` asked for, without CRLF: DONE, or base64 of AUTHENTICATE."""

    line: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Answer `tag BAD reason` (`tag` may be b"*"); if fatal, `* BYE reason` and close: nothing more will come.

    A refusal also ends an APPEND whose messages have already come. In place of a RawLine `tag` is b"*" too:
    the command under way, whose tag the session knows, ends with it.
    """

    tag: bytes
    reason: str
    is_fatal: bool = False


Event = CommandReady | LiteralWanted | MessageLiteral | LiteralChunk | AppendEnd | RawLine | Refused
