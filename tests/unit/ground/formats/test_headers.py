"""Fields, folding and encoded words."""

import pytest

from mailstead.ground.formats.headers import decode_field, each_field, find_field, unfold

HEADER = b"From: a\r\nsubject : one\r\n two\r\nno field\r\nX:\r\n\r\n"


def test_fields_in_order() -> None:
    assert list(each_field(HEADER))[:4] == [
        (b"From", b" a\r"),
        (b"subject", b" one\r\n two\r"),
        (b"", b"no field\r"),
        (b"X", b"\r"),
    ]


def test_a_large_header_is_read_the_same_way() -> None:
    padding = b"Pad: x\r\n" * 10_000
    assert list(each_field(padding + HEADER))[10_000:10_003] == list(each_field(HEADER))[:3]


def test_find_and_unfold() -> None:
    assert find_field(HEADER, b"subject") == b"one two"
    assert find_field(HEADER, b"to") is None
    assert unfold(b" a\r\n\tb\x00\r") == b"a\tb"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"=?ISO-8859-1?Q?a?=", "a"),
        (b"=?ISO-8859-1?Q?a?= b", "a b"),
        (b"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),  # RFC 2047 §8
        (b"=?ISO-8859-1?Q?a?=\t =?ISO-8859-2?Q?_b?=", "a b"),
        (b"(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        (b"=?utf-8?B?w7w=?=", "ü"),
        (b"=?utf-8?b?w7w?=", "ü"),  # without padding
        (b"=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "ü"),  # cut inside a character
        (b"=?utf-8*de?Q?=C3=BC?=", "ü"),  # RFC 2231 §5
        (b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?gb2312?B?1tDOxA==?=", "中文"),
        (b"=?ks_c_5601-1987?B?x9GxuQ==?=", "한국"),
        (b"=?utf-8?Q?a b?=", "a b"),
        (b"=?no-such?Q?a=FC?=", "aü"),
        (b"=?utf-8?X?a?=", "=?utf-8?X?a?="),
        (b"=?utf-8?Q?half", "=?utf-8?Q?half"),
        (b"=?utf-8?Q?=ZZ?=", "=ZZ"),
        ("grüß".encode(), "grüß"),
        ("grüß".encode("latin-1"), "grüß"),
        ("grüß =?utf-8?Q?=C3=BC?=".encode("latin-1"), "grüß ü"),
    ],
)
def test_text_of_a_field(value: bytes, text: str) -> None:
    assert decode_field(value) == text
