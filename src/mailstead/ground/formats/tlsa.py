"""TLSA records for SMTP (RFC 6698, RFC 7671, RFC 7672): which of them count, and whether a certificate is meant."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from mailstead.ground.formats.der import BadDer, public_key_of


@dataclass(frozen=True, slots=True)
class Tlsa:
    """RFC 6698 §2.1."""

    usage: int
    selector: int
    matching: int
    data: bytes

    def __str__(self) -> str:
        """As a zone file has it."""
        return f"{self.usage} {self.selector} {self.matching} {self.data.hex()}"


class Usage(IntEnum):
    """RFC 7218 §2.1. The first two are of no use to SMTP (RFC 7672 §3.1.3): nobody agreed on a list of CAs."""

    PKIX_TA = 0
    PKIX_EE = 1
    DANE_TA = 2
    DANE_EE = 3


class Selector(IntEnum):
    """RFC 7218 §2.2."""

    CERTIFICATE = 0
    PUBLIC_KEY = 1


class Matching(IntEnum):
    """RFC 7218 §2.3."""

    FULL = 0
    SHA256 = 1
    SHA512 = 2


RECORDS_MAX: Final = 100  # a set this large is an attack on our time
_DIGEST_SIZE: Final = {Matching.SHA256: 32, Matching.SHA512: 64}
_DATA_MAX: Final = 16_384


def usable(records: Iterable[Tlsa]) -> tuple[Tlsa, ...]:
    """Those that can be matched at all (RFC 7672 §2.2); empty: none, so TLS is a must and nobody is verified."""
    sound = [record for record in records if _is_usable(record)][:RECORDS_MAX]
    return tuple(record for record in sound if not _is_outdone(record, sound))


def _is_usable(record: Tlsa) -> bool:
    if record.usage not in (Usage.DANE_TA, Usage.DANE_EE) or record.selector not in tuple(Selector):
        return False
    if record.matching == Matching.FULL:
        return 0 < len(record.data) <= _DATA_MAX
    return record.matching in _DIGEST_SIZE and len(record.data) == _DIGEST_SIZE[Matching(record.matching)]


def _is_outdone(record: Tlsa, others: Sequence[Tlsa]) -> bool:
    """RFC 7671 §9: of one usage and selector only the strongest digest counts; full data always does."""
    return record.matching == Matching.SHA256 and any(
        (other.usage, other.selector, other.matching) == (record.usage, record.selector, Matching.SHA512)
        for other in others
    )


def matches(record: Tlsa, certificate: bytes) -> bool:
    """Is it this certificate (DER) or its key that the record means?"""
    try:
        chosen = public_key_of(certificate) if record.selector == Selector.PUBLIC_KEY else certificate
    except BadDer:
        return False
    if record.matching == Matching.SHA256:
        return hashlib.sha256(chosen).digest() == record.data
    if record.matching == Matching.SHA512:
        return hashlib.sha512(chosen).digest() == record.data
    return record.matching == Matching.FULL and chosen == record.data


def names_leaf(records: Iterable[Tlsa], leaf: bytes) -> bool:
    """RFC 7671 §5.1: DANE-EE asks for the key alone: neither names nor dates count."""
    return any(record.usage == Usage.DANE_EE and matches(record, leaf) for record in records)


def find_anchors(records: Iterable[Tlsa], chain: Sequence[bytes]) -> tuple[bytes, ...]:
    """What DANE-TA records vouch for: of the issuers shown, or whole in the record itself (RFC 7671 §5.2.2).

    Never the host's own certificate: an anchor is what issued it.
    """
    leaf, *issuers = chain
    anchors = [record for record in records if record.usage == Usage.DANE_TA]
    shown = [issuer for issuer in issuers if any(matches(record, issuer) for record in anchors)]
    whole = [
        record.data
        for record in anchors
        if record.selector == Selector.CERTIFICATE and record.matching == Matching.FULL
    ]
    return tuple(anchor for anchor in dict.fromkeys([*shown, *whole]) if anchor != leaf)
