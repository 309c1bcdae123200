"""Replies (RFC 5321 §4.2) with enhanced codes (RFC 3463, RFC 2034): one row each, so the two codes cannot disagree."""

import binascii
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple


class Status(Enum):
    """Basic code, enhanced code, public text: the words a stranger may read."""

    code: int
    enhanced: str
    text: str
    line: bytes  # ready to send

    def __new__(cls, code: int, enhanced: str, text: str) -> "Status":
        """The row is its own value: rows with equal codes stay apart."""
        status = object.__new__(cls)
        status._value_ = (code, enhanced, text)
        status.code, status.enhanced, status.text = code, enhanced, text
        status.line = f"{code} {enhanced} {text}\r\n".encode() if enhanced else f"{code} {text}\r\n".encode()
        return status

    # RFC 2034 §4: no enhanced code in the greeting, nor in the replies to HELO and EHLO, nor where input is asked for.
    READY = 220, "", "ESMTP Mailstead"
    HELLO = 250, "", "at your service"
    CHALLENGE = 334, "", "Go on"
    START_INPUT = 354, "", "End data with <CR><LF>.<CR><LF>"
    HELP = 214, "2.0.0", "See RFC 5321"

    OK = 250, "2.0.0", "Ok"
    SENDER_OK = 250, "2.1.0", "Ok"
    RECIPIENT_OK = 250, "2.1.5", "Ok"
    FILED = 250, "2.0.0", "Ok: filed as {id}"
    CHUNK_OK = 250, "2.0.0", "{size} octets received"
    READY_FOR_TLS = 220, "2.0.0", "Ready to start TLS"
    BYE = 221, "2.0.0", "Bye"
    LOGGED_IN = 235, "2.7.0", "Authentication succeeded"
    CANNOT_VERIFY = 252, "2.1.5", "Cannot verify; will accept the message and attempt delivery"

    TIMEOUT = 421, "4.4.2", "Timeout exceeded, closing connection"
    SHUTTING_DOWN = 421, "4.3.2", "Service going down, try again soon"
    TOO_MANY_CONNECTIONS = 421, "4.7.0", "Too many connections from your IP. Please try again later."
    CONNECTIONS_LIMITED = 421, "4.7.1", "Too many connections from your IP. Please try again later."
    LOGINS_LIMITED = 421, "4.7.1", "Too many failed logins from your IP. Please try again later."
    SERVER_FULL = 421, "4.3.2", "Too many connections, try again later"
    TOO_MANY_ERRORS = 421, "4.7.0", "Too many errors"
    TOO_MANY_COMMANDS = 421, "4.7.0", "Too many commands"
    TOO_MANY_MAILS = 421, "4.7.0", "Too many messages in one session, connect again"
    TOO_MANY_LOGINS = 421, "4.7.0", "Too many failed logins"
    NOT_HTTP = 421, "4.7.0", "This is not HTTP"

    ACCOUNT_ASLEEP = 450, "4.2.1", "Mailbox temporarily not active"
    SENDER_LATER = 450, "4.1.8", "Sender cannot be judged now, try again later"
    RECIPIENT_LATER = 450, "4.1.1", "Recipient cannot be judged now, try again later"
    RATE_LATER = 450, "4.7.1", "Too much mail for now. Please try again later."
    SENDING_LATER = 450, "4.7.1", "Sending limit reached, try again later"
    AUTHENTICITY_LATER = 451, "4.7.24", "Sender cannot be verified now, try again later"
    CONTENT_LATER = 451, "4.7.1", "Message cannot be judged now, try again later"
    LOCAL_ERROR = 451, "4.3.0", "Local error, try again later (incident {incident})"
    TRY_LATER = 451, "4.3.2", "System busy, try again later"
    HOPS_LATER = 451, "4.4.6", "Routing loop suspected, try again later"
    GREYLISTED = 451, "4.7.1", "Greylisted, come again later"
    RELAY_LATER = 451, "4.7.1", "Relay access denied for now"
    MAILBOX_FULL = 452, "4.2.2", "Mailbox is full"
    NO_SPACE = 452, "4.3.1", "Insufficient system storage"
    SIZE_LATER = 452, "4.3.4", "Message too large for now"
    TOO_MANY_RECIPIENTS = 452, "4.5.3", "Too many recipients"
    LOGIN_LATER = 454, "4.7.0", "Temporary authentication failure"

    UNKNOWN_COMMAND = 500, "5.5.2", "Command not recognized"
    LINE_TOO_LONG = 500, "5.5.2", "Line too long"
    BARE_LINE_END = 500, "5.5.2", "Bare CR or LF: lines end with <CR><LF>"
    NOT_UTF8 = 500, "5.5.2", "Neither ASCII nor UTF-8"
    RESPONSE_TOO_LONG = 500, "5.5.6", "Authentication exchange line is too long"
    BAD_SYNTAX = 501, "5.5.4", "Syntax error in parameters or arguments"
    BAD_HELLO = 501, "5.5.4", "Invalid domain name or address literal"
    BAD_SENDER = 501, "5.1.7", "Invalid sender address"
    BAD_RECIPIENT = 501, "5.1.3", "Invalid recipient address"
    BAD_CHUNK = 501, "5.5.4", "Invalid BDAT, closing connection"
    BAD_RESPONSE = 501, "5.5.2", "Not base64, or no message of that mechanism"
    LOGIN_CANCELLED = 501, "5.7.0", "Authentication cancelled"
    HELD_TOO_LONG = 501, "5.5.4", "A letter is not held back for so long"
    NOT_IMPLEMENTED = 502, "5.5.1", "Command not implemented"
    SAY_HELLO = 503, "5.5.1", "Say hello first"
    BAD_ORDER = 503, "5.5.1", "Bad sequence of commands"
    NEED_SENDER = 503, "5.5.1", "Need MAIL command first"
    NEED_RECIPIENT = 503, "5.5.1", "No valid recipients"
    IN_CHUNKS = 503, "5.5.1", "BDAT is under way"
    TLS_ACTIVE = 503, "5.5.1", "TLS is already active"
    NEED_BDAT = 503, "5.5.1", "BODY=BINARYMIME goes with BDAT"
    LOGGED_IN_ALREADY = 503, "5.5.1", "Already authenticated"
    NO_SUCH_MECHANISM = 504, "5.5.4", "Authentication mechanism not supported"
    LOGIN_REQUIRED = 530, "5.7.0", "Authentication required"
    LOGIN_FAILED = 535, "5.7.8", "Authentication failed"
    APP_PASSWORD_NEEDED = 535, "5.7.8", "This account has a second factor: use an app password or a token"
    TLS_REQUIRED = 538, "5.7.11", "Encryption required, start TLS first"
    BAD_PARAMETER = 555, "5.5.4", "Parameter not recognized or not implemented"
    ACCOUNT_INACTIVE = 550, "5.2.1", "Mailbox not active"
    USER_UNKNOWN = 550, "5.1.1", "User not found"
    RECIPIENT_SUPPRESSED = 550, "5.1.1", "Recipient suppressed after an earlier bounce"
    RATE_LIMIT = 550, "5.7.1", "Too much mail"
    SENDING_LIMIT = 550, "5.7.1", "Sending limit reached"
    BARE_CONTENT = 550, "5.6.11", "Bare CR or bare line feed not allowed (RFC 5321 2.3.8)"
    DUE_TOO_SOON = 550, "5.4.7", "Delivery by then cannot be promised"
    AUTHOR_NOT_OWNED = 550, "5.7.1", "Address in From or Sender rejected: not owned by user"
    AUTHOR_UNCLEAR = 550, "5.7.1", "From must name exactly one address"
    SPF_FAILED = 550, "5.7.23", "SPF validation failed: this host may not use the sender's domain"  # RFC 7372 §3.2
    DMARC_FAILED = 550, "5.7.26", "Rejected by the DMARC policy of the author's domain"  # RFC 7372 §3.4
    MAILBOX_FULL_NOW = 552, "5.2.2", "Mailbox is full"
    NO_SPACE_EVER = 552, "5.3.1", "Mail system full"
    TOO_LARGE = 552, "5.3.4", "Message exceeds the maximum size"
    UTF8_SENDER = 553, "5.6.7", "Sender address needs SMTPUTF8"
    UTF8_RECIPIENT = 553, "5.6.7", "Recipient address needs SMTPUTF8"
    SENDER_REFUSED = 553, "5.1.8", "Sender address refused"
    SENDER_NOT_OWNED = 553, "5.7.1", "Sender address rejected: not owned by user"
    RECIPIENT_REFUSED = 553, "5.1.3", "Invalid recipient address"
    TRANSACTION_REFUSED = 554, "5.3.2", "Transaction refused"
    VIRUS_FOUND = 554, "5.7.1", "Message refused: it carries a virus"
    SPAM = 554, "5.7.1", "Message refused as spam"
    RULE_REFUSED = 554, "5.7.1", "Message refused"
    RELAY_DENIED = 554, "5.7.1", "Relay access denied"
    SENDER_BLOCKED = 554, "5.7.1", "Transaction failed: sender blocked"
    STRANGER_REFUSED = 554, "5.7.1", "Transaction failed: not known here"
    HEADER_INVALID = 554, "5.6.0", "Header has lines or octets that may not be there"
    TOO_MANY_HOPS = 554, "5.4.6", "Too many hops: mail loop suspected"
    ALIAS_LOOP = 554, "5.4.6", "Aliases lead in a circle"


class Reply(NamedTuple):
    """A row, perhaps with words of this one case; `lines` stand before it as a multi-line reply (RFC 5321 §4.2.1).

    `ready` holds its bytes where they were made beforehand.
    """

    status: Status
    text: str = ""
    lines: Sequence[str] = ()
    ready: bytes = b""

    def prepared(self) -> "Reply":
        """The same, to be sent many times."""
        return self._replace(ready=self.render())

    def render(self) -> bytes:
        """As sent."""
        if self.ready:
            return self.ready
        if not self.text and not self.lines:
            return self.status.line
        code, enhanced = self.status.code, self.status.enhanced
        mark = f"{enhanced} " if enhanced else ""
        head = "".join(f"{code}-{mark}{line}\r\n" for line in self.lines)
        return f"{head}{code} {mark}{self.text or self.status.text}\r\n".encode()


def challenge(data: bytes) -> Reply:
    """RFC 4954 §4: nothing but base64 behind the code, and the space even where there is none."""
    return Reply(Status.CHALLENGE, ready=b"334 %b\r\n" % binascii.b2a_base64(data, newline=False))
