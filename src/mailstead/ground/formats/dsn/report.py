"""What a delivery status notification says, as values (RFC 3464 §2)."""

from dataclasses import dataclass
from enum import Enum

from mailstead.ground.model.ids import Instant

RFC822 = "rfc822"
UTF8 = "utf-8"
SMTP = "smtp"
OURS = "x-mailstead"


class Action(Enum):
    """RFC 3464 §2.3.3, the gravest first."""

    FAILED = "failed"
    DELAYED = "delayed"
    RELAYED = "relayed"
    EXPANDED = "expanded"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True)
class Typed:
    """A value and the name of its kind: `rfc822; bob@example.org`, `dns; mx.example.org`, `smtp; 550 No`."""

    type: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What became of one recipient (RFC 3464 §2.3). None: not said."""

    final: Typed
    action: Action
    status: str  # RFC 3463
    original: Typed | None = None
    diagnostic: Typed | None = None
    remote_mta: Typed | None = None
    last_attempt: Instant | None = None
    will_retry_until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One letter and what became of some of its recipients."""

    reporting_mta: Typed
    entries: tuple[Entry, ...]
    envelope_id: str = ""  # decoded; "": the sender gave none
    arrival: Instant | None = None

    @property
    def gravest(self) -> Action:
        """The one that a reader has to hear first."""
        order = list(Action)
        return min((entry.action for entry in self.entries), key=order.index)

    @property
    def is_ascii(self) -> bool:
        """False if the parts for UTF-8 (RFC 6533 §4) have to be used."""
        return self.envelope_id.isascii() and all(
            address.text.isascii()
            for entry in self.entries
            for address in (entry.final, entry.original)
            if address is not None
        )
