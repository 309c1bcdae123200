"""Which fields are signed, and which ones a verifier takes."""

from mailstead.ground.formats.dkim.header import NAMES_MAX, Picker, select_names, split_fields
from mailstead.ground.formats.dkim.record import KeyType
from mailstead.ground.formats.dkim.signature import LINE, Draft, complete, read_signature

BLOCK = b"Received: one\r\nTo: a\r\nFrom: b\r\nnonsense\r\nTo: c\r\n d\r\nX-Odd : e\r\n\r\n"


def test_fields_with_their_bytes() -> None:
    assert [(field.name, field.raw) for field in split_fields(BLOCK)] == [
        (b"received", b"Received: one\r\n"),
        (b"to", b"To: a\r\n"),
        (b"from", b"From: b\r\n"),
        (b"to", b"To: c\r\n d\r\n"),
        (b"x-odd", b"X-Odd : e\r\n"),
    ]
    assert split_fields(b"A: cut")[0].raw == b"A: cut\r\n"
    assert split_fields(b"") == []


def test_picked_from_the_bottom() -> None:
    picked = Picker(split_fields(BLOCK)).pick([b"To", b"cc", b"to", b"to", b"from"])
    assert picked == [b"To: c\r\n d\r\n", b"To: a\r\n", b"From: b\r\n"]


def test_names() -> None:
    fields = split_fields(BLOCK)
    assert select_names(fields, (), ()) == (b"from",)
    assert select_names(fields, (b"to", b"cc"), (b"cc",)) == (b"from", b"to", b"to", b"cc")
    assert select_names(fields, (b"*",), (b"from",)) == (b"from", b"from", b"to", b"to", b"x-odd")
    assert select_names(fields, (b"from", b"received"), ()) == (b"from", b"received")
    flood = split_fields(b"To: a\r\n" * (NAMES_MAX + 10))
    assert len(select_names(flood, (b"to",), (b"to",))) == NAMES_MAX


def test_a_field_is_folded_and_read_back() -> None:
    names = tuple(f"x-some-name-{number}".encode() for number in range(20))
    draft = Draft(
        domain="x.test",
        headers=(b"from", *names),
        body_hash=b"h" * 32,
        signed_at=1_800_000_000,
        expires_at=1_900_000_000,
    )
    field = complete(draft.render(KeyType.RSA, "sel"), b"s" * 256)
    assert max(map(len, field.split(b"\r\n"))) <= LINE
    assert field.endswith(b"\r\n")
    read = read_signature(field)
    assert (read.algorithm, read.domain, read.selector) == ("rsa-sha256", "x.test", "sel")
    assert (read.headers, read.body_hash, read.signature) == ((b"from", *names), b"h" * 32, b"s" * 256)
    assert (read.signed_at, read.expires_at, read.length) == (1_800_000_000, 1_900_000_000, None)
