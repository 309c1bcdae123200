"""Commands as values, and one parser for each form of argument (RFC 1939 §3, RFC 5034 §4, RFC 6856 §3)."""

import re
from dataclasses import dataclass
from typing import Final

_NUMBER: Final = re.compile(rb"[0-9]{1,10}\Z")
_MECHANISM: Final = re.compile(rb"[A-Za-z0-9_-]{1,20}\Z")  # RFC 4422 §3.1
_LANGUAGE: Final = re.compile(rb"(?:\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\Z")  # RFC 4647 §2.1


class BadCommand(Exception):  # noqa: N818 - it is the client's
    """The argument cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """A command without arguments."""


@dataclass(frozen=True, slots=True)
class Text:
    """USER and PASS."""

    text: str


@dataclass(frozen=True, slots=True)
class One:
    """A message by its number; None where LIST and UIDL mean all."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Top:
    """The header of a message and so many lines of its body."""

    number: int
    lines: int


@dataclass(frozen=True, slots=True)
class Auth:
    """A mechanism in capitals, None to ask which there are; `initial` in Base64 (RFC 4959 §3: "=" is empty)."""

    mechanism: str | None
    initial: bytes | None = None


@dataclass(frozen=True, slots=True)
class Language:
    """A language range, None to ask which there are."""

    wanted: str | None


def split_command(line: bytes) -> tuple[str, bytes]:
    """Keyword in capitals and argument, which may hold spaces (RFC 1939 §7, PASS)."""
    keyword, _, argument = line.partition(b" ")
    return keyword.decode("latin-1").upper(), argument


def parse_nothing(argument: bytes) -> Nothing:
    """RFC 1939 §3: commands without arguments refuse them; spaces at the end are tolerated."""
    if argument.strip(b" "):
        raise BadCommand("No arguments here")
    return Nothing()


def parse_text(argument: bytes) -> Text:
    """RFC 6856 §2.2: names and passwords are UTF-8, and nothing else."""
    if not argument:
        raise BadCommand("An argument is missing")
    try:
        return Text(argument.decode())
    except UnicodeDecodeError:
        raise BadCommand("Neither ASCII nor UTF-8") from None


def parse_one(argument: bytes) -> One:
    """A message number that has to be there."""
    return One(_number(argument.rstrip(b" ")))


def parse_one_or_all(argument: bytes) -> One:
    """A message number, or none."""
    number = argument.rstrip(b" ")
    return One(_number(number) if number else None)


def parse_top(argument: bytes) -> Top:
    """RFC 1939 §7: both numbers are required."""
    words = argument.rstrip(b" ").split(b" ")
    if len(words) != 2:
        raise BadCommand("TOP wants a message number and a number of lines")
    return Top(_number(words[0]), _number(words[1]))


def parse_auth(argument: bytes) -> Auth:
    """RFC 5034 §4: AUTH mechanism [initial-response]."""
    words = argument.rstrip(b" ").split(b" ")
    if words == [b""]:
        return Auth(None)
    if len(words) > 2 or not _MECHANISM.match(words[0]):
        raise BadCommand("AUTH wants the name of a mechanism")
    return Auth(words[0].decode("ascii").upper(), words[1] if len(words) == 2 else None)


def parse_language(argument: bytes) -> Language:
    """RFC 6856 §3.2: a basic language range, "*", or nothing."""
    word = argument.rstrip(b" ")
    if word and not _LANGUAGE.match(word):
        raise BadCommand("Not a language")
    return Language(word.decode("ascii") if word else None)


def _number(word: bytes) -> int:
    if not _NUMBER.match(word):
        raise BadCommand("Not a number")
    return int(word)
