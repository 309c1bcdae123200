"""Tagged answers, and the one table from domain errors to them (RFC 9051 §7.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.errors import (
    AlreadyExists,
    Busy,
    Conflict,
    Denied,
    Invalid,
    LimitReached,
    MailError,
    NoSpace,
    NotFound,
    OverQuota,
    TooLarge,
)
from mailstead.ground.wire.imap.response import Code, Condition, status


@dataclass(frozen=True, slots=True)
class Reply:
    """What follows the tag."""

    condition: Condition
    text: str
    code: Code | bytes = b""

    def line(self, tag: bytes) -> bytes:
        """As it is sent."""
        return status(tag, self.condition, self.text, self.code)


def ok(text: str, code: Code | bytes = b"") -> Reply:
    """Done."""
    return Reply(Condition.OK, text, code)


def no(text: str, code: Code | bytes = b"") -> Reply:
    """Understood, and not possible."""
    return Reply(Condition.NO, text, code)


def bad(text: str, code: Code | bytes = b"") -> Reply:
    """Not understood, or not now."""
    return Reply(Condition.BAD, text, code)


class Refusal(Exception):  # noqa: N818 - an answer on its way out, not an error
    """Ends a handler with this reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


REPLIES: Final[Mapping[type[MailError], Reply]] = {
    NotFound: no("No such mailbox", Code.NONEXISTENT),
    AlreadyExists: no("There is a mailbox of that name", Code.ALREADYEXISTS),
    Denied: no("Not permitted", Code.NOPERM),
    Invalid: no("Not possible", Code.CANNOT),
    OverQuota: no("Quota exceeded", Code.OVERQUOTA),
    LimitReached: no("That is more than there may be", Code.LIMIT),
    TooLarge: no("Message is larger than this server takes", Code.TOOBIG),
    NoSpace: no("No room for new mail at the moment, try again later", Code.UNAVAILABLE),
    Busy: no("Server is busy, try again later", Code.UNAVAILABLE),
    Conflict: no("It was changed meanwhile, try again", Code.INUSE),
}
"""Total: a test asks for every class of `errors`."""

TRY_CREATE: Final = no("No such mailbox", Code.TRYCREATE)
"""RFC 9051 §6.3.12, §6.4.7: the target is missing, and creating it would help."""


UID_REQUIRED: Final = bad("Message numbers are not for those who enabled UIDONLY", Code.UIDREQUIRED)
"""RFC 9586 §3."""


def reply_to(error: MailError) -> Reply:
    """The reply to a fact; where a client's own words were at fault, with the reason."""
    reply = REPLIES[type(error)]
    if isinstance(error, Invalid | Denied | LimitReached) and str(error):
        text = str(error)
        return Reply(reply.condition, text[0].upper() + text[1:200], reply.code)
    return reply
