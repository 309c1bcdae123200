"""ARC sets, made with the house's own pieces."""

import hashlib
import re

from mailstead.ground.formats.dkim.canonical import Canon, body_of
from mailstead.ground.formats.dkim.header import Field, split_fields
from mailstead.ground.formats.dkim.record import KeyType
from mailstead.ground.formats.dkim.signature import Draft, complete, signed_bytes
from tests.support.dkim import RSA


def seal(letter: bytes, name: str) -> bytes:
    """One relay more, with the house's own pieces."""
    head, _, body = letter.partition(b"\r\n\r\n")
    fields = split_fields(head + b"\r\n")
    sets = sorted((field for field in fields if field.name.startswith(b"arc-")), key=_place)
    number = len(sets) // 3 + 1
    digest = hashlib.sha256()
    canonical = body_of(Canon.RELAXED, digest.update)
    canonical.feed(body)
    canonical.finish()
    draft = Draft(domain=name, headers=(b"from", b"to", b"subject"), body_hash=digest.digest(), signed_at=1_500_000_000)
    unsigned = draft.render(KeyType.RSA, "s")
    unsigned = unsigned.replace(b"DKIM-Signature: v=1;", b"ARC-Message-Signature: i=%d;" % number)
    message = complete(unsigned, RSA.sign(draft.to_sign(fields, unsigned)))
    results = b"ARC-Authentication-Results: i=%d; %s; arc=pass; spf=pass\r\n" % (number, name.encode())
    verdict = b"pass" if number > 1 else b"none"
    bare = b"ARC-Seal: i=%d; a=rsa-sha256; cv=%s; d=%s; s=s; t=1500000000; b=" % (number, verdict, name.encode())
    sealed = [*(field.raw for field in sets), results, message]
    return complete(bare, RSA.sign(signed_bytes(sealed, bare, Canon.RELAXED))) + message + results + letter


def _place(field: Field) -> tuple[int, int]:
    number = re.search(rb"i=(\d+)", field.raw)
    assert number is not None
    order = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")
    return int(number[1]), order.index(field.name)
