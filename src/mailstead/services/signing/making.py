"""Private keys: made, read, loaded for signing; and the records that go with them."""

import asyncio
import hashlib
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from mailstead.ground.formats.dkim.record import KeyRecord, KeyType
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.signing import Algorithm, KeyState, SigningKey

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

RSA_MIN: Final = 1024  # RFC 8301 §3.2
_BITS: Final = {Algorithm.RSA_2048: 2048, Algorithm.RSA_4096: 4096}
_PADDING: Final = PKCS1v15()
_HASH: Final = SHA256()


async def make_key(domain: str, selector: str, algorithm: Algorithm, now: Instant) -> SigningKey:
    """A new key. RSA may take a second to find; the thread does not hold the interpreter meanwhile."""
    pem = await asyncio.to_thread(_make_pem, algorithm)
    return SigningKey(
        domain=domain, selector=selector, algorithm=algorithm, pem=pem, state=KeyState.NEW, created_at=now
    )


def _make_pem(algorithm: Algorithm) -> str:
    bits = _BITS.get(algorithm)
    key = generate_private_key(65537, bits) if bits else Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def load_private(pem: str, *, is_ours: bool = False) -> PrivateKey:
    """`is_ours`: we made or checked it before. Invalid; its text says nothing of the key."""
    try:
        key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=is_ours)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Invalid("it is no private key in PEM without a password") from error
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise Invalid("it is neither an RSA nor an Ed25519 key")
    if isinstance(key, RSAPrivateKey) and key.key_size < RSA_MIN:
        raise Invalid(f"it has {key.key_size} bits; receivers take no RSA key of less than {RSA_MIN}")
    return key


def algorithm_of(key: PrivateKey) -> Algorithm:
    """What its successor is to be made with."""
    if isinstance(key, Ed25519PrivateKey):
        return Algorithm.ED25519
    return Algorithm.RSA_4096 if key.key_size > 3072 else Algorithm.RSA_2048


def record_of(pem: str) -> KeyRecord:
    """What the DNS has to say."""
    key = load_private(pem, is_ours=True)
    if isinstance(key, Ed25519PrivateKey):  # RFC 8463 §4.2: the bare key
        data = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return KeyRecord(type=KeyType.ED25519.value, key=data)
    data = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return KeyRecord(type=KeyType.RSA.value, key=data)


class LoadedKey:
    """A key in memory, ready to sign."""

    def __init__(self, key: SigningKey) -> None:
        self.selector = key.selector
        self._private = load_private(key.pem, is_ours=True)
        self.type = KeyType.ED25519 if isinstance(self._private, Ed25519PrivateKey) else KeyType.RSA

    def sign(self, data: bytes) -> bytes:
        """RFC 6376 §3.3.1; RFC 8463 §3: Ed25519 signs the hash."""
        if isinstance(self._private, Ed25519PrivateKey):
            return self._private.sign(hashlib.sha256(data).digest())
        return self._private.sign(data, _PADDING, _HASH)
