"""As much DER (X.690) as it takes to cut the public key out of a certificate, octet for octet."""

from typing import Final

SEQUENCE: Final = 0x30
VERSION: Final = 0xA0  # [0] EXPLICIT, absent from certificates of version 1
_BEFORE_KEY: Final = 5  # serial number, signature, issuer, validity, subject


class BadDer(Exception):  # noqa: N818
    """These octets are no certificate."""


def public_key_of(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo (RFC 5280 §4.1) as it stands: writing it anew could change it, and its digest."""
    _, start, _ = _open(certificate, 0, SEQUENCE)
    _, at, _ = _open(certificate, start, SEQUENCE)
    if certificate[at : at + 1] == bytes([VERSION]):
        at = _open(certificate, at)[2]
    for _ in range(_BEFORE_KEY):
        at = _open(certificate, at)[2]
    begin, _, end = _open(certificate, at, SEQUENCE)
    return certificate[begin:end]


def _open(data: bytes, at: int, tag: int | None = None) -> tuple[int, int, int]:
    """Where an element begins, where its content does, where it ends."""
    header = data[at : at + 6]
    if len(header) < 2 or (tag is not None and header[0] != tag):
        raise BadDer("an element is missing")
    size, content = header[1], at + 2
    if size >= 0x80:  # the long form: the number of octets that hold the length
        count = size - 0x80
        if not 1 <= count <= 4 or len(header) < 2 + count:
            raise BadDer("a length is not to be read")
        size, content = int.from_bytes(header[2 : 2 + count]), content + count
    if content + size > len(data):
        raise BadDer("an element ends beyond the data")
    return at, content, content + size
