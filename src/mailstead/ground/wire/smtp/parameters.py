"""Parameters of MAIL and RCPT: what may be asked for a letter, each with the one form it takes.

SIZE (RFC 1870), BODY (RFC 6152, RFC 3030), SMTPUTF8 (RFC 6531), RET to ORCPT (RFC 3461), AUTH (RFC 4954), REQUIRETLS
(RFC 8689), HOLDFOR and HOLDUNTIL (RFC 4865), BY (RFC 2852), MT-PRIORITY (RFC 6710). Which of them a session takes is up
to its profile: `MailParameters.names` tells which ones came.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mailstead.ground.model.envelope import BodyType, DsnRequest
from mailstead.ground.model.ids import Instant
from mailstead.ground.wire.smtp.fault import Fault
from mailstead.ground.wire.smtp.reply import Status

# RFC 5321 §4.1.2: esmtp-keyword [ "=" esmtp-value ]; values widened to UTF-8 by RFC 6531 §3.3.
_PARAMETER: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([\x21-\x3c\x3e-\x7e\u0080-\U0010ffff]+))?\Z")
_XTEXT: Final = re.compile(r"(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-F]{2})*\Z")  # RFC 3461 §4
_ORCPT: Final = re.compile(r"[A-Za-z0-9-]{1,40};[\x21-\x3c\x3e-\x7e\u0080-\U0010ffff]{1,500}\Z")  # §4.2
_BY: Final = re.compile(r"([+-]?[0-9]{1,9});([NR])(T)?\Z", re.IGNORECASE | re.ASCII)  # RFC 2852 §4
_INTERVAL: Final = re.compile(r"[0-9]{1,9}\Z", re.ASCII)  # RFC 4865 §3
_DATE_TIME: Final = re.compile(  # RFC 3339 §5.6, as RFC 4865 §3 (erratum 2040) asks for it
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})\Z",
    re.IGNORECASE | re.ASCII,
)
_PRIORITY: Final = re.compile(r"(?:-?[1-9]|0)\Z", re.ASCII)  # RFC 6710 §7
_SIZE_DIGITS: Final = 20  # RFC 1870 §4
_ENVID_MAX: Final = 100  # RFC 3461 §4.4
_WITHOUT_VALUE: Final = ("SMTPUTF8", "REQUIRETLS")

RELAYED: Final = frozenset({"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "REQUIRETLS"})
"""What other servers may ask of us at MAIL."""
SUBMITTED: Final = RELAYED | {"AUTH", "HOLDFOR", "HOLDUNTIL", "BY", "MT-PRIORITY"}
"""What our own people may ask; to be held back (RFC 4865 §3), preferred (RFC 6710 §4.1) or in time is theirs alone."""


@dataclass(frozen=True, slots=True)
class ByRequest:
    """BY (RFC 2852 §4): seconds from now, below zero if it is late already."""

    seconds: int
    may_be_late: bool
    is_traced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MailParameters:
    """Of MAIL. AUTH is read and means nothing: nobody is trusted to speak for others (RFC 4954 §5)."""

    names: frozenset[str] = frozenset()
    size: int = 0
    body: BodyType = BodyType.SEVEN_BIT
    smtputf8: bool = False
    ret: str | None = None
    envid: str | None = None
    require_tls: bool = False
    priority: int = 0
    hold_for: int | None = None  # seconds
    hold_until: Instant | None = None
    by: ByRequest | None = None


_NO_MAIL_PARAMETERS: Final = MailParameters()
_NO_DSN: Final = DsnRequest()


def parse_mail_parameters(text: str) -> MailParameters:
    """Unknown ones are refused (RFC 5321 §4.1.1.11)."""
    if not text:
        return _NO_MAIL_PARAMETERS
    given = _split(text, SUBMITTED)
    ret, envid = given.get("RET"), given.get("ENVID")
    if ret is not None and (ret := ret.upper()) not in ("FULL", "HDRS"):
        raise Fault(Status.BAD_SYNTAX)
    if envid is not None and (not envid or len(envid) > _ENVID_MAX or not _XTEXT.match(envid)):
        raise Fault(Status.BAD_SYNTAX)
    if {"HOLDFOR", "HOLDUNTIL"} <= given.keys():
        raise Fault(Status.BAD_SYNTAX)  # RFC 4865 §3: one of them
    _check_auth(given.get("AUTH"))
    return MailParameters(
        names=frozenset(given),
        size=_parse_size(given.get("SIZE", "0")),
        body=_parse_body(given.get("BODY", "7BIT")),
        smtputf8="SMTPUTF8" in given,
        ret=ret,
        envid=envid,
        require_tls="REQUIRETLS" in given,
        priority=int(_match(_PRIORITY, given["MT-PRIORITY"])[0]) if "MT-PRIORITY" in given else 0,
        hold_for=int(_match(_INTERVAL, given["HOLDFOR"])[0]) if "HOLDFOR" in given else None,
        hold_until=_parse_date_time(given["HOLDUNTIL"]) if "HOLDUNTIL" in given else None,
        by=_parse_by(given["BY"]) if "BY" in given else None,
    )


def parse_rcpt_parameters(text: str) -> DsnRequest:
    """NOTIFY and ORCPT (RFC 3461 §4.1, §4.2)."""
    if not text:
        return _NO_DSN
    given = _split(text, {"NOTIFY", "ORCPT"})
    original = given.get("ORCPT")
    if original is not None and not _ORCPT.match(original):
        raise Fault(Status.BAD_SYNTAX)
    notify = _parse_notify(given["NOTIFY"]) if "NOTIFY" in given else None
    return DsnRequest(notify=notify, original=original)


def _split(text: str, known: Set[str]) -> Mapping[str, str]:
    given: dict[str, str] = {}
    for item in text.split(" "):
        if not item:
            continue
        match = _PARAMETER.match(item)
        if match is None:
            raise Fault(Status.BAD_SYNTAX)
        keyword, value = match[1].upper(), match[2] or ""
        if keyword not in known:
            raise Fault(Status.BAD_PARAMETER)
        if keyword in given or (value and keyword in _WITHOUT_VALUE):
            raise Fault(Status.BAD_SYNTAX)
        given[keyword] = value
    return given


def _match(pattern: re.Pattern[str], value: str) -> re.Match[str]:
    match = pattern.match(value)
    if match is None:
        raise Fault(Status.BAD_SYNTAX)
    return match


def _parse_size(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > _SIZE_DIGITS:
        raise Fault(Status.BAD_SYNTAX)
    return int(text)


def _parse_body(text: str) -> BodyType:
    try:
        return BodyType(text.upper())
    except ValueError:
        raise Fault(Status.BAD_PARAMETER) from None


def _parse_notify(text: str) -> frozenset[str]:
    """RFC 3461 §4.1: NEVER alone, or a list of the others."""
    words = frozenset(text.upper().split(","))
    if words != {"NEVER"} and not words <= {"SUCCESS", "FAILURE", "DELAY"}:
        raise Fault(Status.BAD_SYNTAX)
    return words


def _check_auth(text: str | None) -> None:
    """RFC 4954 §5: a mailbox in xtext, or `<>`."""
    if text is not None and text != "<>" and (not text or not _XTEXT.match(text)):
        raise Fault(Status.BAD_SYNTAX)


def _parse_date_time(text: str) -> Instant:
    try:
        return Instant(int(datetime.fromisoformat(_match(_DATE_TIME, text.upper())[0]).timestamp() * 1000))
    except (ValueError, OverflowError):
        raise Fault(Status.BAD_SYNTAX) from None


def _parse_by(text: str) -> ByRequest:
    """RFC 2852 §4: by-time ";" by-mode [ by-trace ]. What is to be returned when late cannot be late already."""
    match = _match(_BY, text)
    seconds, may_be_late = int(match[1]), match[2].upper() == "N"
    if seconds <= 0 and not may_be_late:
        raise Fault(Status.BAD_SYNTAX)
    return ByRequest(seconds, may_be_late, match[3] is not None)
