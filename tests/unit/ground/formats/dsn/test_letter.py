"""The notice as a letter, read by the standard library."""

import base64
import quopri

import pytest

from mailstead.ground.formats.dsn.letter import BODY_MAX, HEADER_MAX, Original, cut_header, encode_words
from mailstead.ground.formats.dsn.report import Action
from mailstead.ground.formats.dsn.text import Language
from tests.support.notices import AT, HEADER, entry, parts, raw, read, report, write

BOB = entry("bob@example.org", "5.1.1", "550 5.1.1 <bob@example.org>: no such user")


def bodies(data: bytes) -> list[tuple[bytes, bytes]]:
    """Header and body of each part, as they stand."""
    boundary = b"--" + data.split(b'boundary="')[1].split(b'"')[0]
    pieces = [piece.removesuffix(b"\r\n") for piece in data.split(boundary)[1:-1]]
    return [(head, body) for head, _, body in (piece.removeprefix(b"\r\n").partition(b"\r\n\r\n") for piece in pieces)]


def test_golden() -> None:
    letter = write(report(BOB, envelope_id="abc"), subject="Hi", original_id="1@a.example")
    assert not letter.smtputf8
    assert not letter.eight_bit
    message = read(letter.data)
    assert message["From"] == "Mail delivery <postmaster@example.net>"
    assert message["To"] == "ann@example.net"
    assert message["Subject"] == letter.subject == "Not delivered: Hi"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["In-Reply-To"] == message["References"] == "<1@a.example>"
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    text, status, returned = parts(letter.data)
    assert text["Content-Language"] == "en"
    assert "There is no such mailbox." in text.get_content()
    assert "mx1.example.org said:\r\n    > 550 5.1.1 <bob@example.org>: no such user" in text.get_content()
    groups = status.get_payload()
    assert [dict(group.items()) for group in groups] == [
        {
            "Original-Envelope-Id": "abc",
            "Reporting-MTA": "dns; mail.example.net",
            "Arrival-Date": "Fri, 20 Nov 2026 10:00:00 +0000",
        },
        {
            "Final-Recipient": "rfc822; bob@example.org",
            "Action": "failed",
            "Status": "5.1.1",
            "Remote-MTA": "dns; mx1.example.org",
            "Diagnostic-Code": "smtp; 550 5.1.1 <bob@example.org>: no such user",
        },
    ]
    assert returned.get_content_type() == "message/rfc822"
    assert bodies(letter.data)[2][1] == HEADER + b"Hello\r\n"


@pytest.mark.parametrize(
    ("language", "subject", "sentence"),
    [
        (Language.ENGLISH, "Not delivered: Été", "There is no such mailbox."),
        (Language.FRENCH, "Non distribué: Été", "Cette boîte aux lettres n’existe pas."),
        (Language.GERMAN, "Nicht zugestellt: Été", "Dieses Postfach gibt es nicht."),
    ],
)
def test_each_language_over_seven_bits(language: Language, subject: str, sentence: str) -> None:
    letter = write(report(BOB), subject="Été", language=language)
    assert letter.data.isascii()
    assert read(letter.data)["Subject"] == subject
    text = parts(letter.data)[0]
    assert text["Content-Language"] == language.value
    assert sentence in text.get_content()


def test_a_letter_beyond_ascii_goes_back_encoded_to_a_plain_sender() -> None:
    """RFC 6533 §4.5: nobody knows whether the way back takes SMTPUTF8."""
    header = "Subject: Grüße\r\n\r\n".encode()
    letter = write(report(entry("björn@example.org", "5.6.7")), needed_utf8=True, original=Original(header, b"Hi\r\n"))
    assert letter.data.isascii()
    assert not letter.smtputf8
    (_, _), (status_head, status), (returned_head, returned) = bodies(letter.data)
    assert status_head.startswith(b"Content-Type: message/global-delivery-status\r\n")
    assert "Final-Recipient: utf-8; björn@example.org".encode() in quopri.decodestring(status)
    assert returned_head.startswith(b"Content-Type: message/global\r\n")
    assert base64.b64decode(returned) == header + b"Hi\r\n"


def test_a_letter_beyond_ascii_goes_back_as_it_is_to_a_sender_beyond_ascii() -> None:
    header = "Subject: Grüße\r\n\r\n".encode()
    letter = write(
        report(entry("björn@example.org", "5.6.7")), sender="änn@example.net", needed_utf8=True, subject="Grüße",
        original=Original(header, b"Hi\r\n"),
    )  # fmt: skip
    assert letter.smtputf8
    assert letter.eight_bit
    assert "To: <änn@example.net>\r\nSubject: Not delivered: Grüße\r\n".encode() in letter.data
    assert bodies(letter.data)[2][1] == header + b"Hi\r\n"
    assert read(letter.data)["Content-Transfer-Encoding"] == "8bit"


def test_an_eight_bit_body_goes_back_as_it_is() -> None:
    """RFC 2046 §5.2.1: a message/rfc822 may not be encoded."""
    letter = write(report(BOB), original=Original(HEADER, "Grüße\r\n".encode()))
    assert letter.eight_bit
    assert not letter.smtputf8
    assert bodies(letter.data)[2][1] == HEADER + "Grüße\r\n".encode()


@pytest.mark.parametrize(
    "body",
    [None, b"x" * 70 + b"\r\n" * BODY_MAX, b"y" * 999 + b"\r\n", b"bare\rcr\r\n", b"bare\nlf", b"nul\0\r\n"],
    ids=["not asked", "large", "long line", "cr", "lf", "nul"],
)
def test_only_the_header_of_what_is_too_large_or_cannot_travel(body: bytes | None) -> None:
    letter = write(report(BOB), original=Original(HEADER, body))
    text, _, returned = parts(letter.data)
    assert returned.get_content_type() == "text/rfc822-headers"
    assert raw(returned) == HEADER
    assert "the header of your letter" in text.get_content()


def test_a_header_of_raw_octets_is_encoded() -> None:
    header = b"Subject: caf\xe9\r\nX: a\nb\r\n\r\n"
    letter = write(report(BOB), original=Original(header))
    assert letter.data.isascii()
    assert base64.b64decode(bodies(letter.data)[2][1]) == header


def test_nothing_of_the_original_is_left() -> None:
    letter = write(report(BOB), original=Original(b""))
    assert [part.get_content_type() for part in parts(letter.data)] == ["text/plain", "message/delivery-status"]
    assert "Attached is a report" in parts(letter.data)[0].get_content()


def test_a_long_header_is_cut_between_fields() -> None:
    header = b"A: 1\r\n" + b"".join(b"X-%d: %s\r\n y\r\n" % (n, b"x" * 50) for n in range(2000)) + b"\r\n"
    cut = cut_header(header)
    assert HEADER_MAX - 100 < len(cut) <= HEADER_MAX
    assert header[len(cut) : len(cut) + 2] == b"X-"
    assert cut_header(b"X: " + b"x" * HEADER_MAX + b"\r\n") == b""
    assert cut_header(HEADER) == HEADER


def test_no_line_is_too_long_and_nothing_is_smuggled() -> None:
    evil = entry("bob@example.org", "5.1.1\r\nX-Evil: 1", "550 no\r\n\r\nX-Evil: 1\0\u202e" + "é" * 3000)
    letter = write(report(evil, envelope_id="a\r\nX-Evil: 1"), subject="x\r\nX-Evil: 1\r\n\r\n" + "y" * 3000)
    lines = letter.data.split(b"\r\n")
    assert all(len(line) <= 998 for line in lines)
    assert not any(b"\n" in line or b"\r" in line or line.lower().startswith(b"x-evil") for line in lines)
    assert "\u202e" not in parts(letter.data)[0].get_content()
    assert parts(letter.data)[1].get_payload()[1]["Status"] == "5.0.0"


def test_many_recipients_stay_bounded() -> None:
    many = [entry(f"user{n}@example.org", "5.1.1", "550 5.1.1 " + "z " * 450) for n in range(1000)]
    letter = write(report(*many))
    assert len(letter.data) < 1 << 20
    assert "and 950 more" in parts(letter.data)[0].get_content()
    assert len(parts(letter.data)[1].get_payload()) == 1001


def test_the_boundary_stands_in_no_part() -> None:
    letter = write(report(BOB), original=Original(HEADER, b"--=77noticemailexamplenet_0--\r\n"))
    assert len(parts(letter.data)) == 3


def test_a_bad_message_id_is_no_reference() -> None:
    assert read(write(report(BOB), original_id="a b>\r\nX: y").data)["References"] is None


@pytest.mark.parametrize("text", ["plain", "Été", "日本語" * 30, "=?utf-8?q?x?=", "z" * 2000, "a é " * 40])
def test_encoded_words(text: str) -> None:
    encoded = encode_words(text)
    assert all(len(line) <= 76 or line == text for line in encoded.split("\r\n "))
    assert read(f"Subject: {encoded}\r\n\r\n".encode())["Subject"] == text


def test_a_warning() -> None:
    late = entry("bob@example.org", "4.4.1", "no answer", action=Action.DELAYED, will_retry_until=AT)
    letter = write(report(late), original=Original(HEADER))
    text = parts(letter.data)[0].get_content()
    assert letter.subject == "Delayed"
    assert "We go on trying until 2026-11-20 10:00 UTC." in text
    assert "have given up" not in text
