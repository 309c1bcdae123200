"""What the operator says of the lines to one domain, whatever that domain publishes."""

from dataclasses import dataclass
from enum import Enum

from mailstead.ground.model.ids import Instant


class TlsDemand(Enum):
    """From nothing to the strictest."""

    NONE = "none"  # never, not even if they offer it
    MAY = "may"  # if they offer it; policies of the domain are left aside
    ENCRYPT = "encrypt"  # always, whoever it is
    SECURE = "secure"  # always, with a certificate that the world's CAs vouch for, of the host's name
    DANE_ONLY = "dane-only"  # only where TLSA records say who it is


@dataclass(frozen=True, slots=True)
class TlsRule:
    """`domain` is the recipients'. `note` is for people."""

    domain: str
    demand: TlsDemand
    created_at: Instant
    note: str = ""
