"""How letters are signed: what the configuration says of all, and what is wanted for one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.dkim.canonical import Canon


@dataclass(frozen=True, slots=True)
class Seal:
    """In whose name a letter is signed ("": nobody's), and which fields of it (none: those of the rules).

    `found`: what we found out about it when it came (the value of our Authentication-Results), to be handed on.
    """

    domain: str
    signed: tuple[bytes, ...] = ()  # lower-case names
    found: bytes = b""


UNSIGNED: Final = Seal("")


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRules:
    """How letters are signed."""

    signed: tuple[bytes, ...]  # lower-case names; "*" is all
    oversigned: tuple[bytes, ...]
    header_canon: Canon = Canon.RELAXED
    body_canon: Canon = Canon.RELAXED
    life: int = 0  # seconds until a signature expires; 0: never

    @classmethod
    def of(cls, headers: Sequence[str], oversign: Sequence[str], canonicalization: str, life: int) -> "SigningRules":
        """As the configuration has them: `canonicalization` is "relaxed/simple" and the like."""
        header, _, body = canonicalization.partition("/")
        return cls(
            signed=tuple(name.strip().lower().encode() for name in headers),
            oversigned=tuple(name.strip().lower().encode() for name in oversign),
            header_canon=Canon(header),
            body_canon=Canon(body),
            life=life,
        )

    def names_for(self, seal: Seal) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
        """Fields to sign and to oversign. What a domain leaves out of its list may change on the way: neither."""
        if not seal.signed:
            return self.signed, self.oversigned
        return seal.signed, tuple(name for name in self.oversigned if name in seal.signed)
