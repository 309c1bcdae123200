"""Names as the services ask for them. `net.resolver` implements it, tests have one in memory."""

from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

from mailstead.ground.formats.tlsa import Tlsa

T = TypeVar("T")


class Trouble(Enum):
    """Why there is no answer, for now."""

    TIMEOUT = "no name server answered in time"
    SERVFAIL = "the name server failed"
    BOGUS = "DNSSEC validation failed"  # RFC 7672 §2.1.1: told apart where the resolver says so (RFC 8914)
    REFUSED = "the name server refused"


class DnsError(Exception):
    """No answer for now: temporary, always."""

    def __init__(self, name: str, kind: str, trouble: Trouble) -> None:
        super().__init__(f"{kind} of {name}: {trouble.value}")
        self.name = name
        self.kind = kind
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What was found, in no order that matters; nothing where the name has no such record.

    `is_secure`: validated by a resolver that we trust to validate. `exists` is False for NXDOMAIN.
    """

    name: str  # where the aliases (CNAME) led
    records: tuple[T, ...]
    is_secure: bool = False
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Mx:
    """`host` is a canonical name; "." is a null MX (RFC 7505)."""

    preference: int
    host: str


class Resolver(Protocol):
    """Every method: DnsError where there is no answer now. Names are canonical (A-labels, lower case, no last dot)."""

    async def mx(self, name: str) -> Answer[Mx]: ...
    async def a(self, name: str) -> Answer[str]: ...
    async def aaaa(self, name: str) -> Answer[str]: ...
    async def txt(self, name: str) -> Answer[bytes]:
        """Each record with its strings joined."""

    async def tlsa(self, name: str) -> Answer[Tlsa]: ...
    async def ptr(self, ip: str) -> Answer[str]: ...
