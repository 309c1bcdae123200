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
    """APPEND up to the size of a message: give it to `grammar.append.parse_append`.

    If `is_synchronising`, answer with a continuation. To refuse: `refuse`, then the tagged NO or BAD.
    Not to refuse is to accept. `is_first` is False for the further messages of a MULTIAPPEND (RFC 3502).
    """

    tag: bytes
    head: bytes
    size: int
    is_synchronising: bool
    is_binary: bool
    is_first: bool


@dataclass(frozen=True, slots=True)
class LiteralChunk:
    """Bytes of the message; a small one that came whole is one chunk. An empty message is one empty chunk."""

    data: bytes
    is_last: bool


@dataclass(frozen=True, slots=True)
class AppendEnd:
    """The line after the last message ended: the APPEND is complete and wants its answer."""

    tag: bytes


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
