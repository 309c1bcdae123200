"""Whatever the bytes and however they are cut: one answer, and pieces that fit the whole."""

import base64
import quopri
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailstead.ground.formats import addresslist
from mailstead.ground.formats.addresslist import parse_mailboxes
from mailstead.ground.formats.charset import decode_charset
from mailstead.ground.formats.date import parse_date, parse_internaldate, render_date, render_internaldate
from mailstead.ground.formats.encoding import decode_base64, decode_quoted_printable, find_decoder
from mailstead.ground.formats.fields import select_fields
from mailstead.ground.formats.headers import decode_field, each_field
from mailstead.ground.formats.html import html_to_text
from mailstead.ground.formats.part import Part
from mailstead.ground.formats.subject import base_subject
from mailstead.ground.formats.summary import Summarizer, summarize
from mailstead.ground.model.ids import Instant

# Made of what the parser looks for, so that most examples mean something.
TOKENS = st.sampled_from([
    b"\r\n", b"\n", b"\r", b"--", b"--b", b"--b--", b"--c", b"--c--", b" ", b"\t", b"x", b"(", b")", b'"',
    b"\\", b";", b"=",
    b"<", b">", b",", b":", b"@", b"\0", b"\xff", b"\r\n\r\n", b"\r\n--b\r\n", b"\r\n--c\r\n",
    b"\r\n--b--\r\n", b"=?utf-8?q?=C3=BC?=",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: multipart/digest; boundary=c\r\n",
    b"Content-Type: message/rfc822\r\n", b"Content-Type: text/html\r\n", b"Content-Transfer-Encoding: base64\r\n",
    b"From: a <a@b>, c@d\r\n", b"Subject: Re: x\r\n", b"To: g: a@b;\r\n", b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n",
])  # fmt: skip
LETTERS = st.lists(TOKENS, max_size=60).map(b"".join)


def cut(data: st.DataObject, whole: bytes) -> list[bytes]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    return [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]


def walk(part: Part) -> list[Part]:
    return [part, *(inner for child in part.children for inner in walk(child))]


@given(LETTERS, st.data())
@settings(max_examples=600, deadline=None)
def test_the_summary_does_not_depend_on_chunking(letter: bytes, data: st.DataObject) -> None:
    summarizer = Summarizer()
    for chunk in cut(data, letter):
        summarizer.feed(chunk)
    assert summarizer.close() == summarize(letter)


@given(LETTERS)
@settings(max_examples=400, deadline=None)
def test_parts_fit_into_each_other(letter: bytes) -> None:
    summary = summarize(letter)
    for part in walk(summary.root):
        body = letter[part.body_offset : part.body_offset + part.body_size]
        assert part.body_offset == part.header_offset + part.header_size
        assert len(body) == part.body_size == part.size
        assert part.lines == body.count(b"\n")
        assert bool(part.children) == (part.is_multipart or part.is_message)
        assert (part.media in (b"message/rfc822", b"message/global")) == part.is_message
        assert (part.type.lower() == b"multipart") == part.is_multipart
        begin, end = part.body_offset, part.body_offset + part.body_size
        for child in part.children:
            assert begin <= child.header_offset
            begin = child.body_offset + child.body_size
            assert begin <= end
    paths = [part.path for part in walk(summary.root) if not part.is_multipart]
    assert len(paths) == len(set(paths))
    for text in (summary.preview, summary.subject_base, summary.message_id):
        text.encode()


@given(LETTERS)
def test_selected_and_excluded_fields_are_all_fields(letter: bytes) -> None:
    header = summarize(letter).header
    names = frozenset({b"subject", b"to"})
    picked = select_fields(header, b"", names, exclude=False)
    rest = select_fields(header, b"", names, exclude=True)
    fields = [name.lower() for name, _ in each_field(header) if name]
    assert [name.lower() for name, _ in each_field(picked) if name] == [name for name in fields if name in names]
    assert [name.lower() for name, _ in each_field(rest) if name] == [name for name in fields if name not in names]


@given(
    st.lists(
        st.sampled_from(
            [b"a", b"a@b", b"<", b">", b'"x"', b'"', b",", b" ", b":", b";", b"(c)", b"@", b".", b"\\", b"[", b"A B "]
        ),
        max_size=30,
    ).map(b"".join)
)
@settings(max_examples=500)
def test_the_quick_way_reads_as_the_slow_one(value: bytes) -> None:
    slow = tuple(addresslist._Reader(value, 0, 1000).read())
    assert parse_mailboxes(value, 1000) == slow


@given(st.binary(max_size=300))
def test_field_readers_never_fail(value: bytes) -> None:
    parse_mailboxes(value)
    parse_date(value)
    parse_internaldate(value)
    decode_field(value).encode()
    base_subject(value).encode()


@given(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"utf-8",
            b"utf-7",
            b"utf-16",
            b"iso-2022-jp",
            b"gb18030",
            b"hz",
            b"euc-kr",
            b"big5",
            b"iso-2022-kr",
            b"x",
            b"",
        ]
    ),
)
@example(b"+2AA-", b"utf-7")
def test_decoded_text_can_be_stored(data: bytes, charset: bytes) -> None:
    decode_charset(data, charset).encode()


@given(st.binary(max_size=500))
def test_transfer_encodings_round_trip(data: bytes) -> None:
    assert decode_base64(base64.encodebytes(data)) == data
    unix = data.replace(b"\r", b"")  # the encoder of the standard library chooses one style of line ends
    assert decode_quoted_printable(quopri.encodestring(unix, quotetabs=True)) == unix


@given(
    st.lists(
        st.sampled_from([b"=", b"=4", b"41", b"QUJD", b"\r\n", b"\n", b" ", b"\t", b"=\r\n", b"A", b"*", b"==", b"\r"])
        | st.sampled_from([b" " * 997, b"\t" * 998]),
        max_size=40,
    ).map(b"".join),
    st.sampled_from([b"base64", b"quoted-printable", b"8bit"]),
    st.data(),
)
@settings(max_examples=500)
def test_decoders_do_not_depend_on_chunking(body: bytes, encoding: bytes, data: st.DataObject) -> None:
    whole, pieces = find_decoder(encoding), find_decoder(encoding)
    assert whole is not None
    assert pieces is not None
    expected = whole.feed(body) + whole.finish()
    assert b"".join(pieces.feed(chunk) for chunk in cut(data, body)) + pieces.finish() == expected
    match encoding:
        case b"base64":
            assert expected == decode_base64(body)
        case b"quoted-printable":
            assert expected == decode_quoted_printable(body)


@given(st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2400, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_dates_round_trip(moment: datetime, zone: int) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=zone)))
    at = Instant((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))
    assert (
        render_date(at, zone).replace(b", ", b", 0" if moment.day < 10 else b", ") == format_datetime(moment).encode()
    )
    sent = parse_date(render_date(at, zone))
    assert sent is not None
    assert (sent.at, sent.zone) == (at, zone)
    assert parse_internaldate(render_internaldate(at, zone)) == at


HTML = [*"<>/!-&#;'\" ax", "<style>", "</style>", "<!--", "-->", "<br>"]


@given(st.lists(st.sampled_from(HTML), max_size=60).map("".join))
def test_html_never_fails(source: str) -> None:
    html_to_text(source, 1000)
