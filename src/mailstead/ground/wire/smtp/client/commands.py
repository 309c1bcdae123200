"""Commands as bytes. Nothing that would end a line or a word gets into one: `Invalid`."""

import re
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import NO_DSN, BodyType, DsnRequest
from mailstead.ground.model.errors import Invalid

_VALUE: Final = re.compile(r"[\x21-\x3c\x3e-\x7e\u0080-\U0010ffff]+\Z")  # RFC 5321 §4.1.2, RFC 6531 §3.3
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_XTEXT_ESCAPED: Final = re.compile(r"[^\x21-\x2a\x2c-\x3c\x3e-\x7e]")
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]")
_NOTIFY: Final = ("NEVER", "SUCCESS", "FAILURE", "DELAY")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWords:
    """Parameters of MAIL; only what the server offers may be set."""

    size: int | None = None
    body: BodyType | None = None
    smtputf8: bool = False
    require_tls: bool = False
    ret: str | None = None
    envid: str | None = None  # xtext, as it was received
    priority: int | None = None
    by: str | None = None  # RFC 2852 §4: "<seconds>;<mode>"


NO_MAIL_WORDS: Final = MailWords()


def render_hello(verb: str, name: str) -> bytes:
    """EHLO, HELO or LHLO."""
    return render(verb, name)


def render_mail(sender: Address | None, words: MailWords = NO_MAIL_WORDS) -> bytes:
    """MAIL with what is asked of the server."""
    given = (
        ("SIZE", words.size),
        ("BODY", words.body and words.body.value),
        ("RET", words.ret),
        ("ENVID", words.envid),
        ("MT-PRIORITY", words.priority),
        ("BY", words.by),
    )
    parameters = [_parameter(name, str(value)) for name, value in given if value is not None]
    if words.smtputf8:
        parameters.append("SMTPUTF8")
    if words.require_tls:
        parameters.append("REQUIRETLS")
    return render(f"MAIL FROM:<{sender or ''}>", *parameters)


def render_rcpt(address: Address, dsn: DsnRequest = NO_DSN, *, smtputf8: bool = False) -> bytes:
    """RCPT; ORCPT goes on as it came (RFC 3461 §5.2.1)."""
    parameters = []
    if dsn.notify is not None:
        parameters.append(_parameter("NOTIFY", ",".join(word for word in _NOTIFY if word in dsn.notify)))
    if dsn.original is not None:
        parameters.append(_parameter("ORCPT", dsn.original if smtputf8 else _without_utf8(dsn.original)))
    return render(f"RCPT TO:<{address}>", *parameters)


def render(*words: str) -> bytes:
    """One command line of these words."""
    line = " ".join(words)
    if _UNSAFE.search(line):
        raise Invalid(f"{line!r} cannot be said in a command")
    return line.encode() + b"\r\n"


def xtext(text: str) -> str:
    """RFC 3461 §4, for text that is not encoded yet; beyond ASCII its UTF-8 is encoded."""
    return _XTEXT_ESCAPED.sub(lambda found: "".join(f"+{octet:02X}" for octet in found[0].encode()), text)


def _parameter(name: str, value: str) -> str:
    """RFC 5321 §4.1.2: esmtp-value; so that no parameter can carry another."""
    if not _VALUE.match(value):
        raise Invalid(f"{value!r} cannot be the value of {name}")
    return f"{name}={value}"


def _without_utf8(original: str) -> str:
    """RFC 6533 §3: utf-8-addr-xtext, for servers without SMTPUTF8."""
    return _BEYOND_ASCII.sub(lambda found: f"\\x{{{ord(found[0]):X}}}", original)
