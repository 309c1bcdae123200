"""What the operator says of the way of some letters, wherever the DNS would lead them."""

from dataclasses import dataclass, field
from enum import Enum

from mailstead.ground.model.ids import Instant


class Side(Enum):
    """Whose name a rule goes by."""

    TO = "to"  # the recipient's domain
    FROM = "from"  # the sender's address, or the domain of ours in whose name a letter leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """`name` is a canonical domain, or the key of an address. `target` may hold a password: it is shown by
    `shown_route` alone."""

    side: Side
    name: str
    target: str = field(repr=False)
    created_at: Instant
    note: str = ""
