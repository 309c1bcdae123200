"""Mending the header of what is submitted."""

import pytest

from mailstead.ground.formats.repair import AUTHORS_MAX, HEADER_MAX, Fault, Given, HeadFilter, Repair, repair
from mailstead.ground.model.address import Address
from mailstead.ground.model.ids import Instant

ANN = Address("ann", "example.net")
TEAM = Address("team", "example.net")
GIVEN = Given(at=Instant(1_795_168_800_000), message_id="77@example.net", author=ANN)
ASKED = Given(at=GIVEN.at, message_id=GIVEN.message_id, author=ANN, sender=ANN)
DATE = b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
MESSAGE_ID = b"Message-ID: <77@example.net>\r\n"
WHOLE = DATE + b"From: Ann <ann@example.net>\r\nMessage-ID: <1@a.example>\r\n\r\n"


def mend(head: bytes, given: Given = GIVEN) -> Repair:
    edits = repair(head, given)
    assert isinstance(edits, Repair)
    return edits


def test_what_is_whole_stays_as_it_is() -> None:
    edits = mend(WHOLE)
    assert edits.apply(WHOLE) == WHOLE
    assert (edits.added, edits.removed, edits.authors, edits.sender, edits.is_ascii) == (b"", (), (ANN,), None, True)


def test_all_that_can_be_missing() -> None:
    assert mend(b"\r\n").apply(b"\r\n") == DATE + b"From: <ann@example.net>\r\n" + MESSAGE_ID + b"\r\n"
    assert mend(b"").apply(b"") == DATE + b"From: <ann@example.net>\r\n" + MESSAGE_ID


def test_blind_copies_are_taken_out() -> None:
    """RFC 5322 §3.6.3, §3.6.6; RFC 5321 §4.4."""
    head = WHOLE.replace(
        b"From:",
        b"BCC: eve@a.example,\r\n\tmallory@a.example\r\nReturn-Path: <x@y>\r\nX-Bcc: stays\r\n"
        b"Resent-Bcc :\r\n bob@b.example\r\nFrom:",
    )
    edits = mend(head)
    assert edits.apply(head) == WHOLE.replace(b"From:", b"X-Bcc: stays\r\nFrom:")
    assert [head[first:end].partition(b":")[0].strip() for first, end in edits.removed] == [
        b"BCC", b"Return-Path", b"Resent-Bcc",
    ]  # fmt: skip


def test_a_blind_copy_beyond_ascii_does_not_count() -> None:
    assert mend(WHOLE[:-2] + "Bcc: Jürgen <j@a.example>\r\n\r\n".encode()).is_ascii
    assert not mend(WHOLE[:-2] + "Subject: Grüße\r\n\r\n".encode()).is_ascii
    assert not mend(b"\r\n", Given(at=GIVEN.at, message_id="1@x", author=Address("änn", "example.net"))).is_ascii


@pytest.mark.parametrize("value", [b"yesterday", b"", b"Fri, 40 Nov 2026 10:00:00 +0000"])
def test_a_date_that_is_none_gives_way(value: bytes) -> None:
    head = WHOLE.replace(DATE, b"Date: %b\r\n" % value)
    assert mend(head).apply(head) == WHOLE


@pytest.mark.parametrize("value", [b"1@a.example", b"<>", b"<a b@c>", b"<1@a> <2@b>", b""])
def test_a_message_id_that_is_none_gives_way(value: bytes) -> None:
    head = WHOLE.replace(b"<1@a.example>", value)
    assert mend(head).apply(head) == MESSAGE_ID + DATE + b"From: Ann <ann@example.net>\r\n\r\n"


@pytest.mark.parametrize(
    ("fields", "given", "authors", "sender", "is_added"),
    [
        (b"From: team@example.net\r\n", GIVEN, (TEAM,), None, False),
        (b"From: team@example.net\r\n", ASKED, (TEAM,), ANN, True),
        (b"From: ANN@example.net\r\n", ASKED, (Address("ANN", "example.net"),), None, False),
        (b"From: team@example.net\r\nSender: ann@example.net\r\n", ASKED, (TEAM,), ANN, False),
        (b"From: ann@example.net, team@example.net\r\nSender: <ann@example.net>\r\n", GIVEN, (ANN, TEAM), ANN, False),
        (b"From: ann@example.net, team@example.net\r\n", ASKED, (ANN, TEAM), ANN, True),
        (b"From: Nobody:;\r\nSender: ann@example.net\r\n", GIVEN, (), ANN, False),
        (b'From: Team: "a b"@example.net;\r\n', GIVEN, (Address("a b", "example.net"),), None, False),
    ],
)
def test_authors_and_sender(
    fields: bytes, given: Given, authors: tuple[Address, ...], sender: Address | None, is_added: bool
) -> None:
    """RFC 5322 §3.6.2, RFC 6409 §8.1, RFC 6854."""
    head = fields + DATE + MESSAGE_ID + b"\r\n"
    edits = mend(head, given)
    assert (edits.authors, edits.sender) == (authors, sender)
    assert edits.apply(head) == (b"Sender: <ann@example.net>\r\n" if is_added else b"") + head


@pytest.mark.parametrize(
    ("head", "fault"),
    [
        (b"From: a@b.example\r\nfrom : a@b.example\r\n\r\n", Fault.SEVERAL_FIELDS),
        (b"Sender: a@b.example\r\nSENDER: a@b.example\r\n\r\n", Fault.SEVERAL_FIELDS),
        (b"From: a@b.example, c@d.example\r\n\r\n", Fault.NO_SENDER),
        (b"From: Nobody:;\r\n\r\n", Fault.NO_SENDER),
        (b"From:\r\n\r\n", Fault.BAD_AUTHOR),
        (b"From: ann\r\n\r\n", Fault.BAD_AUTHOR),
        (b"From: a@b.example, c@d e f@-\r\n\r\n", Fault.BAD_AUTHOR),
        (b"From: \xff@b.example\r\n\r\n", Fault.BAD_AUTHOR),
        (b"From: " + b",\r\n ".join([b"a@b.example"] * (AUTHORS_MAX + 1)) + b"\r\n\r\n", Fault.BAD_AUTHOR),
        (b"Sender: a@b.example, c@d.example\r\n\r\n", Fault.BAD_AUTHOR),
        (b"Sender: Nobody:;\r\n\r\n", Fault.BAD_AUTHOR),
        (b"Subject: " + b"x" * 990 + b"\r\n\r\n", Fault.LINE_TOO_LONG),
        (b"Subject: a\rFrom: b@c.example\r\n\r\n", Fault.BAD_OCTET),
        (b"Subject: a\0b\r\n\r\n", Fault.BAD_OCTET),
        (b"X: y\r\n" * (HEADER_MAX // 6 + 1), Fault.TOO_LARGE),
    ],
)
def test_what_is_refused(head: bytes, fault: Fault) -> None:
    assert repair(head, GIVEN) is fault


def test_the_longest_line() -> None:
    head = WHOLE[:-2] + b"Subject: " + b"x" * 989 + b"\r\n\r\n"
    assert mend(head).apply(head) == head


@pytest.mark.parametrize("body", [b"hello\r\n", b"hello\r\n\r\nX: y\r\n\r\n", b"no colon", b" indented\r\n\r\n"])
def test_a_message_without_header_or_empty_line(body: bytes) -> None:
    """Programs that know no better: their text is a body, and none of it a field."""
    assert mend(body).apply(body) == DATE + b"From: <ann@example.net>\r\n" + MESSAGE_ID + b"\r\n" + body
    if not body.startswith(b" "):
        head = WHOLE[:-2] + body
        assert mend(head).apply(head) == WHOLE + body


def test_filter() -> None:
    mender = HeadFilter(GIVEN)
    assert mender.feed(b"Bcc: eve@a.example\r\n" + WHOLE[:50]) == b""
    assert mender.repair is None
    assert mender.feed(WHOLE[50:] + b"Bcc: body\r\n") == WHOLE + b"Bcc: body\r\n"
    assert mender.repair is not None
    assert mender.repair.authors == (ANN,)
    assert mender.feed(b"more") == b"more"
    assert mender.finish() == b""


def test_filter_without_body() -> None:
    mender = HeadFilter(GIVEN)
    assert mender.feed(WHOLE[:-2]) == b""
    assert mender.finish() == WHOLE[:-2]


def test_nothing_comes_out_after_a_fault() -> None:
    mender = HeadFilter(GIVEN)
    assert mender.feed(b"From: nobody\r\n\r\nbody") == b""
    assert mender.fault is Fault.BAD_AUTHOR
    assert mender.feed(b"more") == mender.finish() == b""


@pytest.mark.parametrize("step", [1000, 65_536, 10**7])
def test_a_head_without_end(step: int) -> None:
    for data in (b"X: y\r\n" * 60_000, b"X: " + b"y" * 300_000, b"x" * 300_000, WHOLE[:-2] + b"x" * 300_000):
        mender = HeadFilter(GIVEN)
        out = b"".join(mender.feed(data[start : start + step]) for start in range(0, len(data), step))
        assert out + mender.finish() == b""
        assert mender.fault is Fault.TOO_LARGE


@pytest.mark.parametrize("step", [1000, 10**7])
def test_a_large_body_behind_a_head_without_empty_line(step: int) -> None:
    data = WHOLE[:-2] + b"text\r\n" * 60_000
    mender = HeadFilter(GIVEN)
    out = b"".join(mender.feed(data[start : start + step]) for start in range(0, len(data), step))
    assert out + mender.finish() == WHOLE + b"text\r\n" * 60_000


@pytest.mark.parametrize("cut", range(-12, 13))
def test_the_limit_never_cuts_a_field_into_a_body(cut: int) -> None:
    """A name that the limit parts from its colon is still a field: here one that nobody may see."""
    padding = b"X: " + b"y" * 95 + b"\r\n"
    head = WHOLE[:-2] + padding * 2700
    head = head[: HEADER_MAX + cut - 3].rpartition(b"\n")[0] + b"\n"
    head += b"Z: " + b"z" * (HEADER_MAX + cut - len(head) - 5) + b"\r\n"
    mender = HeadFilter(GIVEN)
    out = mender.feed(head + b"Bcc: eve@a.example\r\n\r\nbody") + mender.finish()
    assert b"eve" not in out
