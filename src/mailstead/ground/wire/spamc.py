"""SPAMC, the protocol of SpamAssassin's spamd, the client's side. Pure: bytes in, bytes out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.opinion import Symptom
from mailstead.ground.wire.said import tame

HEAD_MAX: Final = 8192
BODY_MAX: Final = 256 * 1024
SYMPTOMS_MAX: Final = 200

_STATUS: Final = re.compile(r"SPAMD/[0-9.]{1,8} ([0-9]{1,3}) ([^\r\n]*)")
_NUMBER: Final = r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?"
_SPAM: Final = re.compile(rf"(?:True|False|Yes|No) ; ({_NUMBER}) / ({_NUMBER})\Z")
_RULER: Final = re.compile(r"-{2,5} -{10,}[ -]*\Z")
_ROW: Final = re.compile(rf" {{0,3}}({_NUMBER}) ([A-Za-z_][A-Za-z0-9_]{{0,63}})(?: +(.*))?\Z")
_NO_WORDS: Final = "No description available."


@dataclass(frozen=True, slots=True)
class Reply:
    """As it came; header names in lower case."""

    code: int  # of sysexits.h
    words: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Score:
    """Where the threshold is 5, the score is in SpamAssassin's usual coin."""

    score: float
    threshold: float


def render_head(command: str, size: int, *, user: str = "", headers: Mapping[str, str] | None = None) -> bytes:
    """What stands before a letter of so many octets; Invalid if a value would end its line."""
    fields = {"Content-length": str(size), **({"User": user} if user else {}), **(headers or {})}
    if any(not value.isprintable() or not value.isascii() for value in fields.values()):
        raise Invalid("a header of SPAMC is one line of ASCII")
    lines = [f"{command} SPAMC/1.5", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("ascii")


class ReplyReceiver:
    """Takes the reply as it comes. Invalid: this is no spamd, or it says too much."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._reply: Reply | None = None  # without its body
        self._size: int | None = None

    def feed(self, data: bytes) -> Reply | None:
        """The whole reply, or None while more is to come."""
        self._buffer += data
        if self._reply is None and not self._take_head():
            return None
        if len(self._buffer) > BODY_MAX:
            raise Invalid(f"its reply is longer than {BODY_MAX} octets")
        if self._size is None or len(self._buffer) < self._size:
            return None
        return self.finish()

    def finish(self) -> Reply:
        """It has closed the connection: without a length that is where the reply ends."""
        if self._reply is None or len(self._buffer) < (self._size or 0):
            raise Invalid("its reply ends too early")
        body = bytes(self._buffer if self._size is None else self._buffer[: self._size])
        return Reply(self._reply.code, self._reply.words, self._reply.headers, body)

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", 0, HEAD_MAX)
        if end < 0:
            if len(self._buffer) >= HEAD_MAX:
                raise Invalid("its reply is none of spamd's")
            return False
        self._reply = _read_head(self._buffer[:end].decode("utf-8", "replace"))
        del self._buffer[: end + 4]
        length = self._reply.headers.get("content-length")
        if length is not None:
            if not (length.isascii() and length.isdecimal()) or len(length) > 10 or int(length) > BODY_MAX:
                raise Invalid(f"its reply is longer than {BODY_MAX} octets, or does not say how long")
            self._size = int(length)
        return True


def _read_head(text: str) -> Reply:
    status, *lines = text.split("\r\n")
    found = _STATUS.match(status)
    if found is None:
        raise Invalid("its reply is none of spamd's")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Reply(int(found[1]), tame(found[2]), headers)


def read_score(reply: Reply) -> Score:
    """Of a letter that was checked; Invalid."""
    found = _SPAM.match(reply.headers.get("spam", ""))
    if found is None:
        raise Invalid("its reply has no score")
    return Score(float(found[1]), float(found[2]))


def read_report(body: bytes) -> tuple[Symptom, ...]:
    """The table at the end of a report, where it has the usual form.

    Before it stands a preview of the letter, in which anything may be: only the last ruler counts.
    """
    lines = body.decode("utf-8", "replace").splitlines()
    rulers = [number for number, line in enumerate(lines) if _RULER.match(line)]
    rows: list[Symptom] = []
    for line in lines[rulers[-1] + 1 :] if rulers else ():
        if found := _ROW.match(line):
            words = tame(found[3] or "")
            rows.append(Symptom(found[2], float(found[1]), words if words != _NO_WORDS else ""))
            if len(rows) >= SYMPTOMS_MAX:
                break
    return tuple(rows)
