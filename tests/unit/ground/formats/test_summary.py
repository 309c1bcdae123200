"""The summary as a whole."""

from mailstead.ground.formats.summary import Summarizer, summarize

LETTER = (
    b"Message-ID: <1@a.example>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\nFrom: Ann <ann@a.example>\r\n"
    b"To: bob@b.example\r\nto: carol@c.example\r\nSubject: Re: [list] hello\r\nSubject: second\r\n\r\nHow are you?\r\n"
)


def test_what_is_known_of_a_letter() -> None:
    summary = summarize(LETTER)
    assert summary.envelope.subject == b"Re: [list] hello"
    assert [box.local for box in summary.envelope.to] == [b"bob", b"carol"]  # RFC 5322 §4.5.3
    assert summary.header == LETTER[: summary.root.header_size]
    assert summary.preview == "How are you?"
    assert summary.subject_base == "hello"
    assert summary.sent_at == 1_795_168_800_000
    assert summary.message_id == "1@a.example"
    assert summary.size == len(LETTER)


def test_piece_by_piece() -> None:
    summarizer = Summarizer()
    for index in range(len(LETTER)):
        summarizer.feed(LETTER[index : index + 1])
    assert summarizer.close() == summarize(LETTER)


def test_nothing() -> None:
    summary = Summarizer().close()
    assert summary == summarize(b"")
    assert (summary.size, summary.header, summary.sent_at, summary.message_id) == (0, b"", None, "")


def test_message_id_without_brackets() -> None:
    assert summarize(b"Message-ID: odd id \r\n\r\n").message_id == "odd id"
    assert summarize(b"Message-ID: (c) <a@b> <c@d>\r\n\r\n").message_id == "a@b"
