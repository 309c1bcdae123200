"""What outbound is given to carry: octets, an envelope, and the way to take."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import NO_WISHES, BodyType, Wishes
from mailstead.ground.model.route import Route
from mailstead.ground.model.spool import SpooledRecipient


@dataclass(frozen=True, slots=True)
class Rendition:
    """The octets of one letter as one peer may have them: lines end in CRLF, unless they are binary."""

    size: int
    body: BodyType
    chunks: "Chunks"


class Chunks(Protocol):
    """May be asked for the octets again, for another host."""

    def __call__(self) -> AsyncIterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Unsuitable:
    """It cannot be made fit for that peer: a failure for good, with the enhanced code that says why."""

    status: str  # 5.6.3, 5.6.7
    why: str


class Content(Protocol):
    """Signed and ready, once it is known what the peer takes."""

    async def render(self, *, eight_bit: bool, binary: bool) -> Rendition | Unsuitable: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One letter for some recipients of one destination. `sender` is as it is to be said: SRS is done."""

    id: int
    sender: Address | None
    recipients: tuple[SpooledRecipient, ...]
    domain: str  # of the recipients: whose MX are asked
    route: Route
    content: Content
    smtputf8: bool = False
    needs_smtputf8: bool = False  # an address or header field is beyond ASCII: a peer without it cannot have the letter
    ret: str | None = None
    envid: str | None = None
    wishes: Wishes = NO_WISHES
    is_tls_optional: bool = False  # "TLS-Required: No" (RFC 8689 §5): rather in the clear than not at all
