"""Folder names as clients spell them."""

import pytest

from mailstead.ground.wire.imap.syntax import Syntax
from mailstead.ground.wire.imap.utf7 import decode_name, decode_utf7, encode_name, encode_utf7

SPELLINGS = [
    ("INBOX", b"INBOX"),
    ("A&B", b"A&-B"),
    ("Entwürfe", b"Entw&APw-rfe"),
    ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 §5.1.3
    ("☺!", b"&Jjo-!"),
    ("😀", b"&2D3eAA-"),
    ("a\tb", b"a&AAk-b"),
]


@pytest.mark.parametrize(("name", "raw"), SPELLINGS)
def test_spellings(name: str, raw: bytes) -> None:
    assert encode_utf7(name) == raw
    assert decode_utf7(raw) == name
    assert decode_name(raw, utf8=False) == name


@pytest.mark.parametrize(
    "raw",
    [
        b"&", b"a&b", b"&AGE-",  # printable ASCII must not be shifted
        b"&APw", b"&AP-", b"&APx-", b"&2D0-",  # unfinished, cut, loose bits, half a surrogate
        b"&APw-&APw-",  # two shifts where one does
        b"Entw\xc3\xbcrfe", b"a\tb", b"&A=w-",
    ],
)  # fmt: skip
def test_only_one_spelling_is_modified_utf7(raw: bytes) -> None:
    assert decode_utf7(raw) is None


def test_raw_names_of_sloppy_clients_are_taken_as_they_stand() -> None:
    assert decode_name("Entwürfe".encode(), utf8=False) == "Entwürfe"
    assert decode_name(b"Q&A", utf8=False) == "Q&A"


def test_utf8_clients_have_no_shifts() -> None:
    assert decode_name(b"Entw&APw-rfe", utf8=True) == "Entw&APw-rfe"
    assert encode_name("Entwürfe & mehr", utf8=True) == "Entwürfe & mehr".encode()


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"a\0b", b"a\r\nb", b"a\nb"])
def test_no_name_at_all(raw: bytes) -> None:
    with pytest.raises(Syntax):
        decode_name(raw, utf8=False)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"inbox", "INBOX"),
        (b"InBox/x", "INBOX/x"),
        (b"inboxes", "inboxes"),
        (b"a/inbox", "a/inbox"),
        (b"inbox.x", "inbox.x"),
    ],
)
def test_inbox_has_no_case(raw: bytes, name: str) -> None:
    assert decode_name(raw, utf8=False) == name


def test_lone_surrogates_do_not_break_rendering() -> None:
    assert encode_name("a\ud800b", utf8=False) == b"a&,,0-b"
    assert encode_name("a\ud800b", utf8=True) == b"a?b"
