"""What Received fields claim (RFC 5321 §4.4), read with tolerance: who said they were who, from where, when."""

import re
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.date import parse_date
from mailstead.ground.formats.headers import unfold

HOPS_MAX: Final = 20
FIELD_MAX: Final = 1000

_FROM: Final = re.compile(rb"\s{0,50}+from\s{1,50}+([^\s();]{1,255}+)(?:\s{0,50}+\(([^()]{0,400}+)\))?", re.IGNORECASE)
_BY: Final = re.compile(rb"\bby\s{1,50}+([^\s();]{1,255}+)", re.IGNORECASE)
_IP: Final = re.compile(rb"\[?\b([0-9]{1,3}+\.[0-9]{1,3}+\.[0-9]{1,3}+\.[0-9]{1,3}+)\b\]?")
_IPV6: Final = re.compile(rb"\[IPv6:([0-9A-Fa-f:.]{2,45})\]")  # RFC 5321 §4.1.3
_NAME: Final = re.compile(rb"([A-Za-z0-9-]{1,63}+(?:\.[A-Za-z0-9-]{1,63}+){1,10}+)")


@dataclass(frozen=True, slots=True)
class Hop:
    """One of them. `name` is what the receiver looked up."""

    helo: str = ""
    name: str = ""
    ip: str = ""
    by: str = ""
    at: int | None = None  # milliseconds since 1970

    @property
    def is_possible(self) -> bool:
        """No address has numbers above 255."""
        return not self.ip or ":" in self.ip or all(int(number) < 256 for number in self.ip.split("."))

    @property
    def network(self) -> str:
        """The first three numbers."""
        return self.ip.rpartition(".")[0]


def read_hop(value: bytes) -> Hop:
    """A raw field body."""
    value = unfold(value[:FIELD_MAX])
    clauses, _, date = value.rpartition(b";")
    by = _BY.search(clauses)
    parsed = parse_date(date.strip()) if date.strip() else None
    at = int(parsed.at) if parsed is not None else None
    found = _FROM.match(clauses)
    if found is None:
        return Hop(by=_text(by[1]) if by else "", at=at)
    comment = found[2] or b""
    ip = _IPV6.search(comment) or _IP.search(comment) or _IP.search(found[1])
    name = _NAME.search(comment.partition(b"[")[0])
    named = _text(name[1]) if name and not _IP.fullmatch(name[1]) else ""
    return Hop(_text(found[1]), named, _text(ip[1]) if ip else "", _text(by[1]) if by else "", at)


def _text(raw: bytes) -> str:
    return raw.decode("latin-1").lower()
