"""The SMTP envelope as a value: replaced whole, never changed in place."""

from dataclasses import dataclass, field
from enum import Enum

from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import Instant


class BodyType(Enum):
    """RFC 6152 and RFC 3030."""

    SEVEN_BIT = "7BIT"
    EIGHT_BIT = "8BITMIME"
    BINARY = "BINARYMIME"


@dataclass(frozen=True, slots=True)
class DsnRequest:
    """What the sender asked of one recipient (RFC 3461 §4.1, §4.2); None: not said."""

    notify: frozenset[str] | None = None  # NEVER alone, or of SUCCESS, FAILURE, DELAY
    original: str | None = None  # ORCPT as received, type and xtext


NO_DSN = DsnRequest()


@dataclass(frozen=True, slots=True)
class Recipient:
    """One RCPT as it was given."""

    address: Address
    dsn: DsnRequest = NO_DSN


@dataclass(frozen=True, slots=True)
class DeliverBy:
    """DELIVERBY (RFC 2852 §4): by when, and what is done if that cannot be."""

    deadline: Instant
    may_be_late: bool  # "N": notify and go on trying; else "R": give up and return it
    is_traced: bool = False  # "T": each relay that hands it on says so


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a sender asked of the way a letter takes. Most ask for nothing."""

    require_tls: bool = False  # REQUIRETLS (RFC 8689 §2): rather not at all than without verified TLS
    tls_optional: bool = False  # "TLS-Required: No" (RFC 8689 §5): rather in the clear than not at all
    priority: int = 0  # MT-PRIORITY (RFC 6710 §4.1): -9 to 9
    release_at: Instant | None = None  # FUTURERELEASE (RFC 4865 §4): not before
    by: DeliverBy | None = None


NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One mail transaction so far."""

    sender: Address | None  # None: the null reverse-path <>
    recipients: tuple[Recipient, ...] = ()
    body: BodyType = BodyType.SEVEN_BIT
    smtputf8: bool = False
    declared_size: int = 0
    ret: str | None = None  # FULL or HDRS (RFC 3461 §4.3)
    envid: str | None = None  # RFC 3461 §4.4
    wishes: Wishes = NO_WISHES

    def with_recipient(self, recipient: Recipient) -> "Envelope":
        """The same with one recipient more."""
        return Envelope(  # spelled out: `dataclasses.replace` costs three times as much, once for each RCPT
            sender=self.sender,
            recipients=(*self.recipients, recipient),
            body=self.body,
            smtputf8=self.smtputf8,
            declared_size=self.declared_size,
            ret=self.ret,
            envid=self.envid,
            wishes=self.wishes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who is on the other end of a session, for Received, trace and limits."""

    ip: str
    port: int = 0
    helo: str = ""
    protocol: str = "SMTP"  # the `with` word of Received: SMTP, ESMTP, ESMTPS, LMTP, UTF8SMTP... (RFC 3848, RFC 6531)
    tls: str = ""  # e.g. "TLSv1.3 TLS_AES_256_GCM_SHA384"
    login: str = ""
    session: str = field(default="", compare=False)  # id that ties log lines together
