"""SORT, THREAD, ESEARCH and CANCELUPDATE, from their lines to their values."""

import pytest

from mailstead.ground.model.flags import Flag
from mailstead.ground.model.query import All, Fuzzy, HasFlag, InHeader, Not
from mailstead.ground.model.sorting import SortBy, SortKey, Threading
from mailstead.ground.wire.imap.searching import (
    CancelUpdate,
    MultiSearch,
    Place,
    ResultOption,
    Returns,
    Sort,
    Source,
    Thread,
    Window,
)
from mailstead.ground.wire.imap.syntax import BadCharset, Syntax
from tests.unit.ground.wire.imap.grammar.test_table import parse

ALL = Returns(frozenset({ResultOption.ALL}))


def test_sort() -> None:
    """RFC 5256 §5, RFC 5267 §5."""
    criteria = (SortBy(SortKey.SUBJECT), SortBy(SortKey.DATE, is_reverse=True))
    assert parse(b"SORT (SUBJECT REVERSE DATE) UTF-8 ALL") == Sort(criteria=criteria, query=All())
    wanted = Sort(
        criteria=(SortBy(SortKey.DISPLAYTO),),
        query=Not(HasFlag(Flag.SEEN)),
        returns=Returns(frozenset({ResultOption.PARTIAL, ResultOption.COUNT}), Window(10, 1)),
        by_uid=True,
    )
    assert parse(b'uid sort return (partial 10:1 count) (displayto) "us-ascii" unseen') == wanted


def test_thread() -> None:
    """RFC 5256 §5."""
    assert parse(b"THREAD REFERENCES UTF-8 ALL") == Thread(threading=Threading.REFERENCES, query=All())
    wanted = Thread(threading=Threading.REFS, query=Fuzzy(InHeader("subject", "x")), by_uid=True)
    assert parse(b"UID THREAD refs UTF-8 FUZZY SUBJECT x") == wanted


def test_esearch() -> None:
    """RFC 7377 §4."""
    assert parse(b"ESEARCH ALL") == MultiSearch(places=(Place(Source.SELECTED),), query=All(), returns=ALL)
    places = (Place(Source.MAILBOXES, ("a", "b c")), Place(Source.SUBTREE_ONE, ("INBOX",)), Place(Source.PERSONAL))
    line = b'ESEARCH IN (mailboxes (a "b c") subtree-one inbox personal) RETURN () CHARSET UTF-8 ALL'
    assert parse(line) == MultiSearch(places=places, query=All(), returns=ALL)


def test_cancelupdate() -> None:
    assert parse(b'CANCELUPDATE "a1" "a 2"') == CancelUpdate((b"a1", b"a 2"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"SORT UTF-8 ALL", "'\\('"),
        (b"SORT () UTF-8 ALL", "empty"),
        (b"SORT (REVERSE) UTF-8 ALL", "space"),
        (b"SORT (REVERSE REVERSE DATE) UTF-8 ALL", "criterion"),
        (b"SORT (" + b"DATE " * 21 + b") UTF-8 ALL", "more than 20"),
        (b"SORT (RELEVANCY) UTF-8 ALL", "FUZZY"),
        (b"THREAD X UTF-8 ALL", "algorithm"),
        (b"ESEARCH IN () ALL", "empty"),
        (b"ESEARCH IN (mailboxes ()) ALL", "empty"),
        (b"ESEARCH IN (selected-delayed) ALL", "source"),
        (b"CANCELUPDATE", "tag"),
        (b"CANCELUPDATE" + b" a" * 101, "100"),
        (b"SEARCH RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL", "PARTIAL"),
        (b"SEARCH RETURN (PARTIAL 0:2) ALL", "range"),
        (b"SEARCH RETURN (PARTIAL -1:2) ALL", "range"),
        (b"SEARCH RETURN (RELEVANCY) ALL", "FUZZY"),
    ],
)
def test_what_is_wrong_is_said(line: bytes, words: str) -> None:
    with pytest.raises(Syntax, match=words):
        parse(line)


def test_charsets() -> None:
    with pytest.raises(BadCharset):
        parse(b"SORT (DATE) X-NONE ALL")


@pytest.mark.parametrize(
    ("window", "size", "cut"),
    [
        (Window(1, 3), 5, (0, 3)), (Window(3, 1), 2, (0, 2)), (Window(4, 9), 5, (3, 5)), (Window(7, 9), 5, (5, 5)),
        (Window(-1, -2), 5, (3, 5)), (Window(-9, -4), 5, (0, 2)), (Window(-9, -7), 5, (0, 0)),
    ],
)  # fmt: skip
def test_windows(window: Window, size: int, cut: tuple[int, int]) -> None:
    """RFC 5267 §4.4, RFC 9394 §3.1."""
    assert window.cut(size) == cut
