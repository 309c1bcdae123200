"""Parameters of RFC 7162, RFC 9394 and RFC 10022 as clients write them."""

import pytest

from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.wire.imap.command import Attribute, Command, Fetch, Select, Store
from mailstead.ground.wire.imap.event import CommandReady
from mailstead.ground.wire.imap.grammar.table import parse_command
from mailstead.ground.wire.imap.resync import Known, UidBatches
from mailstead.ground.wire.imap.searching import Window
from mailstead.ground.wire.imap.syntax import Syntax

ONE = SequenceSet(((1, 1),))


def parse(name: bytes, args: bytes) -> Command:
    return parse_command(CommandReady(b"a", name, args))


@pytest.mark.parametrize(
    ("args", "condstore", "known"),
    [
        (b" x", False, None),
        (b" x (CONDSTORE)", True, None),
        (b" x(condstore)", True, None),
        (b" x (QRESYNC (17 20))", True, Known(uidvalidity=17, modseq=20)),
        (b" x (CONDSTORE QRESYNC (17 20 1))", True, Known(uidvalidity=17, modseq=20, uids=ONE)),
        (b" x (QRESYNC (17 20 (1 1)))", True, Known(uidvalidity=17, modseq=20, numbers=ONE, matches=ONE)),
        (
            b" x (QRESYNC (17 9007199254740991 1 (1 1)))",
            True,
            Known(uidvalidity=17, modseq=9007199254740991, uids=ONE, numbers=ONE, matches=ONE),
        ),
    ],
)
def test_select(args: bytes, condstore: bool, known: Known | None) -> None:
    assert parse(b"SELECT", args) == Select("x", False, condstore, known)
    assert parse(b"EXAMINE", args) == Select("x", True, condstore, known)


@pytest.mark.parametrize(
    "args",
    [
        b" x ()", b" x (FOO)", b" x (QRESYNC)", b" x (QRESYNC ())", b" x (QRESYNC (0 1))", b" x (QRESYNC (1 0))",
        b" x (QRESYNC (1 1 1:*))", b" x (QRESYNC (1 1 $))", b" x (QRESYNC (1 1 1 (1)))", b" x (QRESYNC (1 1 1 (1 *)))",
        b" x (QRESYNC (1 1) QRESYNC (1 1))", b" x (QRESYNC (1 9223372036854775808))", b" x (CONDSTORE) y",
    ],
)  # fmt: skip
def test_what_select_does_not_take(args: bytes) -> None:
    with pytest.raises(Syntax):
        parse(b"SELECT", args)


def test_fetch_with_modifiers() -> None:
    """RFC 9394 §3.4: in any order."""
    wanted = Fetch(
        numbers=ONE,
        items=(Attribute.UID, Attribute.FLAGS),
        by_uid=True,
        is_uid_implied=True,
        changed_since=5,
        vanished=True,
        window=Window(-1, -30),
    )
    assert parse(b"UID FETCH", b" 1 (FLAGS) (CHANGEDSINCE 5 VANISHED PARTIAL -1:-30)") == wanted
    assert parse(b"UID FETCH", b" 1 FLAGS (partial -1:-30 vanished changedsince 5)") == wanted
    assert parse(b"UID FETCH", b" 1 (FLAGS)(VANISHED CHANGEDSINCE 5 PARTIAL -1:-30) ") == wanted
    fast = parse(b"FETCH", b" 1 FAST (CHANGEDSINCE 0)")
    assert isinstance(fast, Fetch)
    assert (len(fast.items), fast.changed_since) == (3, 0)
    lazy = parse(b"FETCH", b" 1 (PREVIEW (LAZY) UID)")
    assert lazy == Fetch(numbers=ONE, items=(Attribute.PREVIEW, Attribute.UID))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        (b"FETCH", b" 1 FLAGS (PARTIAL 1:2)"),
        (b"FETCH", b" 1 FLAGS (CHANGEDSINCE 1 VANISHED)"),
        (b"UID FETCH", b" 1 FLAGS (VANISHED)"),
        (b"UID FETCH", b" 1 FLAGS (CHANGEDSINCE)"),
        (b"UID FETCH", b" 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)"),
        (b"UID FETCH", b" 1 FLAGS (PARTIAL 0:2)"),
        (b"UID FETCH", b" 1 FLAGS (PARTIAL 1:-2)"),
        (b"UID FETCH", b" 1 FLAGS (PARTIAL 1:*)"),
        (b"UID FETCH", b" 1 (PARTIAL 1:2)"),
        (b"UID FETCH", b" 1 FLAGS (FOO 1)"),
        (b"UID FETCH", b" 1 (PREVIEW ())"),
        (b"STORE", b" 1 (UNCHANGEDSINCE) FLAGS (a)"),
        (b"STORE", b" 1 () FLAGS (a)"),
        (b"STORE", b" 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 2) FLAGS (a)"),
        (b"UIDBATCHES", b""),
        (b"UIDBATCHES", b" abc"),
        (b"UIDBATCHES", b" 500 10"),
        (b"UIDBATCHES", b" 500 0:1"),
    ],
)
def test_what_is_wrong(name: bytes, args: bytes) -> None:
    with pytest.raises(Syntax):
        parse(name, args)


def test_store_with_a_condition() -> None:
    wanted = Store(numbers=ONE, op=FlagOp.ADD, flags=Flags(Flag.SEEN), is_silent=True, unchanged_since=320162338)
    assert parse(b"STORE", b" 1 (UNCHANGEDSINCE 320162338) +FLAGS.SILENT (\\Seen)") == wanted
    assert parse(b"STORE", b" 1(unchangedsince 320162338)+flags.silent (\\Seen)") == wanted


def test_uidbatches() -> None:
    assert parse(b"UIDBATCHES", b" 2000") == UidBatches(2000)
    assert parse(b"UIDBATCHES", b" 2000 10:20") == UidBatches(2000, (10, 20))
    assert parse(b"UIDBATCHES", b" 2000 4:1") == UidBatches(2000, (4, 1))
