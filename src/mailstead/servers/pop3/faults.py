"""The one table from domain errors to replies (RFC 3206 §4)."""

from collections.abc import Mapping
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
from mailstead.ground.wire.pop3.reply import Code, Reply, err

REPLIES: Final[Mapping[type[MailError], Reply]] = {
    NotFound: err("This maildrop is not there any more", Code.PERMANENT),
    AlreadyExists: err("That is there already", Code.PERMANENT),
    Denied: err("Not permitted", Code.PERMANENT),
    Invalid: err("Not possible", Code.PERMANENT),
    OverQuota: err("Quota exceeded", Code.PERMANENT),
    LimitReached: err("That is more than there may be", Code.PERMANENT),
    TooLarge: err("Too large", Code.PERMANENT),
    NoSpace: err("The disk is full, try again later", Code.TEMPORARY),
    Busy: err("Server is busy, try again later", Code.TEMPORARY),
    Conflict: err("It was changed meanwhile, try again", Code.TEMPORARY),
}
"""Total: a test asks for every class of `errors`."""


def reply_to(error: MailError) -> Reply:
    """The reply to a fact, or to the one that it is a case of."""
    return next(REPLIES[kind] for kind in type(error).__mro__ if kind in REPLIES)
