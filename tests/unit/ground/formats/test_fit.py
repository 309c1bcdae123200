"""What the octets of a letter ask of their way."""

import pytest

from mailstead.ground.formats.fit import Fit, fit_of

PLAIN = {
    "has_8bit": False, "has_nul": False, "has_bare_ends": False, "is_utf8": True, "has_8bit_header": False,
    "has_utf8_header": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("letter", "longest", "found"),
    [
        (b"", 0, {}),
        (b"A: b\r\n\r\nHello\r\n", 5, {}),
        (b"A: b\r\n\r\n\xe9", 4, {"has_8bit": True, "is_utf8": False}),
        (
            b"A: \xc3\xa9\r\n\r\n\xe9",
            5,
            {"has_8bit": True, "has_8bit_header": True, "has_utf8_header": True, "is_utf8": False},
        ),
        (b"A: \xe9\r\n\r\n\xc3\xa9", 4, {"has_8bit": True, "has_8bit_header": True, "is_utf8": False}),
        (b"A: \xc3", 4, {"has_8bit": True, "has_8bit_header": True, "is_utf8": False}),
        (b"A: b\n\n\xc3\xa9", 8, {"has_8bit": True, "has_bare_ends": True}),
        (b"\r\n\xc3\xa9", 2, {"has_8bit": True}),
        (b"\n\xc3\xa9", 3, {"has_8bit": True, "has_bare_ends": True}),
        (b"\xc3\xa9: x", 5, {"has_8bit": True, "has_8bit_header": True, "has_utf8_header": True}),
        (b"A: b\r\n\r\n\0", 4, {"has_nul": True}),
        (b"A: b\r\n\r\nx\r", 4, {"has_bare_ends": True}),
        (b"A: b\r\n\r\nx\ry\r\n", 4, {"has_bare_ends": True}),
        (b"A: b\r\n\r\n\xc3", 4, {"has_8bit": True, "is_utf8": False}),
    ],
)
def test_what_is_found(letter: bytes, longest: int, found: dict[str, bool]) -> None:
    fit = fit_of(letter)
    assert fit == Fit(size=len(letter), longest_line=fit.longest_line, **{**PLAIN, **found})
    if not fit.has_bare_ends:
        assert fit.longest_line == longest


def test_who_may_have_it() -> None:
    def suits(letter: bytes) -> tuple[bool, bool]:
        fit = fit_of(letter)
        return fit.suits(eight_bit=False), fit.suits(eight_bit=True)

    assert suits(b"x" * 998 + b"\r\n") == (True, True)
    assert suits(b"x" * 999 + b"\r\n") == (False, False)
    assert suits(b"\xc3\xa9\r\n") == (False, True)
    assert suits(b"\0\r\n") == (False, False)
    assert suits(b"x\n") == (False, False)
