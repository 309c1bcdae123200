"""The vectors of the RFCs, and what is shown to the app."""

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from mailstead.ground.formats.totp import code_at, find_step, otpauth_uri, read_code, show_secret, step_of
from mailstead.ground.model.ids import Instant

SECRET = b"12345678901234567890"
NOW = Instant(1_800_000_000_000)


@pytest.mark.parametrize(
    ("count", "code"),
    list(
        enumerate(["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"])
    ),
)
def test_rfc_4226_appendix_d(count: int, code: str) -> None:
    assert code_at(SECRET, count) == code


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
        (2000000000, "69279037"), (20000000000, "65353130"),
    ],
)  # fmt: skip
def test_rfc_6238_appendix_b(seconds: int, code: str) -> None:
    assert code_at(SECRET, step_of(Instant(seconds * 1000))) == code[-6:], "ours are the last six digits of its eight"


def test_a_clock_may_be_wrong_by_one_step() -> None:
    now = step_of(NOW)
    for drift, found in ((-2, None), (-1, now - 1), (0, now), (1, now + 1), (2, None)):
        assert find_step(SECRET, code_at(SECRET, now + drift), NOW, after=-1) == found


def test_no_step_is_taken_twice_nor_one_before_it() -> None:
    now = step_of(NOW)
    for drift in (-1, 0):
        assert find_step(SECRET, code_at(SECRET, now + drift), NOW, after=now) is None
    assert find_step(SECRET, code_at(SECRET, now + 1), NOW, after=now) == now + 1


@pytest.mark.parametrize(
    ("typed", "code"),
    [("123456", "123456"), ("123 456", "123456"), ("123-456", "123456"), ("12345", ""), ("1234567", ""), ("12345a", ""),
     ("", ""), ("١٢٣٤٥٦", ""), ("123456\n", "")],
)  # fmt: skip
def test_codes_are_six_digits(typed: str, code: str) -> None:
    assert read_code(typed) == code


def test_what_the_app_is_shown() -> None:
    uri = urlsplit(otpauth_uri(SECRET, "ann+x@example.com", "mail example.com"))
    assert (uri.scheme, uri.netloc, unquote(uri.path)) == ("otpauth", "totp", "/mail example.com:ann+x@example.com")
    terms = {name: value for name, (value,) in parse_qs(uri.query).items()}
    assert terms == {
        "secret": show_secret(SECRET), "issuer": "mail example.com", "algorithm": "SHA1", "digits": "6", "period": "30",
    }  # fmt: skip
    assert base64.b32decode(terms["secret"]) == SECRET
