"""Canonical forms do not depend on chunks; dkimpy takes what we sign, and we take what it signs."""

from typing import Any

import dkim
from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.ground.formats.dkim.canonical import Canon, body_of, canonical_field
from mailstead.ground.formats.dkim.verify import Result
from tests.support.dkim import ED25519, RSA, RSA_PEM, TestKey, sign
from tests.unit.ground.formats.dkim.test_verify import check_all

CANONS = st.sampled_from(Canon)
PIECES = st.sampled_from(
    [b"x", b"a word", b" ", b"\t", b"  ", b"\r\n", b"\r\n\r\n", b"\r", b"\n", b" \r\n", b"\xe9", b"."]
)
ANY_BODY = st.lists(PIECES, max_size=40).map(b"".join)


def as_mail(body: bytes) -> bytes:
    """Lines that end in CRLF, the last one too: dkimpy mends bare line ends before it looks."""
    lines = body.replace(b"\r\n", b"\0").translate(None, b"\r\n").replace(b"\0", b"\r\n")
    return lines if not lines or lines.endswith(b"\r\n") else lines + b"\r\n"


MAIL_BODY = ANY_BODY.map(as_mail)
VALUES = st.lists(
    st.sampled_from([b"x", b"some words", b" ", b"\t", b"\r\n ", b"\r\n\t", b";", b":", b"b=", b"\xc3\xa9"])
)
NAMES = st.sampled_from([b"Subject", b"To", b"X-Odd", b"CC", b"Received", b"dKIM", b"List-Id"])
FIELDS = st.lists(st.builds(lambda name, parts: name + b": y" + b"".join(parts) + b"z\r\n", NAMES, VALUES), max_size=8)
HEADERS = FIELDS.map(lambda fields: b"From: a@x.test\r\n" + b"".join(fields))


@given(ANY_BODY, CANONS, st.data())
def test_chunks_make_no_difference(body: bytes, canon: Canon, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)))))
    whole, cut = bytearray(), bytearray()
    one, many = body_of(canon, whole.extend), body_of(canon, cut.extend)
    one.feed(body)
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        many.feed(body[start:end])
    one.finish()
    many.finish()
    assert whole == cut


@given(ANY_BODY, CANONS)
def test_a_canonical_form_is_its_own(body: bytes, canon: Canon) -> None:
    first, second = bytearray(), bytearray()
    for source, out in ((body, first), (first, second)):
        made = body_of(canon, out.extend)
        made.feed(bytes(source))
        made.finish()
    assert first == second


@given(NAMES, VALUES)
def test_a_canonical_field_is_its_own(name: bytes, parts: list[bytes]) -> None:
    once = canonical_field(name + b":" + b"".join(parts) + b"\r\n", Canon.RELAXED)
    assert canonical_field(once, Canon.RELAXED) == once


@settings(max_examples=300)
@given(HEADERS, MAIL_BODY, CANONS, CANONS)
def test_dkimpy_takes_ours(header: bytes, body: bytes, header_canon: Canon, body_canon: Canon) -> None:
    signed = sign(header + b"\r\n" + body, RSA, header_canon=header_canon, body_canon=body_canon)

    def answer(*_: Any, **__: Any) -> bytes:
        return RSA.record

    assert dkim.verify(signed, dnsfunc=answer)


@settings(max_examples=100, deadline=None)
@given(HEADERS, MAIL_BODY, CANONS, CANONS)
def test_we_take_that_of_dkimpy(header: bytes, body: bytes, header_canon: Canon, body_canon: Canon) -> None:
    letter = header + b"\r\n" + body
    canonicalize = (header_canon.value.encode(), body_canon.value.encode())
    field = dkim.sign(letter, b"s", b"x.test", RSA_PEM, canonicalize=canonicalize)
    checks = check_all(field + letter, {"s._domainkey.x.test": RSA.record}, now=4_000_000_000)
    assert [check.result for check in checks] == [Result.PASS], checks


@settings(max_examples=200)
@given(HEADERS, ANY_BODY, st.sampled_from([RSA, ED25519]), CANONS, CANONS, st.data())
def test_what_was_signed_cannot_be_changed(
    header: bytes, body: bytes, key: TestKey, header_canon: Canon, body_canon: Canon, data: st.DataObject
) -> None:
    """A letter added to any signed field or to the body is seen."""
    signed = sign(header + b"\r\n" + body, key, header_canon=header_canon, body_canon=body_canon)
    keys = {"s._domainkey.x.test": key.record}
    assert check_all(signed, keys)[0].result is Result.PASS
    start = signed.index(b"From: a@x.test")
    at = data.draw(st.sampled_from([start + len("From: a"), len(signed)]))
    assert check_all(signed[:at] + b"q" + signed[at:], keys)[0].result is Result.FAIL


TAGS = st.sampled_from(
    [b"v=1", b"a=rsa-sha256", b"a=ed25519-sha256", b"d=x.test", b"s=s", b"h=from", b"h=:", b"bh=QUJD", b"b=QUJD", b"b=",
     b"l=1", b"t=1", b"x=2", b"c=relaxed", b"c=/", b"i=@x.test", b"q=", b"=", b"", b"\xff", b"z"]
)  # fmt: skip
CLAIMS = st.lists(TAGS, max_size=12).map(b"; ".join) | st.binary(max_size=200)


@given(CLAIMS, st.binary(max_size=100), st.sampled_from([RSA.record, ED25519.record, b"p=QUJD", b"k=ed25519; p=QUJD"]))
def test_nonsense_never_passes(claim: bytes, body: bytes, record: bytes) -> None:
    """Whatever a stranger writes, judging answers, and without the key it is no pass."""
    letter = b"From: a@x.test\r\nDKIM-Signature: " + claim.replace(b"\n", b"") + b"\r\n\r\n" + body
    checks = check_all(letter, {"s._domainkey.x.test": record})
    assert all(check.result is not Result.PASS and check.why for check in checks)
    assert len(checks) == 1
