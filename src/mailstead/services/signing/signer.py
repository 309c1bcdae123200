"""Signs letters in the name of a domain, with every key of it that is active."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.dkim.canonical import Canon, body_of
from mailstead.ground.formats.dkim.signature import Draft
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.signing import SigningKey
from mailstead.net.clock import Clock
from mailstead.services.signing.makers import ArcMaker, DkimMaker, Maker
from mailstead.services.signing.making import LoadedKey
from mailstead.services.signing.rules import Seal, SigningRules
from mailstead.store.port import ReadTx, Store
from mailstead.telemetry import Event, emit

LOOK_AGAIN: Final = 5.0
"""Seconds until the store is asked again whether a domain's keys changed."""
DOMAINS_MAX: Final = 1000


class BodyDigest:
    """The hash of a body, as these rules want it."""

    def __init__(self, canon: Canon) -> None:
        self._hash = hashlib.sha256()
        self._body = body_of(canon, self._hash.update)

    def feed(self, data: bytes) -> None:
        """A piece of the body."""
        self._body.feed(data)

    def finish(self) -> bytes:
        """The body is over."""
        self._body.finish()
        return self._hash.digest()


@dataclass(frozen=True, slots=True)
class _Ring:
    """The active keys of one domain, as of a moment."""

    rows: tuple[SigningKey, ...]
    keys: tuple[LoadedKey, ...]
    good_until: float


class Signer:
    """One for each worker. Keys stay loaded; a change in the store is seen within seconds."""

    def __init__(self, store: Store, clock: Clock, rules: SigningRules) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._makers: tuple[Maker, ...] = (DkimMaker(rules), ArcMaker(rules))
        self._rings: dict[str, _Ring] = {}

    async def signs(self, domain: str) -> bool:
        """Whether any key would sign; a domain without one is told of once."""
        return bool(domain) and bool((await self._ring(domain)).keys)

    def digest(self) -> BodyDigest:
        """Feed it the body, then `sign` with what it gives."""
        return BodyDigest(self._rules.body_canon)

    async def sign(self, seal: Seal, header: bytes, body_hash: bytes) -> bytes:
        """The fields to put before the letter; b"" if the domain has no key."""
        domain = seal.domain
        ring = await self._ring(domain)
        if not ring.keys:
            return b""
        rules, now = self._rules, self._clock.now() // 1000
        draft = Draft(
            domain=domain,
            headers=(),
            body_hash=body_hash,
            header_canon=rules.header_canon,
            body_canon=rules.body_canon,
            signed_at=now,
            expires_at=now + rules.life if rules.life else None,
        )
        made = b""
        for maker in self._makers:
            made = maker.make(draft, ring.keys, seal, made + header) + made
        emit(Event.SIGNING_LETTER_SIGNED, domain=domain, count=len(ring.keys))
        return made

    async def _ring(self, domain: str) -> _Ring:
        known, now = self._rings.get(domain), self._clock.monotonic()
        if known is not None and now < known.good_until:
            return known

        async def unit(tx: ReadTx) -> list[SigningKey]:
            return await tx.signing.active_keys(domain)

        rows = tuple(await self._store.read(unit))
        if known is not None and known.rows == rows:
            ring = _Ring(rows, known.keys, now + LOOK_AGAIN)
        else:
            ring = _Ring(rows, tuple(_load(rows)), now + LOOK_AGAIN)
            if not ring.keys:
                emit(Event.SIGNING_KEY_MISSING, domain=domain)
        if domain not in self._rings and len(self._rings) >= DOMAINS_MAX:
            del self._rings[next(iter(self._rings))]
        self._rings[domain] = ring
        return ring


def _load(rows: Sequence[SigningKey]) -> list[LoadedKey]:
    """A key that cannot be read must not keep the others from signing."""
    keys = []
    for row in rows:
        try:
            keys.append(LoadedKey(row))
        except Invalid as error:
            emit(Event.SIGNING_KEY_BROKEN, domain=row.domain, selector=row.selector, error=str(error))
    return keys
