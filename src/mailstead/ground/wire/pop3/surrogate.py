"""What a client that never said UTF8 gets of a header with octets past ASCII (RFC 6856 §2.1, RFC 6855 §7).

Names and texts become encoded words, domains A-labels, and an address whose local part ASCII cannot hold becomes one
that nobody has, with the true one beside it to be read. Where nothing else is possible a question mark stands. Bodies
go as they are: 8-bit content has always gone over POP3.
"""

import re
from base64 import b64encode
from typing import Final
from urllib.parse import quote_from_bytes

from mailstead.ground.formats.addresslist import END_OF_GROUP, Mailbox, parse_mailboxes
from mailstead.ground.formats.charset import guess_text
from mailstead.ground.formats.headers import decode_field, unfold
from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.errors import Invalid

FIELD_MAX: Final = 64 * 1024
"""Octets of one field that are looked at together; in a longer one question marks stand for what is not ASCII."""
NOBODY: Final = b"invalid@internationalized-address.invalid"

_ADDRESSES: Final = frozenset(
    b"from sender reply-to to cc bcc resent-from resent-sender resent-reply-to resent-to resent-cc resent-bcc "
    b"disposition-notification-to return-receipt-to".split()
)
_PARAMETERS: Final = frozenset((b"content-type", b"content-disposition"))
_TOKENS: Final = frozenset(
    b"received return-path message-id references in-reply-to date mime-version content-transfer-encoding content-id "
    b"dkim-signature arc-seal arc-message-signature arc-authentication-results authentication-results".split()
)
_QUESTIONS: Final = bytes(range(128)) + b"?" * 128
_FIELD: Final = re.compile(rb"[^\n]*\n(?:[ \t][^\n]*\n)*(?=[^ \t])")
_PARAMETER: Final = re.compile(rb'([!#$%&+.0-9A-Z^_`a-z{|}~-]+)[ \t]*=[ \t]*(?:"([^"\\]*)"|([^\s";]+))')
_ATOMS: Final = re.compile(rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+\Z")
_PHRASE: Final = re.compile(rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*\Z")
_WORD_MAX: Final = 36
"""Octets of UTF-8 in one encoded word: with its marks within the 75 of RFC 2047 §2, with most names within the 76."""


class Surrogate:
    """Feed it the octets of a message; what it gives has nothing but ASCII in its header."""

    __slots__ = ("_held", "_in_header", "_is_long")

    def __init__(self) -> None:
        self._held = b""
        self._in_header = True
        self._is_long = False  # inside of a field of which the beginning has gone out already

    def feed(self, data: bytes) -> bytes:
        """What can be sent of it now."""
        return self._walk(self._held + data) if self._in_header else data

    def finish(self) -> bytes:
        """The rest of a message that ended in its header."""
        held, self._held = self._held, b""
        return self._change(held) if held else b""

    def _walk(self, data: bytes) -> bytes:
        out: list[bytes] = []
        start = 0
        while self._in_header:
            if not self._is_long and data.startswith((b"\r\n", b"\n"), start):
                self._in_header = False
                break
            field = _FIELD.match(data, start)
            if field is None:
                break
            out.append(self._change(field[0]))
            self._is_long = False
            start = field.end()
        rest = data[start:]
        if not self._in_header:
            self._held = b""
            out.append(rest)
        else:
            self._held = self._cut(rest, out)
        return b"".join(out)

    def _cut(self, rest: bytes, out: list[bytes]) -> bytes:
        """Keep of an unfinished field what is needed, and no more."""
        if len(rest) <= FIELD_MAX and not self._is_long:
            return rest
        # The last line end stays: what follows decides if the field ends there.
        kept = rest[-2:] if rest.endswith(b"\r\n") else rest[-1:]
        out.append(_question(rest[: len(rest) - len(kept)]))
        self._is_long = True
        return kept

    def _change(self, field: bytes) -> bytes:
        if field.isascii():
            return field
        if self._is_long or len(field) > FIELD_MAX:
            return _question(field)
        return change_field(field)


def change_field(field: bytes) -> bytes:
    """One field with its line ends, in ASCII."""
    name, colon, value = field.partition(b":")
    key = name.strip().lower()
    end = b"\r\n" if field.endswith(b"\r\n") else b"\n" if field.endswith(b"\n") else b""
    if not colon or not name.isascii() or key in _TOKENS:
        return _question(field)
    if key in _PARAMETERS:
        return _question(name + colon + _PARAMETER.sub(_parameter, value))
    if key in _ADDRESSES:
        return name + b": " + _render_addresses(parse_mailboxes(unfold(value))) + end
    return name + b": " + encode_words(decode_field(unfold(value))) + end


def encode_words(text: str) -> bytes:
    """RFC 2047 §2: words of whole characters, folded."""
    words, word = list[bytes](), b""
    for char in text:
        octets = char.encode("utf-8", "replace")
        if len(word) + len(octets) > _WORD_MAX:
            words.append(word)
            word = b""
        word += octets
    words.append(word)
    return b"\r\n ".join(b"=?utf-8?b?%b?=" % b64encode(word) for word in words)


def _question(data: bytes) -> bytes:
    return data.translate(_QUESTIONS)


def _parameter(match: re.Match[bytes]) -> bytes:
    """RFC 2231 §4: charset, no language, percent encoding."""
    if match[0].isascii():
        return match[0]
    text = guess_text(match[2] if match[2] is not None else match[3])
    return b"%b*=utf-8''%b" % (match[1], quote_from_bytes(text.encode("utf-8", "replace"), safe="").encode("ascii"))


def _render_addresses(mailboxes: tuple[Mailbox, ...]) -> bytes:
    out = b""
    separator = b""
    for mailbox in mailboxes:
        if mailbox == END_OF_GROUP:
            out, separator = out + b";", b",\r\n "
        elif mailbox.host is None:
            out, separator = out + separator + _phrase(mailbox.local or b"") + b":", b" "
        else:
            out, separator = out + separator + _render_mailbox(mailbox, mailbox.local or b"", mailbox.host), b",\r\n "
    return out


def _render_mailbox(mailbox: Mailbox, local: bytes, host: bytes) -> bytes:
    domain = _ascii_domain(host)
    if local.isascii() and domain is not None:
        quoted = local if _ATOMS.match(local) else _quote(local)
        address = quoted + b"@" + domain if domain else quoted
        return b"%b <%b>" % (_phrase(mailbox.name), address) if mailbox.name else address
    shown = f"{decode_field(mailbox.name)} " if mailbox.name else ""
    return encode_words(f"{shown}<{guess_text(local)}@{guess_text(host)}>") + b"\r\n <%b>" % NOBODY


def _ascii_domain(host: bytes) -> bytes | None:
    """RFC 5890 §2.3.2.1: A-labels say the same in ASCII; None if there are none."""
    if host.isascii():
        return host
    try:
        return canonical_domain(host.decode()).encode("ascii")
    except (Invalid, ValueError):
        return None


def _phrase(name: bytes) -> bytes:
    if not name.isascii():
        return encode_words(decode_field(name))
    return name if _PHRASE.match(name) else _quote(name)


def _quote(text: bytes) -> bytes:
    return b'"%b"' % text.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
