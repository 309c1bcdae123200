"""A further ARC set (RFC 8617 §5.1) for a letter that goes on: whether there may be one, and what it is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.arc import SETS_MAX, read_chain
from mailstead.ground.formats.authres import Results, read
from mailstead.ground.formats.dkim.canonical import Canon
from mailstead.ground.formats.dkim.header import Field
from mailstead.ground.formats.dkim.record import KeyType
from mailstead.ground.formats.dkim.signature import Draft, fold, signed_bytes

MESSAGE: Final = "ARC-Message-Signature"
_SEAL: Final = "ARC-Seal"
_RESULTS: Final = b"ARC-Authentication-Results"


@dataclass(frozen=True, slots=True)
class NextSet:
    """`before`: the fields of all sets so far, in the order in which they are sealed."""

    number: int
    verdict: str  # cv=
    results: bytes  # the whole field
    before: tuple[bytes, ...]

    def sign(self, draft: Draft, type_: KeyType, selector: str) -> bytes:
        """§4.1.2: the signature over the letter, unsigned yet."""
        return draft.render(type_, selector, name=MESSAGE, first=f"i={self.number}")

    def seal(self, draft: Draft, type_: KeyType, selector: str) -> bytes:
        """§4.1.3: the seal, unsigned yet."""
        tags = (f"i={self.number}", f"a={type_.value}-sha256", f"cv={self.verdict}", f"d={draft.domain}")
        return fold(_SEAL, (*tags, f"s={selector}", f"t={draft.signed_at}", "b=")).encode("ascii")

    def to_seal(self, message: bytes, seal: bytes) -> bytes:
        """§5.1.1: all sets before, then this one."""
        return signed_bytes((*self.before, self.results, message), seal, Canon.RELAXED)


def find_next(fields: Sequence[Field], found: bytes) -> NextSet | None:
    """`found` is the value of the Authentication-Results that we wrote when the letter came.

    None where there is nothing to hand on: a chain that we found broken, that we did not look into, or that is full.
    """
    results, chain = read(found), read_chain(fields)
    if results is None or chain.trouble or len(chain.links) >= SETS_MAX:
        return None
    verdict = "pass" if chain.links else "none"
    if _chain_result(results) != verdict:
        return None
    number = len(chain.links) + 1
    field = _RESULTS + b": i=%d;" % number + found.rstrip(b"\r\n") + b"\r\n"
    return NextSet(number, verdict, field, tuple(raw for link in chain.links for raw in link.fields))


def _chain_result(results: Results) -> str:
    """Where nothing is said there was no chain."""
    return next((one.result for one in results.findings if one.method == "arc"), "none")
