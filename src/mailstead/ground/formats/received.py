"""The trace fields that we put before a message: Return-Path, Received (RFC 5321 §4.4) and Delivered-To (RFC 9228)."""

import re
from typing import Final

from mailstead.ground.formats.date import render_date
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant

LINE_MAX: Final = 78  # RFC 5322 §2.1.1
HELO_MAX: Final = 255  # RFC 5321 §4.5.3.1.2

_DOMAIN: Final = re.compile(r"[A-Za-z0-9\u0080-\U0010ffff](?:[A-Za-z0-9._\u0080-\U0010ffff-]{0,254})\Z")
_LITERAL: Final = re.compile(r"\[[A-Za-z0-9.:-]{1,250}\]\Z")
# Whatever could end the line or the word, or be taken for a clause or comment.
_HARMFUL: Final = re.compile(r"[^A-Za-z0-9._:\[\]\u00a1-\ud7ff\ue000-\U0010ffff-]+")
_NOT_ATOM: Final = re.compile(r"[^A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_NOT_IP: Final = re.compile(r"[^0-9A-Fa-f:.]+")
_CIPHER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_BEEN_AT: Final = re.compile(rb"\n(?:delivered-to|x-loop)[ \t]*+:[ \t]*+<?([^\r\n<>]{1,600}+)", re.IGNORECASE)
_HOP: Final = re.compile(rb"\nreceived[ \t]*+:", re.IGNORECASE)


def render_return_path(sender: Address | None) -> bytes:
    """RFC 5321 §4.4: put there by the last one who delivers; None is `<>`."""
    return f"Return-Path: <{sender or ''}>\r\n".encode("utf-8", "replace")


def render_received(
    client: Client,
    *,
    by: str,
    id: str,  # noqa: A002 - the word of the clause
    at: Instant,
    recipient: Address | None,
) -> bytes:
    """`recipient` becomes the `for` clause: only for a transaction of one (RFC 5321 §7.2)."""
    clauses = [f"from {_from(client)}", f"by {_word(by) or 'localhost'}", f"with {_atom(client.protocol) or 'SMTP'}"]
    version, cipher = _tls(client.tls)
    if version:
        clauses.append(f"({version})")
    clauses.append(f"id {_atom(id) or 'none'}")
    if recipient is not None:
        clauses.append(f"for <{recipient}>")
    if cipher:
        clauses.append(f"tls {cipher}")
    return _fold(clauses, render_date(at))


def _from(client: Client) -> str:
    """RFC 5321 §4.4: the name given in EHLO and, in parentheses, the address that the connection came from."""
    helo = client.helo[:HELO_MAX]
    name = helo if _DOMAIN.match(helo) or _LITERAL.match(helo) else _word(helo)
    ip = _NOT_IP.sub("", client.ip)
    if not ip:
        return name or "localhost"
    literal = f"[IPv6:{ip}]" if ":" in ip else f"[{ip}]"  # RFC 5321 §4.1.3
    return f"{name or literal} ({literal})"


def _word(text: str) -> str:
    return _HARMFUL.sub("?", text[:HELO_MAX]).strip("?")


def _atom(text: str) -> str:
    return _NOT_ATOM.sub("", text[:HELO_MAX])


def _tls(text: str) -> tuple[str, str]:
    """RFC 8314 §4.3: a registered cipher name is a clause; OpenSSL's own names and the version are a comment."""
    version, _, cipher = text[:HELO_MAX].partition(" ")
    if _CIPHER.match(cipher):
        return _atom(version), cipher
    return f"{_atom(version)} {_atom(cipher)}".strip(), ""


def _fold(clauses: list[str], date: bytes) -> bytes:
    """Clauses are kept whole where they fit a line; UTF-8 only where the session was SMTPUTF8 (RFC 6531 §3.7.3)."""
    lines = [b"Received:"]
    words = [clause.encode("utf-8", "replace") for clause in clauses]
    words[-1] += b";"
    words.append(date)
    for word in words:
        if len(lines[-1]) + 1 + len(word) <= LINE_MAX:
            lines[-1] += b" " + word
        else:
            lines.append(b"\t" + word)
    return b"\r\n".join(lines) + b"\r\n"


def count_hops(header: bytes) -> int:
    """How many Received fields a header has (RFC 5321 §6.3)."""
    return len(_HOP.findall(b"\n" + header))


def render_delivered_to(address: Address) -> bytes:
    """RFC 9228: the mark of an address that sends a letter on."""
    return f"Delivered-To: {address}\r\n".encode("utf-8", "replace")


def has_been_at(header: bytes, address: Address) -> bool:
    """Whether that address sent the letter on before: a Delivered-To (RFC 9228) or X-Loop of it ends the circle."""
    return any(_means(match[1], address) for match in _BEEN_AT.finditer(b"\n" + header))


def _means(value: bytes, address: Address) -> bool:
    try:
        return Address.parse(value.decode("utf-8", "replace").strip()).key == address.key
    except Invalid:
        return False
