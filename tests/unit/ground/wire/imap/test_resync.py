"""Responses and codes of RFC 7162, RFC 9738 and RFC 10022."""

from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import resync


def test_vanished_is_cut_into_lines_of_bounded_length() -> None:
    assert list(resync.vanished(UidSet())) == []
    assert list(resync.vanished(UidSet.of([1, 2, 3, 7]), earlier=True)) == [b"* VANISHED (EARLIER) 1:3,7\r\n"]
    lines = list(resync.vanished(UidSet.of(range(1, 10_001, 2))))
    assert len(lines) == 3
    told = UidSet.join(
        run for line in lines for run in UidSet.parse(line.removeprefix(b"* VANISHED ").strip().decode()).runs
    )
    assert told == UidSet.of(range(1, 10_001, 2))


def test_codes() -> None:
    assert resync.code_modified(UidSet.of([7, 9])) == b"MODIFIED 7,9"
    assert resync.code_messagelimit(1000, 23221) == b"MESSAGELIMIT 1000 23221"
    assert resync.code_messagelimit(1000) == b"MESSAGELIMIT 1000"


def test_batches() -> None:
    assert resync.uidbatches(b"A143", [(215295, 99696), (99695, 1)]) == (
        b'* UIDBATCHES (TAG "A143") 215295:99696,99695:1\r\n'
    )
    assert resync.uidbatches(b"A143", []) == b'* UIDBATCHES (TAG "A143")\r\n'


def test_modseq_at_the_end() -> None:
    assert b"".join(resync.say_modseq([b"* SEARCH", b" 1 2", b"\r\n"], 5)) == b"* SEARCH 1 2 (MODSEQ 5)\r\n"
    assert b"".join(resync.say_modseq([b"* SEARCH", b"\r\n"], None)) == b"* SEARCH\r\n"
    assert resync.add_modseq(b'* ESEARCH (TAG "a") ALL 1\r\n', 5) == b'* ESEARCH (TAG "a") ALL 1 MODSEQ 5\r\n'
