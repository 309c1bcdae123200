"""clamd's INSTREAM (clamd(8)), the client's side. Pure: bytes in, bytes out."""

import re
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.errors import Invalid
from mailstead.ground.wire.said import tame

OPEN: Final = b"zINSTREAM\0"  # z: command and reply end with NUL
VERSION: Final = b"zVERSION\0"
END: Final = bytes(4)
REPLY_MAX: Final = 4096
_FOUND: Final = re.compile(r"stream: (.{1,512}) FOUND\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Clean:
    """Nothing was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """A virus, by the name that the signature has."""

    name: str


@dataclass(frozen=True, slots=True)
class TooLong:
    """More came than its StreamMaxLength: nothing of it was scanned. Not `is_said`: so it seems."""

    is_said: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not scan; the words are its own."""

    words: str


Answer = Clean | Found | TooLong | Failed


def frame(data: bytes) -> bytes:
    """A piece of the stream; never an empty one, which would end it."""
    return len(data).to_bytes(4, "big") + data


class ReplyReceiver:
    """Takes the reply as it comes. Invalid: this is no clamd."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> str | None:
        """The whole reply, or None while more is to come."""
        self._buffer += data[: REPLY_MAX + 1]
        line, ended, _ = self._buffer.partition(b"\0")
        if len(line) > REPLY_MAX:
            raise Invalid(f"its reply is longer than {REPLY_MAX} octets")
        return line.decode("utf-8", "replace").strip() if ended else None


def read_answer(reply: str) -> Answer:
    """What INSTREAM was answered with; Invalid."""
    if reply == "stream: OK":
        return Clean()
    if found := _FOUND.match(reply):
        return Found(tame(found[1]))
    if reply.startswith("INSTREAM size limit exceeded"):
        return TooLong()
    if reply.endswith("ERROR"):
        return Failed(tame(reply.removeprefix("stream: ")))
    raise Invalid("its reply is none of clamd's")
