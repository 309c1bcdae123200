"""Takes people out of a header before somebody else sees it (RFC 6590): who they are, and what they write about.

The same person has the same mark each time, so that whoever gets several reports sees what belongs together; nobody
without the key can tell whose mark it is.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from typing import Final

from mailstead.ground.formats.addresslist import parse_mailboxes
from mailstead.ground.formats.dkim.header import Field
from mailstead.ground.formats.headers import unfold
from mailstead.ground.model.address import fold

HEADER_MAX: Final = 16 << 10
"""Octets that are told of a header."""
BOXES_MAX: Final = 20
LINE_MAX: Final = 900
MARK: Final = 12

_ADDRESSES: Final = frozenset({b"from", b"to", b"cc", b"sender", b"reply-to", b"return-path"})
_SCRUBBED: Final = frozenset({b"received", b"dkim-signature"})
_KEPT: Final = frozenset({b"date", b"message-id", b"list-id", b"mime-version"})
_LOCAL: Final = re.compile(r'(?:"(?:[^"\\]|\\.){0,200}"|[^\s<>"@,;:()=\[\]]{1,200})(?=@)')
_FOREIGN: Final = re.compile(r"[^\t\x20-\x7e]")


class Redactor:
    """With one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mark(self, local: str) -> str:
        """In place of a local part."""
        digest = hmac.digest(self._key, fold(local).encode("utf-8", "replace"), hashlib.sha256)
        return urlsafe_b64encode(digest).decode("ascii")[:MARK].replace("-", "x").replace("_", "y")

    def address(self, address: str) -> str:
        """One alone."""
        local, _, domain = address.rpartition("@")
        return f"{self.mark(local)}@{domain}"

    def text(self, text: str) -> str:
        """Every address in it loses its local part."""
        return _LOCAL.sub(lambda match: self.mark(match[0]), text)

    def header(self, fields: Iterable[Field]) -> bytes:
        """The fields that tell where a letter comes from; names of people and the rest are left out."""
        told = bytearray()
        for field in fields:
            line = self._field(field)
            if len(told) + len(line) > HEADER_MAX:
                break
            told += line
        return bytes(told)

    def _field(self, field: Field) -> bytes:
        name, _, value = field.raw.partition(b":")
        if field.name in _ADDRESSES:
            boxes = [one for one in parse_mailboxes(unfold(value)) if one.host][:BOXES_MAX]
            pairs = [((one.local or b"").decode("utf-8", "replace"), one.host or b"") for one in boxes]
            return _fold(name, [f"<{self.mark(local)}@{host.decode('utf-8', 'replace')}>" for local, host in pairs])
        if field.name in _SCRUBBED:
            return _fold(name, self.text(value.decode("latin-1")).splitlines())
        return _fold(name, value.decode("latin-1").splitlines()) if field.name in _KEPT else b""


def _fold(name: bytes, lines: Iterable[str]) -> bytes:
    """Whatever stood in it: lines of one field, of ASCII."""
    text = "\r\n ".join(_FOREIGN.sub("?", line.strip())[:LINE_MAX] for line in lines if line.strip())
    return name + b": " + text.encode("ascii") + b"\r\n"
