"""Keys that stay the same, and letters signed by them with the house's own pieces."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from mailstead.ground.formats.dkim.canonical import Canon, body_of
from mailstead.ground.formats.dkim.header import select_names, split_fields
from mailstead.ground.formats.dkim.record import KeyType
from mailstead.ground.formats.dkim.signature import Draft, complete

# the 1024 bits of RFC 8463 appendix A.1: quick to make signatures with
RSA_PEM = b"""-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi
Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqM
KrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB
AoGAH0cxOhFZDgzXWhDhnAJDw5s4roOXN4OhjiXa8W7Y3rhX3FJqmJSPuC8N9vQm
6SVbaLAE4SG5mLMueHlh4KXffEpuLEiNp9Ss3O4YfLiQpbRqE7Tm5SxKjvvQoZZe
zHorimOaChRL2it47iuWxzxSiRMv4c+j70GiWdxXnxe4UoECQQDzJB/0U58W7RZy
6enGVj2kWF732CoWFZWzi1FicudrBFoy63QwcowpoCazKtvZGMNlPWnC7x/6o8Gc
uSe0ga2xAkEA8C7PipPm1/1fTRQvj1o/dDmZp243044ZNyxjg+/OPN0oWCbXIGxy
WvmZbXriOWoSALJTjExEgraHEgnXssuk7QJBALl5ICsYMu6hMxO73gnfNayNgPxd
WFV6Z7ULnKyV7HSVYF0hgYOHjeYe9gaMtiJYoo0zGN+L3AAtNP9huqkWlzECQE1a
licIeVlo1e+qJ6Mgqr0Q7Aa7falZ448ccbSFYEPD6oFxiOl9Y9se9iYHZKKfIcst
o7DUw1/hz2Ck4N5JrgUCQQCyKveNvjzkkd8HjYs0SwM0fPjK16//5qDZ2UiDGnOe
uEzxBDAr518Z8VFbR41in3W4Y3yCDgQlLlcETrS+zYcL
-----END RSA PRIVATE KEY-----
"""
# RFC 8032 §7.1, test 1
ED25519_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")


@dataclass(frozen=True)
class TestKey:
    """A private key with its public record."""

    __test__ = False
    type: KeyType
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def record(self) -> bytes:
        public = self.private.public_key()
        if self.type is KeyType.RSA:
            data = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            data = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return b"v=DKIM1; k=" + self.type.value.encode() + b"; p=" + base64.b64encode(data)

    @property
    def pem(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(data, PKCS1v15(), SHA256())
        return self.private.sign(hashlib.sha256(data).digest())


_rsa = load_pem_private_key(RSA_PEM, None)
assert isinstance(_rsa, RSAPrivateKey)
RSA = TestKey(KeyType.RSA, _rsa)
ED25519 = TestKey(KeyType.ED25519, Ed25519PrivateKey.from_private_bytes(ED25519_SEED))


def sign(
    letter: bytes,
    key: TestKey,
    *,
    header_canon: Canon = Canon.RELAXED,
    body_canon: Canon = Canon.RELAXED,
    signed: Sequence[bytes] = (b"*",),
    oversigned: Sequence[bytes] = (b"from", b"subject"),
    identity: str = "",
    length: int | None = None,
    now: int = 1_528_637_909,
    expires_at: int | None = None,
) -> bytes:
    """The letter with a signature of x.test by the selector s; `identity` and `length` as only others write them."""
    head, _, body = letter.partition(b"\r\n\r\n")
    fields = split_fields(head + b"\r\n")
    canonical = bytearray()
    maker = body_of(body_canon, canonical.extend)
    maker.feed(body)
    maker.finish()
    draft = Draft(
        domain="x.test",
        headers=select_names(fields, signed, oversigned),
        body_hash=hashlib.sha256(canonical[:length]).digest(),
        header_canon=header_canon,
        body_canon=body_canon,
        signed_at=now,
        expires_at=expires_at,
    )
    unsigned = draft.render(key.type, "s")
    more = (f" i={identity};" if identity else "") + (f" l={length};" if length is not None else "")
    unsigned = unsigned.replace(b" v=1;", b" v=1;" + more.encode())
    return complete(unsigned, key.sign(draft.to_sign(fields, unsigned))) + letter
