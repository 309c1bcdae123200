"""PLAIN, LOGIN, EXTERNAL, OAUTHBEARER, XOAUTH2: the examples of their texts, and what is none."""

import pytest

from mailstead.ground.wire.sasl.bearer import OauthBearer, Xoauth2
from mailstead.ground.wire.sasl.plain import External, Login, Plain
from mailstead.ground.wire.sasl.prep import saslprep
from mailstead.ground.wire.sasl.step import CertificateClaim, Challenge, Malformed, PasswordClaim, TokenClaim


def test_plain_as_in_rfc_4616() -> None:
    assert Plain().start(None) == Challenge(b"")
    assert Plain().start(b"\0tim\0tanstaaftanstaaf") == PasswordClaim("", "tim", "tanstaaftanstaaf")
    assert Plain().start(b"Ursel\0Kurt\0xipj3plmq") == PasswordClaim("Ursel", "Kurt", "xipj3plmq")
    assert Plain().take("\0ä\0ö".encode()) == PasswordClaim("", "ä", "ö")
    assert "xipj" not in repr(Plain().start(b"\0Kurt\0xipj3plmq"))


@pytest.mark.parametrize(
    "message", [b"", b"a", b"\0a", b"\0a\0b\0", b"\0\0b", b"\0a\0", b"\0\xff\0b", b"\0a\0" + b"b" * 13000]
)
def test_what_is_no_plain(message: bytes) -> None:
    with pytest.raises(Malformed):
        Plain().start(message)


def test_login_asks_for_both() -> None:
    core = Login()
    assert core.start(None) == Challenge(b"Username:")
    assert core.take(b"tim") == Challenge(b"Password:")
    assert core.take(b"pw") == PasswordClaim("", "tim", "pw")
    quick = Login()
    assert quick.start(b"tim") == Challenge(b"Password:")
    for bad in (b"", b"a\0b", b"\xff"):
        with pytest.raises(Malformed):
            Login().start(bad)


def test_external() -> None:
    assert External().start(None) == Challenge(b"")
    assert External().start(b"") == CertificateClaim("")
    assert External().take(b"fred@example.com") == CertificateClaim("fred@example.com")
    with pytest.raises(Malformed):
        External().start(b"a\0b")


def test_oauthbearer_as_in_rfc_7628() -> None:
    """§4.1."""
    message = (
        b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01"
        b"auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"
    )
    token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
    assert OauthBearer().start(message) == TokenClaim("user@example.com", token)
    assert OauthBearer().start(b"n,,\x01auth=Bearer a\x01\x01") == TokenClaim("", "a")
    assert OauthBearer().start(b"y,,\x01auth=bearer  a\x01\x01") == TokenClaim("", "a")
    assert "vF9" not in repr(OauthBearer().start(message))


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"n,,",
        b"n,,\x01",
        b"n,,\x01\x01",
        b"n,,\x01auth=Basic a\x01\x01",
        b"n,,\x01auth=Bearer\x01\x01",
        b"n,,\x01auth=Bearer a b\x01\x01",
        b"n,,\x01auth=Bearer a\x01",
        b"n,,\x01auth=Bearer a\x01auth=Bearer b\x01\x01",
        b"n,,\x01host\x01auth=Bearer a\x01\x01",
        b"p=tls-server-end-point,,\x01auth=Bearer a\x01\x01",
        b"auth=Bearer a\x01\x01",
        b"n,,\x01auth=Bearer a\0\x01\x01",
        b"n,,\x01auth=Bearer " + b"a" * 13000 + b"\x01\x01",
    ],
)
def test_what_is_no_oauthbearer(message: bytes) -> None:
    with pytest.raises(Malformed):
        OauthBearer().start(message)


def test_xoauth2() -> None:
    message = b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01"
    expected = TokenClaim("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg")
    assert Xoauth2().start(message) == expected
    for bad in (b"auth=Bearer a\x01\x01", b"user=\x01auth=Bearer a\x01\x01", b"user=a\x01\x01", b"\x01\x01", b""):
        with pytest.raises(Malformed):
            Xoauth2().start(bad)


def test_saslprep_as_in_rfc_4013() -> None:
    """§3."""
    assert saslprep("I\u00adX") == "IX"
    assert saslprep("user") == "user"
    assert saslprep("USER") == "USER"
    assert saslprep("\u00aa") == "a"
    assert saslprep("\u2168") == "IX"
    for prohibited in ("\u0007", "\u0627\u0031", "\U0001f600"):
        assert saslprep(prohibited) == prohibited
