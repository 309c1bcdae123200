"""Commands as values, one parser for each form of argument (RFC 5321 §4.1.1, RFC 3030 §2, RFC 2033 §4.1, RFC 4954)."""

import binascii
import re
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import DsnRequest
from mailstead.ground.model.errors import Invalid
from mailstead.ground.wire.smtp.fault import Fault
from mailstead.ground.wire.smtp.parameters import MailParameters, parse_mail_parameters, parse_rcpt_parameters
from mailstead.ground.wire.smtp.path import is_host, parse_recipient, parse_sender, split_path
from mailstead.ground.wire.smtp.reply import Status

_BDAT: Final = re.compile(r"([0-9]{1,18})(?: +(LAST))? *\Z", re.IGNORECASE)
_AUTH: Final = re.compile(r"([A-Za-z0-9_-]{1,20})(?: +(\S+))?\Z")  # RFC 4954 §8, RFC 4422 §3.1
_FROM: Final = "FROM:"
_TO: Final = "TO:"


@dataclass(frozen=True, slots=True)
class Hello:
    """HELO, EHLO, LHLO."""

    name: str


@dataclass(frozen=True, slots=True)
class Mail:
    """MAIL: a new transaction; `sender` None is the null reverse-path."""

    sender: Address | None
    parameters: MailParameters


@dataclass(frozen=True, slots=True)
class Rcpt:
    """RCPT. `mailbox` is read later: what `<postmaster>` means and whether it may be 8-bit is up to the session."""

    mailbox: str
    dsn: DsnRequest


@dataclass(frozen=True, slots=True)
class Bdat:
    """BDAT: `size` octets follow its line."""

    size: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class Auth:
    """AUTH: `initial` None if no initial response came, b"" for an empty one."""

    mechanism: str
    initial: bytes | None

    def __repr__(self) -> str:
        """Without what may be a password."""
        return f"Auth({self.mechanism!r}, ...)"


@dataclass(frozen=True, slots=True)
class Word:
    """A command of which only its words, if any, matter."""

    text: str


def split_command(line: bytes) -> tuple[str, str]:
    """Verb in capitals and argument; trailing spaces are tolerated (RFC 5321 §4.1.1)."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Fault(Status.NOT_UTF8) from None
    verb, _, argument = text.rstrip(" ").partition(" ")
    return verb.upper(), argument


def parse_hello(argument: str) -> Hello:
    """Domain or address literal."""
    name = argument.strip(" ")
    if not is_host(name):
        raise Fault(Status.BAD_HELLO)
    return Hello(name)


def parse_mail(argument: str) -> Mail:
    """mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF."""
    if argument[: len(_FROM)].upper() != _FROM:
        raise Fault(Status.BAD_SYNTAX)
    try:
        mailbox, rest = split_path(argument[len(_FROM) :])
        sender = parse_sender(mailbox)
    except Invalid:
        raise Fault(Status.BAD_SENDER) from None
    parameters = parse_mail_parameters(rest)
    if not mailbox.isascii() and not parameters.smtputf8:
        raise Fault(Status.UTF8_SENDER)  # RFC 6531 §3.5
    return Mail(sender, parameters)


def parse_rcpt(argument: str) -> Rcpt:
    """rcpt = "RCPT TO:" ( "<Postmaster>" / Forward-path ) [SP Rcpt-parameters] CRLF."""
    if argument[: len(_TO)].upper() != _TO:
        raise Fault(Status.BAD_SYNTAX)
    try:
        mailbox, rest = split_path(argument[len(_TO) :])
    except Invalid:
        raise Fault(Status.BAD_RECIPIENT) from None
    return Rcpt(mailbox, parse_rcpt_parameters(rest))


def read_recipient(command: Rcpt, *, smtputf8: bool, postmaster_domain: str, default_domain: str = "") -> Address:
    """The address of a RCPT within its transaction. With a default domain a name without @ belongs to it."""
    mailbox = command.mailbox
    if not mailbox.isascii() and not smtputf8:
        raise Fault(Status.UTF8_RECIPIENT)  # RFC 6531 §3.5
    if default_domain and "@" not in mailbox:
        mailbox = f"{mailbox}@{default_domain}"
    try:
        return parse_recipient(mailbox, postmaster_domain)
    except Invalid:
        raise Fault(Status.BAD_RECIPIENT) from None


def parse_bdat(argument: str) -> Bdat:
    """bdat-cmd = "BDAT" SP chunk-size [ SP end-marker ] CR LF. More digits than 18 are nobody's letter."""
    match = _BDAT.match(argument)
    if match is None:
        raise Fault(Status.BAD_CHUNK)
    return Bdat(int(match[1]), match[2] is not None)


def parse_auth(argument: str) -> Auth:
    """RFC 4954 §8: auth-command = "AUTH" SP sasl-mech [SP initial-response]; a lone "=" is an empty one."""
    match = _AUTH.match(argument)
    if match is None:
        raise Fault(Status.BAD_SYNTAX)
    if match[2] is None:
        return Auth(match[1].upper(), None)
    return Auth(match[1].upper(), b"" if match[2] == "=" else _decode(match[2].encode()))


def parse_response(line: bytes) -> bytes:
    """RFC 4954 §4: what the client answers to a challenge; a lone "*" gives up."""
    if line == b"*":
        raise Fault(Status.LOGIN_CANCELLED)
    return _decode(line)


def _decode(text: bytes) -> bytes:
    if len(text) % 4:  # Python's strict mode overlooks padding too many
        raise Fault(Status.BAD_RESPONSE)
    try:
        return binascii.a2b_base64(text, strict_mode=True) if text else b""
    except binascii.Error:
        raise Fault(Status.BAD_RESPONSE) from None


def parse_nothing(argument: str) -> Word:
    """RFC 5321 §4.1.1: commands without arguments refuse them."""
    if argument:
        raise Fault(Status.BAD_SYNTAX)
    return Word("")


def parse_words(argument: str) -> Word:
    """Anything goes."""
    return Word(argument)


def parse_some_words(argument: str) -> Word:
    """Anything but nothing."""
    if not argument:
        raise Fault(Status.BAD_SYNTAX)
    return Word(argument)
