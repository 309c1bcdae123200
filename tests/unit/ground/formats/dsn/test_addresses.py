"""ORCPT, xtext and the UTF-8 address type."""

import pytest

from mailstead.ground.formats.dsn.addresses import (
    decode_unitext,
    decode_xtext,
    encode_unitext,
    encode_xtext,
    read_orcpt,
    write_orcpt,
)  # fmt: skip
from mailstead.ground.formats.dsn.report import Typed


@pytest.mark.parametrize(
    ("orcpt", "typed"),
    [
        ("rfc822;bob+2Btag@example.org", Typed("rfc822", "bob+tag@example.org")),
        ("RFC822;bob@example.org", Typed("rfc822", "bob@example.org")),
        (r"utf-8;bj\x{F6}rn@example.org", Typed("utf-8", "björn@example.org")),
        ("utf-8;björn@example.org", Typed("utf-8", "björn@example.org")),
        ("x400;/a+3Db/", Typed("x400", "/a=b/")),
        ("rfc822;a+0D+0AX-Evil:+201", Typed("rfc822", "a X-Evil: 1")),
        ("rfc822;a+FFb", Typed("rfc822", "a?b")),
        (r"utf-8;a\x{D800}\x{110000}", Typed("utf-8", r"a\x{D800}\x{110000}")),
        ("nothing", None),
    ],
)  # fmt: skip
def test_orcpt(orcpt: str, typed: Typed | None) -> None:
    assert read_orcpt(orcpt) == typed


def test_codes() -> None:
    """RFC 3461 §4, RFC 6533 §3."""
    assert encode_xtext("a+b=c d") == "a+2Bb+3Dc+20d"
    assert decode_xtext("a+2Bb+3Dc+20d+zz") == "a+b=c d+zz"
    assert encode_unitext("é+\\") == r"\x{E9}\x{2B}\x{5C}"
    assert decode_unitext(r"\x{E9}\x{2B}\x{5C}") == "é+\\"


@pytest.mark.parametrize("address", ["bob+tag@example.org", "björn@example.org", '"a b"@example.org'])
def test_what_is_written_can_be_read(address: str) -> None:
    orcpt = write_orcpt(address)
    typed = read_orcpt(orcpt)
    assert orcpt.isascii()
    assert typed is not None
    assert typed.text == address
