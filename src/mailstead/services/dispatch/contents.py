"""The contents of letters in the spool, kept for a while: the lanes of one letter share what was made of it once."""

from collections import OrderedDict
from typing import Final

from mailstead.ground.formats.dkim.header import split_fields
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import SpoolId
from mailstead.ground.model.policy import HEADERS_TO_SIGN
from mailstead.ground.model.spool import Origin, SpooledLetter
from mailstead.net.clock import Clock
from mailstead.services.dispatch.content import LetterContent
from mailstead.services.policy.policies import Policies
from mailstead.services.signing.rules import UNSIGNED, Seal
from mailstead.services.signing.signer import Signer
from mailstead.store.port.blobs import Blobs

KEPT_MAX: Final = 32
KEPT_SECONDS: Final = 60.0
"""Enough for the lanes of one letter. A later try is signed anew: keys, policies and the hour are others then."""

_FOREIGN: Final = frozenset({Origin.FORWARDED, Origin.RELAYED, Origin.HANDED_OFF})


class SignedContents:
    """Implements `ports.Contents`."""

    def __init__(self, blobs: Blobs, clock: Clock, signer: Signer, policies: Policies) -> None:
        self._blobs = blobs
        self._clock = clock
        self._signer = signer
        self._policies = policies
        self._kept: OrderedDict[SpoolId, tuple[float, LetterContent]] = OrderedDict()

    async def open(self, letter: SpooledLetter) -> LetterContent:
        """NotFound if it was settled meanwhile."""
        known, now = self._kept.get(letter.id), self._clock.monotonic()
        if known is not None and now < known[0]:
            return known[1]
        content = await self._make(letter)
        self._kept[letter.id] = (now + KEPT_SECONDS, content)
        self._kept.move_to_end(letter.id)
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return content

    async def _make(self, letter: SpooledLetter) -> LetterContent:
        if letter.blob_id is None:
            raise NotFound("the letter was settled")
        blob = await self._blobs.open(letter.blob_id)
        is_foreign = letter.origin in _FOREIGN
        return LetterContent(letter.prefix, blob, self._signer, await self._seal_of(letter), is_foreign=is_foreign)

    async def _seal_of(self, letter: SpooledLetter) -> Seal:
        if not letter.domain or letter.origin is Origin.HANDED_OFF:
            return UNSIGNED
        policy = await self._policies.of(letter.domain)
        wish = policy.dkim
        if not wish.signing_enabled:
            return UNSIGNED
        # As long as nobody wrote the column of this domain down, the configuration names the fields: it has more.
        is_own = wish.headers_to_sign != HEADERS_TO_SIGN
        names = tuple(name.lower().encode() for name in wish.headers_to_sign) if is_own else ()
        seals = policy.arc.seal and letter.origin is Origin.FORWARDED
        return Seal(letter.domain, names, _find_results(letter.prefix) if seals else b"")


def _find_results(prefix: bytes) -> bytes:
    """Of what we wrote before the letter: in the letter itself others could have written it in our name."""
    fields = (field.raw for field in split_fields(prefix) if field.name == b"authentication-results")
    return next(fields, b"").partition(b":")[2]
