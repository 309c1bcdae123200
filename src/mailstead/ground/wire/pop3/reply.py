"""Replies (RFC 1939 §3) with response codes (RFC 2449 §8, RFC 3206, RFC 6856 §5)."""

from enum import Enum
from typing import Final, NamedTuple

TEXT_MAX: Final = 480
"""RFC 2449 §4: the first line of a reply has at most 512 octets."""
END: Final = b".\r\n"


class Code(Enum):
    """What a program may act on."""

    AUTH = "AUTH"  # RFC 3206 §5: the credentials are wrong
    TEMPORARY = "SYS/TEMP"  # RFC 3206 §4: try again later
    PERMANENT = "SYS/PERM"  # RFC 3206 §4: somebody has to mend it


class Reply(NamedTuple):
    """One line."""

    is_ok: bool
    text: str = ""
    code: Code | None = None

    def render(self) -> bytes:
        """As sent."""
        text = f"[{self.code.value}] {self.text}" if self.code is not None else self.text
        words = text.encode("utf-8", "replace")[:TEXT_MAX].decode("utf-8", "ignore").encode()
        mark = b"+OK" if self.is_ok else b"-ERR"
        return b"%b %b\r\n" % (mark, words) if words else mark + b"\r\n"


def ok(text: str = "") -> Reply:
    """Done."""
    return Reply(is_ok=True, text=text)


def err(text: str, code: Code | None = None) -> Reply:
    """Not done."""
    return Reply(is_ok=False, text=text, code=code)


def listing(title: str, *lines: str) -> bytes:
    """A short multi-line reply (RFC 1939 §3); no line of ours begins with a dot."""
    return b"".join((ok(title).render(), *(f"{line}\r\n".encode() for line in lines), END))


def challenge(data: bytes = b"") -> bytes:
    """RFC 5034 §4: a plus sign, a space, and Base64, which may be empty. `data` is in Base64 already."""
    return b"+ %b\r\n" % data
