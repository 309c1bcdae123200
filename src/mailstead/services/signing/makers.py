"""Ways to vouch for a letter that leaves, one after the other: each sees the fields of those before it.

DKIM and ARC are two of them; what comes after DKIM would be a third.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from mailstead.ground.formats.arc_sealing import find_next
from mailstead.ground.formats.dkim.header import select_names, split_fields
from mailstead.ground.formats.dkim.record import KeyType
from mailstead.ground.formats.dkim.signature import NAME, Draft, complete
from mailstead.services.signing.making import LoadedKey
from mailstead.services.signing.rules import Seal, SigningRules

_SIGNATURES: Final = NAME.lower().encode()


class Maker(Protocol):
    """One way."""

    def make(self, draft: Draft, keys: Sequence[LoadedKey], seal: Seal, header: bytes) -> bytes:
        """Fields to put before the letter; b"" if there are none. The draft lacks the names of what is signed."""


@dataclass(frozen=True, slots=True)
class DkimMaker:
    """A signature with each key (RFC 6376)."""

    rules: SigningRules

    def make(self, draft: Draft, keys: Sequence[LoadedKey], seal: Seal, header: bytes) -> bytes:
        """Of the fields that the rules or the domain name."""
        fields = split_fields(header)
        draft = replace(draft, headers=select_names(fields, *self.rules.names_for(seal)))
        made = []
        for key in keys:
            unsigned = draft.render(key.type, key.selector)
            made.append(complete(unsigned, key.sign(draft.to_sign(fields, unsigned))))
        return b"".join(made)


@dataclass(frozen=True, slots=True)
class ArcMaker:
    """A set of ARC (RFC 8617 §5.1), where what was found is to be handed on."""

    rules: SigningRules

    def make(self, draft: Draft, keys: Sequence[LoadedKey], seal: Seal, header: bytes) -> bytes:
        """With one key: an RSA one if there is any, for not everybody knows another."""
        if not seal.found:
            return b""
        fields = split_fields(header)
        following = find_next(fields, seal.found)
        if following is None:
            return b""
        key = next((one for one in keys if one.type is KeyType.RSA), keys[0])
        names, oversigned = self.rules.names_for(seal)
        # §4.1.2: signatures are part of what is vouched for; a further one may be added behind us.
        draft = replace(draft, headers=select_names(fields, (*names, _SIGNATURES), oversigned), expires_at=None)
        unsigned = following.sign(draft, key.type, key.selector)
        message = complete(unsigned, key.sign(draft.to_sign(fields, unsigned)))
        bare = following.seal(draft, key.type, key.selector)
        return complete(bare, key.sign(following.to_seal(message, bare))) + message + following.results
