"""Responses, byte by byte."""

import pytest

from mailstead.ground.model.flags import ALL_FLAGS, Flag
from mailstead.ground.model.sorting import Thread
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import StatusItem
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.searching import ResultOption


def test_status_responses() -> None:
    assert response.ok(b"a1", "Done") == b"a1 OK Done\r\n"
    assert response.no(b"a1", "No such folder", Code.TRYCREATE) == b"a1 NO [TRYCREATE] No such folder\r\n"
    assert response.bad(b"*", "what\r\n?") == b"* BAD what ?\r\n"
    assert response.bye("Too much", Code.UNAVAILABLE) == b"* BYE [UNAVAILABLE] Too much\r\n"
    assert response.continuation() == b"+ OK\r\n"
    assert response.continuation(b"") == b"+ \r\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (response.code_capability(["IMAP4rev2", "IDLE"]), b"CAPABILITY IMAP4rev2 IDLE"),
        (response.code_number(StatusItem.UIDNEXT, 7), b"UIDNEXT 7"),
        (response.code_unseen(3), b"UNSEEN 3"),
        (response.code_appenduid(38505, 3955), b"APPENDUID 38505 3955"),
        (response.code_appenduid(1, UidSet.of([3, 4])), b"APPENDUID 1 3:4"),
        (response.code_copyuid(9, UidSet.parse("304,319:320"), UidSet.parse("3956:3958")),
         b"COPYUID 9 304,319:320 3956:3958"),
        (response.code_permanentflags(Flag.SEEN, ["x"], may_create=True), b"PERMANENTFLAGS (\\Seen x \\*)"),
        (response.code_permanentflags(Flag.NONE, [], may_create=False), b"PERMANENTFLAGS ()"),
    ],
)  # fmt: skip
def test_codes(code: bytes, expected: bytes) -> None:
    assert code == expected
    assert response.ok(b"a", "x", code) == b"a OK [" + expected + b"] x\r\n"


def test_badcharset_names_what_we_know() -> None:
    assert response.code_badcharset().startswith(b"BADCHARSET (US-ASCII UTF-8 ")


def test_flags() -> None:
    assert response.render_flags(0) == b"()"
    assert response.render_flags(int(ALL_FLAGS)) == b"(\\Answered \\Flagged \\Deleted \\Seen \\Draft)"
    assert response.render_flags(Flag.SEEN, "$Junk x", is_recent=True) == b"(\\Seen $Junk x \\Recent)"
    assert response.flags(Flag.SEEN, ["x"]) == b"* FLAGS (\\Seen x)\r\n"


def test_numbers() -> None:
    assert response.exists(3) == b"* 3 EXISTS\r\n"
    assert response.recent(0) == b"* 0 RECENT\r\n"
    assert response.expunge(2) == b"* 2 EXPUNGE\r\n"
    assert response.fetch(2, [b"UID 5", b"FLAGS ()"]) == b"* 2 FETCH (UID 5 FLAGS ())\r\n"


def test_capabilities() -> None:
    assert response.capability(["IMAP4rev1", "IDLE"]) == b"* CAPABILITY IMAP4rev1 IDLE\r\n"
    assert response.enabled(["IMAP4rev2"]) == b"* ENABLED IMAP4rev2\r\n"
    assert response.enabled([]) == b"* ENABLED\r\n"


@pytest.mark.parametrize(
    ("name", "utf8", "wire"),
    [
        ("INBOX", False, b"INBOX"),
        ("Sent Items", False, b'"Sent Items"'),
        ("Entwürfe", False, b"Entw&APw-rfe"),
        ("Entwürfe", True, '"Entwürfe"'.encode()),
        ("A&B", False, b"A&-B"),
        ("A&B", True, b"A&B"),
        ("100%", False, b'"100%"'),
        ("nil", False, b'"nil"'),
    ],
)
def test_folder_names(name: str, utf8: bool, wire: bytes) -> None:
    assert (
        response.folder_list([b"\\HasNoChildren"], name, utf8=utf8) == b'* LIST (\\HasNoChildren) "/" ' + wire + b"\r\n"
    )
    assert response.folder_status(name, [(StatusItem.MESSAGES, 3), (StatusItem.UNSEEN, 1)], utf8=utf8) == (
        b"* STATUS " + wire + b" (MESSAGES 3 UNSEEN 1)\r\n"
    )


def test_lists() -> None:
    extended = b'("CHILDINFO" ("SUBSCRIBED"))'
    assert response.folder_list([], "a", utf8=False, extended=extended) == b'* LIST () "/" a ' + extended + b"\r\n"
    assert response.folder_list([], "a", utf8=False, verb=b"LSUB") == b'* LSUB () "/" a\r\n'
    assert response.list_separator() == b'* LIST (\\Noselect) "/" ""\r\n'
    assert response.namespace() == b'* NAMESPACE (("" "/")) NIL NIL\r\n'


def test_id() -> None:
    assert response.server_id([]) == b"* ID NIL\r\n"
    assert (
        response.server_id([("name", "Mailstead"), ("x", "a\nb")]) == b'* ID ("name" "Mailstead" "x" {3}\r\na\nb)\r\n'
    )


def test_search_comes_in_pieces() -> None:
    assert b"".join(response.search(UidSet())) == b"* SEARCH\r\n"
    assert b"".join(response.search(UidSet.of([2, 4, 5]))) == b"* SEARCH 2 4 5\r\n"
    pieces = list(response.search(UidSet(((1, 10_000), (20_000, 20_001)))))
    assert b"".join(pieces).split() == [b"*", b"SEARCH", *(b"%d" % n for n in (*range(1, 10_001), 20_000, 20_001))]
    assert max(map(len, pieces)) < 50_000
    scattered = UidSet.of(range(1, 20_000, 2))
    assert len(list(response.search(scattered))) < 10


def test_esearch() -> None:
    found = UidSet.parse("1:3,7")
    results = [(ResultOption.MIN, 1), (ResultOption.ALL, found), (ResultOption.COUNT, 4)]
    assert response.esearch(b"a1", results, by_uid=True) == b'* ESEARCH (TAG "a1") UID MIN 1 ALL 1:3,7 COUNT 4\r\n'
    assert response.esearch(b"a1", [], by_uid=False) == b'* ESEARCH (TAG "a1")\r\n'


def leaf(*uids: int) -> Thread:
    """Each answers the one before it."""
    top = Thread(uids[0])
    last = top
    for uid in uids[1:]:
        last.children.append(Thread(uid))
        last = last.children[0]
    return top


def test_threads_as_in_the_rfc() -> None:
    """RFC 5256 §4, both examples; and one far deeper than any stack."""
    second = leaf(3, 6)
    second.children[0].children += [leaf(4, 23), leaf(44, 7, 96)]
    assert b"".join(response.thread([leaf(2), second], int)) == b"* THREAD (2)(3 6 (4 23)(44 7 96))\r\n"
    assert b"".join(response.thread([Thread(0, [leaf(3), leaf(5)])], int)) == b"* THREAD ((3)(5))\r\n"
    assert b"".join(response.thread([], int)) == b"* THREAD\r\n"
    deep = leaf(*range(1, 50_001))
    assert b"".join(response.thread([deep], int)).endswith(b" 49999 50000)\r\n")
