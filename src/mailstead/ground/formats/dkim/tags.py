"""Tag lists (RFC 6376 §3.2): `v=1; a=rsa-sha256`, of signatures and of key records."""

import base64
import binascii
import re
from typing import Final

TAGS_MAX: Final = 100
LIST_MAX: Final = 64 << 10
"""Octets of a whole list."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_BLANKS: Final = re.compile(r"[ \t\r\n]+")


class Malformed(Exception):  # noqa: N818 - a fact about what a stranger wrote
    """It cannot be read; the text says why."""


def read_tags(value: bytes) -> dict[str, str]:
    """Tags by name; Malformed. Folds stay inside of values: only their ends are trimmed."""
    if len(value) > LIST_MAX:
        raise Malformed("too long")
    try:
        parts = value.decode("utf-8").split(";", TAGS_MAX)  # RFC 8616 §4: U-labels and UTF-8 local parts
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    if len(parts) > TAGS_MAX:
        raise Malformed("too many tags")
    if not parts[-1].strip():
        parts.pop()
    tags: dict[str, str] = {}
    for part in parts:
        name, equals, text = part.partition("=")
        name = name.strip(" \t\r\n")
        if not equals or not _NAME.match(name):
            raise Malformed(f"no tag: {part.strip()[:40]!r}")
        if name in tags:
            raise Malformed(f"{name}= is given twice")  # §3.2: the whole list is invalid
        tags[name] = text.strip(" \t\r\n")
    return tags


def squeeze(text: str) -> str:
    """Without blanks and folds."""
    return _BLANKS.sub("", text)


def read_base64(text: str, tag: str) -> bytes:
    """The octets of a base64 value, which may be folded anywhere; Malformed."""
    try:
        return base64.b64decode(squeeze(text), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"{tag}= is not base64") from None


def read_list(text: str) -> tuple[str, ...]:
    """Words between colons, in lower case."""
    return tuple(word.strip(" \t\r\n").lower() for word in text.split(":"))


def read_number(text: str, tag: str) -> int:
    """Digits; Malformed."""
    if not (text.isascii() and text.isdigit() and len(text) <= 76):
        raise Malformed(f"{tag}= is not a number")
    return int(text)
