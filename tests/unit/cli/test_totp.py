"""The picture that a phone looks at."""

from mailstead.cli.totp import _picture
from mailstead.ground.formats.totp import otpauth_uri


def test_the_picture_fits_a_terminal() -> None:
    lines = _picture(otpauth_uri(bytes(20), "ada.lovelace@mail.example.com", "mail.example.com")).splitlines()
    drawn = [line for line in lines if any(block in line for block in "█▀▄")]
    assert 20 < len(drawn) < 40
    assert max(map(len, drawn)) < 80
