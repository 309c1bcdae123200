"""What a report says is what is read from it; nothing that others write makes reading fail."""

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.dsn.addresses import decode_unitext, decode_xtext, encode_unitext, encode_xtext
from mailstead.ground.formats.dsn.reading import parse_notice
from mailstead.ground.formats.dsn.report import Action, Entry, Report, Typed
from mailstead.ground.formats.dsn.status import parse_status, render_status
from mailstead.ground.model.ids import Instant
from tests.support.notices import parts, raw, write

CHARS = st.characters(min_codepoint=0x20, max_codepoint=0x24F, exclude_categories=("Cc", "Zs", "Cf"))
WORDS = st.lists(st.text(CHARS, min_size=1, max_size=30), min_size=1, max_size=6).map(" ".join)
ASCII = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
INSTANTS = st.integers(0, 4_000_000_000).map(lambda seconds: Instant(seconds * 1000))
ADDRESSES = st.one_of(
    st.sampled_from(["bob@example.org", '"a b"@example.org', "x+y=z@example.org"]).map(lambda a: Typed("rfc822", a)),
    st.sampled_from(["björn@example.org", "用户@example.org"]).map(lambda a: Typed("utf-8", a)),
)
ENTRIES = st.builds(
    Entry,
    final=ADDRESSES,
    action=st.sampled_from(Action),
    status=st.builds("{}.{}.{}".format, st.sampled_from("245"), st.integers(0, 999), st.integers(0, 999)),
    original=st.none() | ADDRESSES,
    diagnostic=st.none() | st.builds(Typed, st.sampled_from(["smtp", "x-mailstead"]), WORDS),
    remote_mta=st.none() | ASCII.filter(lambda t: ";" not in t).map(lambda name: Typed("dns", name)),
    last_attempt=st.none() | INSTANTS,
    will_retry_until=st.none() | INSTANTS,
)
REPORTS = st.builds(
    Report,
    reporting_mta=ASCII.map(lambda name: Typed("dns", name)),
    entries=st.lists(ENTRIES, min_size=1, max_size=5).map(tuple),
    envelope_id=st.just("") | ASCII,
    arrival=st.none() | INSTANTS,
)


def plain(report: Report) -> Report:
    """As ASCII can say it: RFC 3464 has no other diagnostics."""
    if not report.is_ascii:
        return report
    entries = [
        Entry(**{name: getattr(entry, name) for name in Entry.__slots__} | {"diagnostic": ascii_only(entry.diagnostic)})
        for entry in report.entries
    ]
    return Report(
        reporting_mta=report.reporting_mta,
        entries=tuple(entries),
        envelope_id=report.envelope_id,
        arrival=report.arrival,
    )


def ascii_only(value: Typed | None) -> Typed | None:
    return value and Typed(value.type, value.text.encode("ascii", "replace").decode())


@given(REPORTS)
def test_round_trip(report: Report) -> None:
    assert parse_status(render_status(report)) == plain(report)


@given(REPORTS, st.sampled_from(["ann@example.net", "änn@example.net"]))
def test_round_trip_of_the_letter(report: Report, sender: str) -> None:
    letter = write(report, sender=sender)
    notice = parse_notice(letter.data)
    assert notice is not None
    assert notice.report == plain(report)
    assert all(len(line) <= 998 for line in letter.data.split(b"\r\n"))
    assert len(parts(letter.data)) == 3
    assert raw(parts(letter.data)[1])


@given(st.binary(max_size=300) | st.lists(st.sampled_from([
    b"Action: failed\r\n", b"Final-Recipient: rfc822; a\r\n", b"\r\n", b" ", b"\n", b"Status: 5",
    b"Last-Attempt-Date: ", b"Diagnostic-Code:", b";", b"\xff", b"\0",
])).map(b"".join))  # fmt: skip
def test_reading_never_fails(data: bytes) -> None:
    report = parse_status(data)
    assert report is None or report.entries


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_xtext(text: str) -> None:
    assert decode_xtext(encode_xtext(text)) == text


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_unitext(text: str) -> None:
    encoded = encode_unitext(text)
    assert encoded.isascii()
    assert decode_unitext(encoded) == text
