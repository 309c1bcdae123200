"""Facts that stop an operation. They carry no protocol codes: each server maps them in one total table."""


class MailError(Exception):
    """Root of all expected failures. The text is for the operator and the person at the keyboard, never a secret."""


class NotFound(MailError):  # noqa: N818 - these name facts, not programming errors
    """The domain, user, account, folder or message is not there."""


class AlreadyExists(MailError):  # noqa: N818
    """Something of that name is there already."""


class Denied(MailError):  # noqa: N818
    """The access does not allow it."""


class Invalid(MailError):  # noqa: N818
    """A value is outside what the rules of the house or of the RFC allow."""


class OverQuota(MailError):  # noqa: N818
    """The account has no room for it."""


class LimitReached(MailError):  # noqa: N818
    """More of something than there may be in one place."""


class TooLarge(MailError):  # noqa: N818
    """Larger than the configured maximum."""


class NoSpace(MailError):  # noqa: N818
    """The disk is full or below its reserve: mail has to wait, flags and deletions go on."""


class Busy(MailError):  # noqa: N818
    """The store's queue is full or its deadline passed; the same call may succeed later."""


class Conflict(MailError):  # noqa: N818
    """What the caller knew is no longer true, as with UNCHANGEDSINCE (RFC 7162 §3.1.3)."""
