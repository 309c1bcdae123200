"""The notice as a letter: multipart/report (RFC 6522) of a text, a status and what is given back of the original."""

import re
from binascii import b2a_base64, b2a_qp
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.date import render_date
from mailstead.ground.formats.dsn.report import Report
from mailstead.ground.formats.dsn.status import render_status
from mailstead.ground.formats.dsn.text import WORDS, Attached, Language, Telling, write_subject, write_text
from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import Instant

BODY_MAX: Final = 50_000
"""Octets of a letter that is given back whole; of a larger one only the header (RFC 3461 §6.2)."""
HEADER_MAX: Final = 64 << 10
LINE_MAX: Final = 998  # RFC 5322 §2.1.1, without its CRLF
WORD_MAX: Final = 39
"""Octets of text in one encoded word: 75 characters with its frame (RFC 2047 §2)."""

_FOREIGN: Final = re.compile(rb"\0|\r(?!\n)|(?<!\r)\n|[^\n]{%d}" % (LINE_MAX + 2))


@dataclass(frozen=True, slots=True)
class Original:
    """What there is of the letter that the notice is about. `body` None: it is not given back."""

    header: bytes  # with its empty line, if it has one
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything that a notice is made of."""

    report: Report
    sender: Address  # of the original: to them it goes
    author: Address  # our address
    message_id: str  # of the notice
    at: Instant
    original: Original
    subject: str = ""  # of the original, decoded
    original_id: str = ""  # its Message-ID
    needed_utf8: bool = False  # it could only travel with SMTPUTF8
    language: Language = Language.ENGLISH


@dataclass(frozen=True, slots=True)
class Rendered:
    """The octets, their Subject, and what a server must offer to take them."""

    data: bytes
    subject: str
    smtputf8: bool
    eight_bit: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """One body part."""

    type: str
    data: bytes
    encoding: str = "7bit"
    more: str = ""

    def render(self) -> bytes:
        """Header, empty line, body."""
        head = f"Content-Type: {self.type}\r\nContent-Transfer-Encoding: {self.encoding}\r\n{self.more}\r\n"
        return head.encode("ascii") + self.data


def render_notice(content: Content) -> Rendered:
    """Only if the sender's own address is beyond ASCII is SMTPUTF8 needed: else all of that is encoded.

    RFC 6533 §4.5: nobody knows whether the way back takes it.
    """
    smtputf8 = not content.sender.is_ascii or not content.author.is_ascii
    returned, attached = _return(content, smtputf8=smtputf8)
    telling = Telling(
        language=content.language,
        subject=content.subject,
        sent_at=content.report.arrival or content.at,
        attached=attached,
    )
    parts = [_text_part(content, telling), _status_part(content, smtputf8=smtputf8)]
    if returned is not None:
        parts.append(returned)
    bodies = [part.render() for part in parts]
    boundary = _boundary(content.message_id, bodies)
    eight_bit = smtputf8 or any(part.encoding == "8bit" for part in parts)
    subject = write_subject(content.report, telling)
    head = _header(content, subject, boundary, smtputf8=smtputf8, eight_bit=eight_bit)
    mark = b"--" + boundary.encode("ascii")
    data = b"".join([head, *(b"%b\r\n%b\r\n" % (mark, body) for body in bodies), mark, b"--\r\n"])
    return Rendered(data, subject, smtputf8, eight_bit)


def _header(content: Content, subject: str, boundary: str, *, smtputf8: bool, eight_bit: bool) -> bytes:
    name = WORDS[content.language].sender
    lines = [
        f"From: {name} <{content.author}>",
        f"To: <{content.sender}>",
        f"Subject: {subject if smtputf8 else encode_words(subject)}",
        f"Date: {render_date(content.at).decode('ascii')}",
        f"Message-ID: <{content.message_id}>",
    ]
    if _is_message_id(content.original_id):
        lines += [f"In-Reply-To: <{content.original_id}>", f"References: <{content.original_id}>"]
    lines += [
        "Auto-Submitted: auto-replied",  # RFC 3834 §5: nobody answers it by itself
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="{boundary}"',
        f"Content-Transfer-Encoding: {'8bit' if eight_bit else '7bit'}",
        "",
        "This is a notice in several parts, as RFC 3464 has them.\r\n",
    ]
    return "\r\n".join(lines).encode("utf-8", "replace")


def _is_message_id(text: str) -> bool:
    return bool(text) and len(text) <= 500 and text.isascii() and text.isprintable() and not set(text) & set(" <>")


def _text_part(content: Content, telling: Telling) -> _Part:
    data = write_text(content.report, telling).encode("utf-8", "replace")
    is_plain = data.isascii() and not _FOREIGN.search(data)
    return _Part(
        "text/plain; charset=utf-8",
        data if is_plain else _quote_printable(data),
        "7bit" if is_plain else "quoted-printable",
        f"Content-Language: {WORDS[content.language].tag}\r\n",
    )


def _status_part(content: Content, *, smtputf8: bool) -> _Part:
    data = render_status(content.report)
    if content.report.is_ascii:
        return _Part("message/delivery-status", data)
    if smtputf8:
        return _Part("message/global-delivery-status", data, "8bit")
    return _Part("message/global-delivery-status", _quote_printable(data), "quoted-printable")


def _return(content: Content, *, smtputf8: bool) -> tuple[_Part | None, Attached]:
    """The third part. RFC 6533 §4.2 and §4.3 where the original needed SMTPUTF8."""
    header = cut_header(content.original.header)
    body = content.original.body
    if not header:
        return None, Attached.NOTHING
    whole = header + body if body is not None and len(header) == len(content.original.header) else None
    if whole is None or len(whole) > BODY_MAX or _FOREIGN.search(whole):
        return _return_header(header, is_global=content.needed_utf8, smtputf8=smtputf8), Attached.HEADER
    if not content.needed_utf8:
        return _Part("message/rfc822", whole, "7bit" if whole.isascii() else "8bit"), Attached.WHOLE
    if smtputf8 or whole.isascii():
        return _Part("message/global", whole, "7bit" if whole.isascii() else "8bit"), Attached.WHOLE
    return _Part("message/global", b2a_base64_lines(whole), "base64"), Attached.WHOLE


def _return_header(header: bytes, *, is_global: bool, smtputf8: bool) -> _Part:
    kind = "message/global-headers" if is_global else "text/rfc822-headers"
    if _FOREIGN.search(header):
        return _Part(kind, b2a_base64_lines(header), "base64")
    if header.isascii():
        return _Part(kind, header)
    if is_global and smtputf8:
        return _Part(kind, header, "8bit")
    return _Part(kind, _quote_printable(header), "quoted-printable")


def cut_header(header: bytes) -> bytes:
    """At most HEADER_MAX octets of whole fields."""
    end = len(header)
    while end > HEADER_MAX or header[end : end + 1] in (b" ", b"\t"):
        end = header.rfind(b"\n", 0, min(end - 1, HEADER_MAX)) + 1
    return header[:end]


def b2a_base64_lines(data: bytes) -> bytes:
    """RFC 2045 §6.8: lines of 76 characters."""
    return b"".join(b2a_base64(data[start : start + 57], newline=False) + b"\r\n" for start in range(0, len(data), 57))


def _quote_printable(data: bytes) -> bytes:
    """RFC 2045 §6.7, of text whose lines end in CRLF."""
    lines = data.split(b"\r\n")
    return b"\r\n".join(b2a_qp(line, istext=False, quotetabs=False).replace(b"=\n", b"=\r\n") for line in lines)


def encode_words(text: str) -> str:
    """RFC 2047: as it is if it is ASCII, else encoded words that each hold whole characters, folded."""
    if text.isascii() and "=?" not in text and len(text) <= LINE_MAX - 20:
        return text
    chunks, chunk = list[bytes](), b""
    for char in text:
        octets = char.encode("utf-8", "replace")
        if len(chunk) + len(octets) > WORD_MAX:
            chunks.append(chunk)
            chunk = b""
        chunk += octets
    chunks.append(chunk)
    return "\r\n ".join(f"=?utf-8?B?{b2a_base64(chunk, newline=False).decode('ascii')}?=" for chunk in chunks)


def _boundary(seed: str, bodies: list[bytes]) -> str:
    """A line that stands in none of the parts."""
    stem = re.sub(r"[^A-Za-z0-9]", "", seed)[:40]
    number = 0
    while any(f"--={stem}_{number}".encode("ascii") in body for body in bodies):
        number += 1
    return f"={stem}_{number}"
