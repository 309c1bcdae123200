"""Letters that are made fit, and those that cannot be."""

import base64
import email
import email.policy

import pytest

from mailstead.ground.formats.fit import fit_of
from mailstead.ground.formats.recode import Unfit
from tests.support.recoding import recode

E_ACUTE = "é".encode()


def crlf(text: bytes) -> bytes:
    return text.replace(b"\n", b"\r\n")


def test_text_becomes_quoted_printable() -> None:
    letter = crlf(
        b"From: a@x.test\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        b"Content-Transfer-Encoding: 8bit\nSubject: hi\n\nCaf\xc3\xa9 = good \n.\nend"
    )
    assert recode(letter) == crlf(
        b"From: a@x.test\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nSubject: hi\n"
        b"Content-Transfer-Encoding: quoted-printable\n\nCaf=C3=A9 =3D good=20\n=2E\nend=\n"
    )


def test_a_letter_that_was_no_mime_becomes_mime() -> None:
    assert recode(b"From: a@x.test\r\n\r\n\xc3\xa9\r\n") == crlf(
        b"From: a@x.test\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        b"Content-Transfer-Encoding: quoted-printable\n\n=C3=A9\n"
    )
    assert b"charset=unknown-8bit\r\n" in recode(b"From: a@x.test\r\n\r\n\xe9\r\n")


def test_so_do_one_with_parts_and_one_within() -> None:
    inner = b"Subject: in\nContent-Type: text/plain; charset=utf-8\n\n\xc3\xa9\n"
    plain = b"--b\nContent-Type: message/rfc822\n\nSubject: in\n\nx\n"
    letter = b"From: a\nContent-Type: multipart/mixed; boundary=b\n\n" + plain
    letter = crlf(letter + b"--b\nContent-Type: message/rfc822\n\n" + inner + b"--b--\n")
    before, plain, after = recode(letter).split(b"--b\r\n")
    assert before.endswith(b"boundary=b\r\nMIME-Version: 1.0\r\n\r\n")
    assert b"MIME-Version" not in plain, "nothing of it changed"
    assert crlf(b"charset=utf-8\nMIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A9\n") in after


def test_others_and_long_lines_become_base64() -> None:
    image = crlf(b"From: a\nMIME-Version: 1.0\nContent-Type: image/png\nContent-Transfer-Encoding: binary\n\n")
    recoded = recode(image + b"\x89PNG\r\n\x00\n", eight_bit=True)
    assert recoded == image.replace(b"binary", b"base64") + base64.b64encode(b"\x89PNG\r\n\x00\n") + b"\r\n"
    long = recode(b"From: a\r\n\r\n" + b"x" * 1000 + b"\r\n", eight_bit=True)
    assert b"Content-Transfer-Encoding: base64\r\n" in long
    assert fit_of(long).suits(eight_bit=False)


MIXED = crlf(
    b"""\
From: a@x.test
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b
Content-Transfer-Encoding: 8bit

pr\xc3\xa9amble
--b

plain
--b
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

Subject: nested
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: 8bit

<p>\xc3\xa9</p>
--b
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

AAAA
--b--
"""
)


def test_parts_and_messages_within() -> None:
    assert recode(MIXED) == crlf(
        b"""\
From: a@x.test
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b
Content-Transfer-Encoding: 7bit

pr??amble
--b

plain
--b
Content-Type: message/rfc822
Content-Transfer-Encoding: 7bit

Subject: nested
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>=C3=A9</p>
--b
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

AAAA
--b--
"""
    )
    assert recode(MIXED, eight_bit=True) == MIXED


SIGNED = crlf(
    b"""\
From: a@x.test
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=o

--o
Content-Type: multipart/signed; boundary=s; protocol="application/pgp-signature"; micalg=pgp-sha256

--s
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

@
--s
Content-Type: application/pgp-signature

sig
--s--
--o
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

\xc3\xa9
--o--
"""
)


def test_what_is_signed_is_not_touched() -> None:
    recoded = recode(SIGNED)
    start, end = SIGNED.index(b"--s"), SIGNED.index(b"--o\r\nContent-Type: text/plain")
    assert SIGNED[start:end] in recoded
    assert recoded.endswith(b"quoted-printable\r\n\r\n=C3=A9\r\n--o--\r\n")
    with pytest.raises(Unfit, match="signed"):
        recode(SIGNED.replace(b"@\r\n", b"\xc3\xa9\r\n"))


HEAD = b"From: a@x.test\r\nMIME-Version: 1.0\r\n"
MULTI = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


@pytest.mark.parametrize(
    ("letter", "why"),
    [
        (HEAD + b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uue\r\n\r\n\xe9", "unknown encoding"),
        (HEAD + b"Content-Type: multipart/mixed\r\n\r\n\xe9", "multipart/mixed may not be encoded"),
        (HEAD + b"Content-Type: message/partial; id=1\r\n\r\n\xe9", "message/partial may not be encoded"),
        (MULTI + b"--b\r\nContent-Type: text/plain; name=\xe9\r\n\r\nx\r\n--b--\r\n", "not ASCII"),
        (b"From: a\0b\r\n\r\nx", "NUL or a CR"),
        (b"From: a\rb\r\n\r\nx", "NUL or a CR"),
        (MULTI + b"x" * 1000 + b"\r\n--b\r\n\r\nx\r\n--b--\r\n", "too long"),
    ],
)
def test_what_cannot_be(letter: bytes, why: str) -> None:
    with pytest.raises(Unfit, match=why):
        recode(letter)


def test_a_global_message_is_encoded_as_a_whole() -> None:
    inner = b"Subject: \xc3\xa9\r\n\r\n\xc3\xa9\r\n"
    letter = (
        MULTI
        + b"--b\r\nContent-Type: message/global\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + inner
        + b"\r\n--b--\r\n"
    )
    encoded = b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(inner) + b"\r\n--b--\r\n"
    assert recode(letter).endswith(encoded)


def test_bare_line_ends() -> None:
    letter = MULTI.replace(b"\r\n", b"\n") + b"--b\n\nx\ny\n--b--\n"
    recoded = recode(letter)
    assert fit_of(recoded).suits(eight_bit=False)
    parsed = email.message_from_bytes(recoded, policy=email.policy.default)
    assert [part.get_payload(decode=True) for part in parsed.iter_parts()] == [b"x\ny"]


def test_long_header_lines_are_folded() -> None:
    letter = b"To: " + b"someone@x.test, " * 200 + b"\r\nX-Odd: " + b"y" * 3000 + b"\r\n\r\nx\r\n"
    recoded = recode(letter, eight_bit=True)
    assert fit_of(recoded).suits(eight_bit=False)
    parsed = email.message_from_bytes(recoded)
    assert parsed["To"].replace("\r\n", "") == "someone@x.test, " * 200
    assert "".join(parsed["X-Odd"].split()) == "y" * 3000


def test_a_wrong_label_is_mended() -> None:
    head = HEAD + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    recoded = recode(head + b"=C3=A9" + b"x" * 1000 + b"\r\n")
    parsed = email.message_from_bytes(recoded)
    assert parsed["Content-Transfer-Encoding"] == "base64"
    assert parsed.get_payload(decode=True) == E_ACUTE + b"x" * 1000 + b"\r\n"
