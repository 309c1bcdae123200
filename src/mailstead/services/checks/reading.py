"""Reads a letter as it streams in: what its signatures cover is hashed, what is forged in its header is left out."""

from dataclasses import dataclass, field

from mailstead.ground.formats.arc import Chain, read_chain
from mailstead.ground.formats.authres import HeadFilter
from mailstead.ground.formats.dkim.header import Field, split_fields
from mailstead.ground.formats.dkim.verify import BodyDigests, Claim, find_claims


@dataclass(frozen=True, slots=True)
class Copy:
    """What is left of a letter for its judges. Digests are in the order of the claims."""

    fields: tuple[Field, ...] = ()
    claims: tuple[Claim, ...] = ()
    digests: tuple[bytes, ...] = ()
    chain: Chain = field(default_factory=Chain)
    chain_digest: bytes = b""


class Reader:
    """Takes a letter in pieces and gives back what is to be stored. Memory: a header and a few hashes."""

    def __init__(self, ours: frozenset[bytes]) -> None:
        self._filter = HeadFilter(ours)
        self._seen = 0
        self._fields: list[Field] | None = None
        self._claims: list[Claim] = []
        self._chain = Chain()
        self._digests = BodyDigests(())

    def feed(self, data: bytes) -> bytes:
        """What may be stored of it by now."""
        kept = self._filter.feed(data)
        if self._fields is not None:
            self._digests.feed(data)
        elif self._filter.head:
            self._begin(data[len(self._filter.head) - self._seen :])
        self._seen += len(data)
        return kept

    def finish(self) -> tuple[bytes, Copy]:
        """All has come: what is still to be stored, and what the judges get."""
        kept = self._filter.finish()
        if self._fields is None:
            self._begin(b"")
        self._digests.finish()
        fields = tuple(self._fields or ())
        digests = tuple(map(self._digests.of, self._claims))
        sealed = b"".join(map(self._digests.of, self._chain.last))
        return kept, Copy(fields, tuple(self._claims), digests, self._chain, sealed)

    def _begin(self, body: bytes) -> None:
        """The header is here."""
        self._fields = split_fields(self._filter.head)
        self._claims = find_claims(self._fields)
        self._chain = read_chain(self._fields)
        self._digests = BodyDigests([*self._claims, *self._chain.last])
        self._digests.feed(body)
