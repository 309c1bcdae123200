"""URLs that a session may name its own messages by (RFC 5092, RFC 4469 §3)."""

import pytest

from mailstead.ground.wire.imap.command import Of
from mailstead.ground.wire.imap.syntax import Syntax
from mailstead.ground.wire.imap.url import parse_url


@pytest.mark.parametrize(
    ("text", "folder", "validity", "uid", "label"),
    [
        ("/Drafts;UIDVALIDITY=385759045/;UID=20/;section=HEADER", "Drafts", 385759045, 20, b"BODY[HEADER]"),
        ("/Drafts/;UID=3002", "Drafts", None, 3002, b"BODY[]"),
        ("/Drafts;UIDVALIDITY=3/;uid=20/;Section=2.MIME", "Drafts", 3, 20, b"BODY[2.MIME]"),
        ("/a/b%20%C3%BC/;UID=1/;SECTION=1.2", "a/b ü", None, 1, b"BODY[1.2]"),
        (";UID=7", None, None, 7, b"BODY[]"),
        ("/a/;UID=1/;SECTION=HEADER.FIELDS%20(Date)", "a", None, 1, b"BODY[HEADER.FIELDS (DATE)]"),
    ],
)
def test_messages_and_parts(text: str, folder: str | None, validity: int | None, uid: int, label: bytes) -> None:
    url = parse_url(text)
    assert (url.folder, url.uidvalidity, url.uid, url.section.label) == (folder, validity, uid, label)
    assert url.section.of in Of


@pytest.mark.parametrize(
    "text",
    [
        "", "/", "/Drafts", "/Drafts;UIDVALIDITY=3", "imap://x/Drafts/;UID=1", "//x/Drafts/;UID=1", "/a/;UID=0",
        "/a/;UID=1/;SECTION=x", "/a/;UID=1/;SECTION=1]", "/a/;UID=1/;PARTIAL=0.5", "/a/;UID=1;URLAUTH=anonymous",
        "/a/;UID=99999999999", "/%FF/;UID=1", "/a?SUBJECT%20x", "/a/;UID=1/;SECTION=1.", "/;UID=1",
    ],
)  # fmt: skip
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(Syntax):
        parse_url(text)
