"""Parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152), SMTPUTF8 (RFC 6531), RET to ORCPT (RFC 3461)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.envelope import BodyType, DsnRequest
from mailstead.ground.wire.smtp.fault import Fault
from mailstead.ground.wire.smtp.reply import Status

# RFC 5321 §4.1.2: esmtp-keyword [ "=" esmtp-value ]; values widened to UTF-8 by RFC 6531 §3.3.
_PARAMETER: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e\u0080-\U0010ffff]+))?\Z")
_XTEXT: Final = re.compile(r"(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})*\Z")  # RFC 3461 §4
_ORCPT: Final = re.compile(r"[A-Za-z0-9-]{1,40};[\x21-\x3c\x3e-\x7e\u0080-\U0010ffff]{1,500}\Z")  # §4.2
_SIZE_DIGITS: Final = 20  # RFC 1870 §4
_ENVID_MAX: Final = 100  # RFC 3461 §4.4


@dataclass(frozen=True, slots=True, kw_only=True)
class MailParameters:
    """Of MAIL."""

    size: int = 0
    body: BodyType = BodyType.SEVEN_BIT
    smtputf8: bool = False
    ret: str | None = None
    envid: str | None = None


_NO_MAIL_PARAMETERS: Final = MailParameters()
_NO_DSN: Final = DsnRequest()


def parse_mail_parameters(text: str) -> MailParameters:
    """Unknown ones are refused (RFC 5321 §4.1.1.11), so are known ones that are not offered."""
    if not text:
        return _NO_MAIL_PARAMETERS
    given = _split(text, {"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID"})
    if given.get("SMTPUTF8"):
        raise Fault(Status.BAD_SYNTAX)
    ret, envid = given.get("RET"), given.get("ENVID")
    if ret is not None and (ret := ret.upper()) not in ("FULL", "HDRS"):
        raise Fault(Status.BAD_SYNTAX)
    if envid is not None and (not envid or len(envid) > _ENVID_MAX or not _XTEXT.match(envid)):
        raise Fault(Status.BAD_SYNTAX)
    return MailParameters(
        size=_parse_size(given.get("SIZE", "0")),
        body=_parse_body(given.get("BODY", "7BIT")),
        smtputf8="SMTPUTF8" in given,
        ret=ret,
        envid=envid,
    )


def parse_rcpt_parameters(text: str) -> DsnRequest:
    """NOTIFY and ORCPT: kept for the day a notice is owed, though DSN is not offered yet."""
    if not text:
        return _NO_DSN
    given = _split(text, {"NOTIFY", "ORCPT"})
    original = given.get("ORCPT")
    if original is not None and not _ORCPT.match(original):
        raise Fault(Status.BAD_SYNTAX)
    notify = _parse_notify(given["NOTIFY"]) if "NOTIFY" in given else None
    return DsnRequest(notify=notify, original=original)


def _split(text: str, known: set[str]) -> Mapping[str, str]:
    given: dict[str, str] = {}
    for item in text.split(" "):
        if not item:
            continue
        match = _PARAMETER.match(item)
        if match is None:
            raise Fault(Status.BAD_SYNTAX)
        keyword = match[1].upper()
        if keyword not in known:
            raise Fault(Status.BAD_PARAMETER)
        if keyword in given:
            raise Fault(Status.BAD_SYNTAX)
        given[keyword] = match[2] or ""
    return given


def _parse_size(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > _SIZE_DIGITS:
        raise Fault(Status.BAD_SYNTAX)
    return int(text)


def _parse_body(text: str) -> BodyType:
    match text.upper():
        case "7BIT":
            return BodyType.SEVEN_BIT
        case "8BITMIME":
            return BodyType.EIGHT_BIT
        case _:  # BINARYMIME too: it is not offered (RFC 3030 §3)
            raise Fault(Status.BAD_PARAMETER)


def _parse_notify(text: str) -> frozenset[str]:
    """RFC 3461 §4.1: NEVER alone, or a list of the others."""
    words = frozenset(text.upper().split(","))
    if words != {"NEVER"} and not words <= {"SUCCESS", "FAILURE", "DELAY"}:
        raise Fault(Status.BAD_SYNTAX)
    return words
