"""Judging signatures (RFC 6376 §6.1, RFC 8301, RFC 8463): a pure function of letter, key record and time.

claims = find_claims(fields)             # what the letter says of itself, before anything is looked up
digests = BodyDigests(claims)            # feed it the body
check = judge(claim, fields, digests.of(claim), record, now)
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailstead.ground.formats.dkim.canonical import Canon, body_of
from mailstead.ground.formats.dkim.header import Field, Picker
from mailstead.ground.formats.dkim.record import KeyRecord, KeyType, record_name
from mailstead.ground.formats.dkim.signature import Signature, read_signature, signed_bytes
from mailstead.ground.formats.dkim.tags import Malformed

CLAIMS_MAX: Final = 5
"""Signatures looked at: each costs a question to the DNS (RFC 6376 §8.4)."""
KEYS_MAX: Final = 256
"""Public keys kept ready: reading one costs as much as a verification."""
RSA_MIN: Final = 1024  # RFC 8301 §3.2
RSA_MAX: Final = 8192
CLOCK_SLACK: Final = 3600
"""Seconds by which other clocks may be wrong."""

_ALGORITHMS: Final = {"rsa-sha256": KeyType.RSA, "ed25519-sha256": KeyType.ED25519}
_PREHASHED: Final = Prehashed(SHA256())


class Result(Enum):
    """The words of RFC 8601 §2.7.1."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a word, no secret
    FAIL = "fail"
    POLICY = "policy"  # it holds, and we do not take it
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Claim:
    """One DKIM-Signature field. Without `signature` it could not be read, and `trouble` says why."""

    field: bytes
    signature: Signature | None
    trouble: str = ""

    @property
    def key_name(self) -> str:
        """Where its key record is; "" if it needs none."""
        return record_name(self.signature.selector, self.signature.domain) if self.signature else ""


@dataclass(frozen=True, slots=True)
class Check:
    """What became of one claim, and why, in words for the trace."""

    result: Result
    why: str
    claim: Claim
    is_testing: bool = False  # the key says t=y


def find_claims(fields: Sequence[Field], limit: int = CLAIMS_MAX) -> list[Claim]:
    """The signatures of a letter, topmost first; those past the limit are not looked at."""
    claims: list[Claim] = []
    for field in fields:
        if field.name == b"dkim-signature" and len(claims) < limit:
            try:
                claims.append(Claim(field.raw, supported(read_signature(field.raw))))
            except Malformed as error:
                claims.append(Claim(field.raw, None, str(error)))
    return claims


def supported(signature: Signature) -> Signature:
    """The same, if we know its algorithm; Malformed."""
    if signature.algorithm not in _ALGORITHMS:  # RFC 8301 §3.1: rsa-sha1 is no signature
        raise Malformed(f"a={signature.algorithm[:30]} is not taken")
    return signature


class _Limited:
    """Hashes the first octets alone (l=)."""

    def __init__(self, limit: int | None) -> None:
        self.digest = hashlib.sha256()
        self.count = 0
        self._limit = limit

    def take(self, data: bytes) -> None:
        if self._limit is not None:
            data = data[: max(self._limit - self.count, 0)]
        self.count += len(data)
        self.digest.update(data)


class BodyDigests:
    """Hashes a body once for each way in which claims want it hashed."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self._limited: dict[tuple[Canon, int | None], _Limited] = {}
        for claim in claims:
            if claim.signature is not None:
                key = (claim.signature.body_canon, claim.signature.length)
                self._limited.setdefault(key, _Limited(key[1]))
        self._bodies = [body_of(canon, limited.take) for (canon, _), limited in self._limited.items()]

    def feed(self, data: bytes) -> None:
        """A piece of the body."""
        for body in self._bodies:
            body.feed(data)

    def finish(self) -> None:
        """The body is over."""
        for body in self._bodies:
            body.finish()

    def of(self, claim: Claim) -> bytes:
        """The body's hash as that claim wants it; b"" if there is none, or fewer octets than its l= (§3.5)."""
        if claim.signature is None:
            return b""
        limited = self._limited[claim.signature.body_canon, claim.signature.length]
        is_short = claim.signature.length is not None and limited.count < claim.signature.length
        return b"" if is_short else limited.digest.digest()


def judge(claim: Claim, fields: Sequence[Field], digest: bytes, record: KeyRecord | None, now: int) -> Check:
    """One claim. `record`: None if the DNS has none or a broken one; `now` in seconds."""
    signature = claim.signature
    if signature is None:
        return Check(Result.PERMERROR, claim.trouble, claim)
    if record is None:
        return Check(Result.PERMERROR, "no key record", claim)
    if trouble := find_trouble(record, signature):
        return Check(Result.PERMERROR, trouble, claim, record.is_testing)
    if digest != signature.body_hash:
        return Check(Result.FAIL, "the body was changed", claim, record.is_testing)
    data = signed_bytes(Picker(fields).pick(signature.headers), claim.field, signature.header_canon)
    try:
        verify_bytes(record, signature.signature, data)
    except InvalidSignature:
        return Check(Result.FAIL, "the signature does not match the header", claim, record.is_testing)
    except Malformed as error:
        return Check(Result.PERMERROR, str(error), claim, record.is_testing)
    result, why = _accept(signature, now)
    return Check(result, why, claim, record.is_testing)


def find_trouble(record: KeyRecord, signature: Signature) -> str:
    """Why this key does not serve that signature (§6.1.2); "" if it does."""
    host = signature.identity.rpartition("@")[2].lower()
    troubles = {
        "the key is revoked": not record.key,
        "the key is of another algorithm": record.type != _ALGORITHMS[signature.algorithm].value,
        "the key is not for SHA-256": bool(record.hashes) and "sha256" not in record.hashes,
        "the key is not for mail": not {"*", "email"} & set(record.services),
        "i= is of a subdomain, which the key forbids": record.is_strict and host not in ("", signature.domain),
    }
    return next((trouble for trouble, holds in troubles.items() if holds), "")


def verify_bytes(record: KeyRecord, signature: bytes, data: bytes) -> None:
    """That this key made this signature; InvalidSignature, Malformed."""
    hashed = hashlib.sha256(data).digest()
    if record.type == KeyType.ED25519.value:
        if len(record.key) != 32:
            raise Malformed("the key is no Ed25519 key")
        Ed25519PublicKey.from_public_bytes(record.key).verify(signature, hashed)  # RFC 8463 §3: the hash is signed
        return
    _read_rsa(record.key).verify(signature, hashed, PKCS1v15(), _PREHASHED)


@lru_cache(KEYS_MAX)
def _read_rsa(data: bytes) -> RSAPublicKey:
    try:
        key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed("the key cannot be read") from None
    if not isinstance(key, RSAPublicKey):
        raise Malformed("the key is no RSA key")
    if not RSA_MIN <= key.key_size <= RSA_MAX:
        raise Malformed(f"the key has {key.key_size} bits")
    return key


def _accept(signature: Signature, now: int) -> tuple[Result, str]:
    """A signature that matches may still be one that is not taken."""
    if signature.length is not None:
        return Result.POLICY, "l= leaves the end of the body open"  # §8.2: whatever is appended would pass
    if signature.expires_at is not None and signature.expires_at + CLOCK_SLACK < now:
        return Result.FAIL, "it has expired"
    if signature.signed_at is not None and signature.signed_at > now + 24 * CLOCK_SLACK:
        return Result.FAIL, "it was made in the future"
    return Result.PASS, ""
