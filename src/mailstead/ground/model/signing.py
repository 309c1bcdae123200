"""Keys that sign what leaves in the name of a domain, and how one follows another."""

from dataclasses import dataclass
from enum import Enum

from mailstead.ground.model.ids import Instant


class Algorithm(Enum):
    """What a key is made with."""

    RSA_2048 = "rsa2048"
    RSA_4096 = "rsa4096"
    ED25519 = "ed25519"

    @property
    def family(self) -> str:
        """Keys of one family follow each other; keys of two sign together (RFC 8463 §6)."""
        return "ed25519" if self is Algorithm.ED25519 else "rsa"


class KeyState(Enum):
    """A key's life. Only `ACTIVE` ones sign."""

    NEW = "new"  # waits until its record is seen in the DNS
    ACTIVE = "active"
    RETIRING = "retiring"  # letters it signed may still be on their way: its record has to stay
    RETIRED = "retired"  # its record may go


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One key of a domain. `pem` is the private key: it is in no log, no event and no answer."""

    domain: str
    selector: str
    algorithm: Algorithm
    pem: str
    state: KeyState
    created_at: Instant
    seen_at: Instant | None = None  # since when every look into the DNS has shown its record
    activated_at: Instant | None = None
    retired_at: Instant | None = None  # since when it signs no longer

    def __repr__(self) -> str:
        """Without the key."""
        return f"SigningKey({self.selector}._domainkey.{self.domain}, {self.algorithm.value}, {self.state.value})"
