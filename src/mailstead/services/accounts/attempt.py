"""A login on its way in, who came in by one, and the ways in which it can fail."""

from dataclasses import dataclass

from mailstead.ground.model.credential import Credential
from mailstead.ground.model.directory import Account, Role, User
from mailstead.ground.model.errors import Busy, Denied


@dataclass(frozen=True, slots=True)
class Principal:
    """A user who has logged in, with the accounts open to them; `account` is the one their mail client shows."""

    user: User
    accounts: tuple[tuple[Account, Role], ...]
    account: Account
    credential: Credential | None = None  # that was shown in place of the password


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Where a login comes from. `service` is the protocol: imap, pop3, smtp, managesieve, ..."""

    client_ip: str
    service: str
    session: int = 0
    mechanism: str = ""
    code: str | None = None  # of a second factor; "": none was given; None: it cannot be asked for here


@dataclass(frozen=True, slots=True)
class Rejection:
    """A token that does not do, before the client was told why (RFC 7628 §3.2.2). For `Authenticator.refuse`."""

    name: str
    reason: str
    error: type[Denied] = Denied


class NotAuthorized(Denied):
    """Who they are is proved; whom they want to be they may not."""


class Expired(Denied):
    """The credential was good once."""


class AppPasswordNeeded(Denied):
    """The password is right, and here it is not enough: a code cannot be asked for."""


class CodeNeeded(Denied):
    """The password is right; a code is asked for besides."""


class EnrolmentNeeded(Denied):
    """The password is right; the domain asks for a second factor, and there is none yet."""


class Limited(Busy):
    """Too many failed from there, or at this name: not heard for now."""


class TooMany(Limited):
    """Who they are is proved; they logged in too often."""
