"""The milter protocol, version 6, as the side of the mail server speaks it: packets out, replies in. No IO.

A packet is a length of four octets, a letter, and what belongs to it (libmilter/mfdef.h of sendmail).
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntFlag
from typing import Final

from mailstead.ground.model.errors import Invalid

VERSION: Final = 6
VERSION_LEAST: Final = 2
CHUNK: Final = 65535
"""Octets of a body in one packet."""
PACKET_MAX: Final = 1 << 20
_LONG: Final = struct.Struct(">I")


class Action(IntFlag):
    """What a milter may do to a letter."""

    ADD_HEADERS = 0x01
    CHANGE_BODY = 0x02
    ADD_RECIPIENTS = 0x04
    DELETE_RECIPIENTS = 0x08
    CHANGE_HEADERS = 0x10
    QUARANTINE = 0x20
    CHANGE_SENDER = 0x40


OFFERED: Final = (
    Action.ADD_HEADERS | Action.CHANGE_BODY | Action.DELETE_RECIPIENTS | Action.CHANGE_HEADERS | Action.QUARANTINE
)
"""Recipients are judged before the content comes, and the sender with them: neither can be exchanged afterwards."""

SKIP: Final = 0x400
LEADING_SPACE: Final = 0x100000
_STEP_FLAGS: Final = 0x1FFFFF


class Step(Enum):
    """What is told, in this order: its letter, the flag of a milter that does not want it, that of one that hears it
    and does not answer."""

    CONNECT = b"C", 0x1, 0x1000
    HELO = b"H", 0x2, 0x2000
    MAIL = b"M", 0x4, 0x4000
    RCPT = b"R", 0x8, 0x8000
    DATA = b"T", 0x200, 0x10000
    HEADER = b"L", 0x20, 0x80
    END_OF_HEADER = b"N", 0x40, 0x40000
    BODY = b"B", 0x10, 0x80000
    END = b"E", 0, 0

    @property
    def letter(self) -> bytes:
        """Of its packet."""
        return self.value[0]


ABORT: Final = _LONG.pack(1) + b"A"
QUIT: Final = _LONG.pack(1) + b"Q"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a milter wants to hear and to do."""

    version: int
    actions: int
    steps: int

    def wants(self, step: Step) -> bool:
        """Is it to be told?"""
        if step is Step.DATA and self.version < 4:
            return False  # came with version 4
        return not self.steps & step.value[1]

    def answers(self, step: Step) -> bool:
        """Does it answer?"""
        return not self.steps & step.value[2]

    @property
    def has_leading_space(self) -> bool:
        """Are values of fields told and given with the blank behind the colon?"""
        return bool(self.steps & LEADING_SPACE)


# replies


class Plain(Enum):
    """Replies that are a letter alone."""

    CONTINUE = b"c"
    ACCEPT = b"a"
    REJECT = b"r"
    TEMPFAIL = b"t"
    DISCARD = b"d"
    SKIP = b"s"
    PROGRESS = b"p"
    SHUTDOWN = b"f"
    FAILED = b"4"


@dataclass(frozen=True, slots=True)
class ReplyCode:
    """A reply of SMTP, as the milter words it. `text` is without the codes."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class AddField:
    """At the end of the header."""

    name: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class InsertField:
    """Before so many others."""

    index: int
    name: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class ChangeField:
    """The n-th of that name, from 1; without a value it goes."""

    index: int
    name: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class ReplaceBody:
    """A piece of the new body."""

    data: bytes


@dataclass(frozen=True, slots=True)
class DeleteRecipient:
    """By its address."""

    address: str


@dataclass(frozen=True, slots=True)
class Quarantine:
    """To be kept aside."""

    reason: str


Edit = AddField | InsertField | ChangeField | ReplaceBody | DeleteRecipient | Quarantine
Reply = Plain | ReplyCode | Edit


class Receiver:
    """Cuts what comes into packets; Invalid for what none can be."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Each packet's letter and what belongs to it."""
        self._buffer += data
        while len(self._buffer) >= 4:
            (length,) = _LONG.unpack_from(self._buffer)
            if not 1 <= length <= PACKET_MAX:
                raise Invalid(f"a packet of {length} octets")
            if len(self._buffer) < 4 + length:
                return
            packet = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            yield packet[:1], packet[1:]


def parse_terms(letter: bytes, data: bytes) -> Terms:
    """The answer to `render_offer`; Invalid. Some claim actions that were not offered: to use one is an error later."""
    if letter != b"O" or len(data) < 12:
        raise Invalid("no answer to the negotiation")
    version, actions, steps = struct.unpack_from(">III", data)
    if not VERSION_LEAST <= version <= VERSION:
        raise Invalid(f"version {version} of the protocol")
    return Terms(version, actions, steps & _STEP_FLAGS)


def parse_reply(letter: bytes, data: bytes) -> Reply:
    """Invalid."""
    if not data:
        try:
            return Plain(letter)
        except ValueError:
            raise Invalid(f"an unknown reply {letter!r}") from None
    match letter:
        case b"y":
            return _parse_code(_strings(data, 1)[0])
        case b"h":
            name, value = _strings(data, 2)
            return AddField(_check_name(name), _check_value(value))
        case b"i" | b"m" if len(data) > 4:
            (index,) = _LONG.unpack_from(data)
            name, value = _strings(data[4:], 2)
            kind = InsertField if letter == b"i" else ChangeField
            return kind(index, _check_name(name), _check_value(value))
        case b"b":
            return ReplaceBody(data)
        case b"-":
            return DeleteRecipient(_text(_strings(data, 1)[0]).strip().removeprefix("<").removesuffix(">"))
        case b"q":
            return Quarantine(_text(_strings(data, 1)[0]))
        case _:
            raise Invalid(f"a reply {letter!r} that was not offered")


def _parse_code(line: bytes) -> ReplyCode:
    """RFC 5321 §4.2: only 4yz and 5yz refuse; an enhanced code (RFC 2034) is ours to say."""
    text = _text(line.splitlines()[0] if line else b"")
    code, _, words = text.partition(" ")
    if len(code) < 3 or code[0] not in "45" or not code[:3].isdigit():
        raise Invalid("a reply code that refuses nothing")
    head, _, rest = words.partition(" ")
    is_enhanced = head.count(".") == 2 and head.replace(".", "").isdigit()
    return ReplyCode(int(code[:3]), rest if is_enhanced else words)


def _strings(data: bytes, count: int) -> list[bytes]:
    parts = data.split(b"\0")
    if len(parts) < count + 1:
        raise Invalid("a text without its end")
    return parts[:count]


def _text(data: bytes) -> str:
    return "".join(filter(str.isprintable, data.decode("utf-8", "replace")))[:500]


def _check_name(name: bytes) -> bytes:
    """RFC 5322 §2.2."""
    if not 1 <= len(name) <= 200 or not all(33 <= octet <= 126 and octet != 58 for octet in name):
        raise Invalid("a field without a proper name")
    return name


def _check_value(value: bytes) -> bytes:
    """Lines as letters have them; one that does not continue the field would begin another, so it is made to."""
    lines = value.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n").split(b"\n")
    return b"\r\n".join([lines[0], *(line if line[:1] in (b" ", b"\t") else b" " + line for line in lines[1:])])


# packets


def _packet(letter: bytes, data: bytes = b"") -> bytes:
    return _LONG.pack(1 + len(data)) + letter + data


def render_offer() -> bytes:
    """All steps may be left out; what is told and not answered is fine as well."""
    return _packet(b"O", struct.pack(">III", VERSION, OFFERED, _STEP_FLAGS))


def render_macros(step: Step, macros: Mapping[str, str]) -> bytes:
    """For the step that follows."""
    pairs = b"".join(_string(name) + _string(value) for name, value in macros.items() if value)
    return _packet(b"D", step.letter + pairs) if pairs else b""


def render_connect(host: str, ip: str, port: int) -> bytes:
    """The client; without an address it is of this machine."""
    if not ip:
        return _packet(b"C", _string(host) + b"U")
    family, address = (b"6", f"IPv6:{ip}") if ":" in ip else (b"4", ip)
    return _packet(b"C", _string(host) + family + struct.pack(">H", port) + _string(address))


def render_words(step: Step, words: Sequence[str]) -> bytes:
    """Of HELO, MAIL and RCPT."""
    return _packet(step.letter, b"".join(map(_string, words)))


def render_field(name: bytes, value: bytes, terms: Terms) -> bytes:
    """`value`: what stands behind the colon. Lines end in LF there."""
    told = value.replace(b"\r\n", b"\n").replace(b"\0", b"")
    if not terms.has_leading_space:
        told = told.removeprefix(b" ")
    return _packet(Step.HEADER.letter, name + b"\0" + told + b"\0")


def render_bare(step: Step) -> bytes:
    """Of steps that are their letter alone."""
    return _packet(step.letter)


def render_body(data: bytes) -> bytes:
    """At most CHUNK octets."""
    return _packet(Step.BODY.letter, data)


def _string(text: str) -> bytes:
    return text.replace("\0", "").encode() + b"\0"
