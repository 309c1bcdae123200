"""Every command of RFC 9051 and RFC 3501, from its line to its value."""

from datetime import date

import pytest

from mailstead.ground.model.flags import Flag, FlagOp, Flags
from mailstead.ground.model.folder import SpecialUse
from mailstead.ground.model.query import (
    All,
    And,
    DateOf,
    HasFlag,
    HasKeyword,
    InBody,
    InHeader,
    InText,
    IsRecent,
    Larger,
    Not,
    Numbers,
    OnDay,
    Or,
    Query,
    Smaller,
    Uids,
    When,
)
from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.wire.imap.command import (
    Authenticate,
    Command,
    Copy,
    Create,
    Delete,
    Enable,
    Expunge,
    Id,
    List,
    ListReturn,
    ListSelect,
    Login,
    Lsub,
    Rename,
    Select,
    Simple,
    Status,
    StatusItem,
    Store,
    Subscribe,
)
from mailstead.ground.wire.imap.event import CommandReady
from mailstead.ground.wire.imap.grammar.table import PARSERS, SIMPLE, parse_command
from mailstead.ground.wire.imap.limits import AFTER_LOGIN
from mailstead.ground.wire.imap.receiver import CommandReceiver
from mailstead.ground.wire.imap.searching import ResultOption, Returns, Search
from mailstead.ground.wire.imap.syntax import BadCharset, Syntax


def parse(line: bytes, *, utf8: bool = False) -> Command:
    (event,) = CommandReceiver(AFTER_LOGIN).receive(b"a " + line + b"\r\n")
    assert isinstance(event, CommandReady)
    return parse_command(event, utf8=utf8)


@pytest.mark.parametrize("command", Simple)
def test_commands_without_arguments(command: Simple) -> None:
    assert parse(command.value) is command
    assert parse(command.value.lower() + b" ") is command  # some clients leave a space behind
    with pytest.raises(Syntax, match="takes no arguments"):
        parse(command.value + b" x")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (rb"AUTHENTICATE plain", Authenticate("PLAIN")),
        (rb"AUTHENTICATE PLAIN AGFubgBwdw==", Authenticate("PLAIN", b"\0ann\0pw")),
        (rb"AUTHENTICATE EXTERNAL =", Authenticate("EXTERNAL", b"")),
        (rb"LOGIN ann@x.test p]w ", Login("ann@x.test", "p]w")),
        (rb'LOGIN "a \"b\" \\" ""', Login('a "b" \\', "")),
        (b"LOGIN {2+}\r\n\xc3\xa9 {3+}\r\na\r\n", Login("é", "a\r\n")),
        (rb"ENABLE imap4rev2 CONDSTORE imap4rev2", Enable(("IMAP4REV2", "CONDSTORE"))),
        (rb"ID NIL", Id(())),
        (rb"ID ()", Id(())),
        (rb'ID ("name" "Mail" "os" NIL)', Id((("name", "Mail"), ("os", None)))),
        (rb"SELECT inbox", Select("INBOX")),
        (rb"EXAMINE Entw&APw-rfe", Select("Entwürfe", is_read_only=True)),
        (rb'CREATE "a b/"', Create("a b", wants_children=True)),
        (rb"CREATE S (USE (\Sent \drafts))", Create("S", (SpecialUse.SENT, SpecialUse.DRAFTS))),
        (rb"CREATE S (USE ())", Create("S")),
        (b"DELETE {3+}\r\nx y", Delete("x y")),
        (rb"RENAME a  b", Rename("a", "b")),
        (rb"SUBSCRIBE a]b", Subscribe("a]b", on=True)),
        (rb"UNSUBSCRIBE a", Subscribe("a", on=False)),
        (rb"STATUS a (messages UNSEEN MESSAGES)", Status("a", (StatusItem.MESSAGES, StatusItem.UNSEEN))),
        (rb"STATUS INBOX(SIZE)", Status("INBOX", (StatusItem.SIZE,))),
        (rb'LIST "" *', List(reference="", patterns=("*",))),
        (rb'LIST "" ""', List(reference="", patterns=("",))),
        (rb'LIST x/ "Entw&APw-%"', List(reference="x/", patterns=("Entwü%",))),
        (rb'LIST () "" (a% "*b")', List(reference="", patterns=("a%", "*b"), is_extended=True)),
        (
            rb'LIST (SUBSCRIBED RECURSIVEMATCH) "" % RETURN (CHILDREN STATUS (UNSEEN) SPECIAL-USE SUBSCRIBED)',
            List(
                reference="", patterns=("%",), select=frozenset((ListSelect.SUBSCRIBED, ListSelect.RECURSIVEMATCH)),
                returns=frozenset(ListReturn) - {ListReturn.MYRIGHTS}, status=(StatusItem.UNSEEN,), is_extended=True,
            ),
        ),
        (rb'LIST "" "*" RETURN(CHILDREN)', List(
            reference="", patterns=("*",), returns=frozenset((ListReturn.CHILDREN,)), is_extended=True)),
        (rb'LSUB "" INBOX.%', Lsub("", "INBOX.%")),
        (rb"EXPUNGE", Expunge()),
        (rb"UID EXPUNGE 3:*", Expunge(SequenceSet(((3, 0),)))),
        (rb"COPY 1:2 x", Copy(numbers=SequenceSet(((1, 2),)), folder="x")),
        (rb"UID COPY $ x", Copy(numbers=SequenceSet(is_saved=True), folder="x", by_uid=True)),
        (rb"MOVE * x", Copy(numbers=SequenceSet(((0, 0),)), folder="x", is_move=True)),
        (rb"UID  move 7 x", Copy(numbers=SequenceSet(((7, 7),)), folder="x", is_move=True, by_uid=True)),
        (
            rb"STORE 1,3 +flags.silent (\seen $X \RECENT)",
            Store(numbers=SequenceSet(((1, 1), (3, 3))), op=FlagOp.ADD, flags=Flags(Flag.SEEN, "$X"), is_silent=True),
        ),
        (
            rb"UID STORE 5 -FLAGS \Seen \Deleted",
            Store(numbers=SequenceSet(((5, 5),)), op=FlagOp.REMOVE, flags=Flags(Flag.SEEN | Flag.DELETED), by_uid=True),
        ),
        (rb"STORE 5 FLAGS ()", Store(numbers=SequenceSet(((5, 5),)), op=FlagOp.REPLACE, flags=Flags())),
        (rb"STORE 5 FLAGS(a)", Store(numbers=SequenceSet(((5, 5),)), op=FlagOp.REPLACE, flags=Flags(keywords="a"))),
    ],
)  # fmt: skip
def test_commands(line: bytes, command: Command) -> None:
    assert parse(line) == command


SEEN = HasFlag(Flag.SEEN)
DAY = date(2024, 2, 1)


@pytest.mark.parametrize(
    ("keys", "query"),
    [
        (b"ALL", All()),
        (b"ANSWERED UNANSWERED", And((HasFlag(Flag.ANSWERED), Not(HasFlag(Flag.ANSWERED))))),
        (b"DELETED UNDELETED", And((HasFlag(Flag.DELETED), Not(HasFlag(Flag.DELETED))))),
        (b"DRAFT UNDRAFT", And((HasFlag(Flag.DRAFT), Not(HasFlag(Flag.DRAFT))))),
        (b"FLAGGED UNFLAGGED", And((HasFlag(Flag.FLAGGED), Not(HasFlag(Flag.FLAGGED))))),
        (b"seen", SEEN),
        (b"UNSEEN", Not(SEEN)),
        (b"NEW", And((IsRecent(), Not(SEEN)))),
        (b"OLD RECENT", And((Not(IsRecent()), IsRecent()))),
        (b"KEYWORD $x UNKEYWORD y", And((HasKeyword("$x"), Not(HasKeyword("y"))))),
        (b"FROM a TO b CC c BCC d SUBJECT e", And(tuple(
            InHeader(name, text) for name, text in zip(("from", "to", "cc", "bcc", "subject"), "abcde", strict=True)))),
        (b'HEADER List-Id ""', InHeader("list-id", "")),
        (b'BODY "x y" TEXT {1+}\r\nz', And((InBody("x y"), InText("z")))),
        (b"LARGER 1 SMALLER 4294967296", And((Larger(1), Smaller(4294967296)))),
        (b"BEFORE 1-Feb-2024", OnDay(DateOf.ARRIVAL, When.BEFORE, DAY)),
        (b'ON "1-feb-2024"', OnDay(DateOf.ARRIVAL, When.ON, DAY)),
        (b"SINCE 01-Feb-2024", OnDay(DateOf.ARRIVAL, When.SINCE, DAY)),
        (b"SENTBEFORE 1-Feb-2024", OnDay(DateOf.SENT, When.BEFORE, DAY)),
        (b"SENTON 1-Feb-2024", OnDay(DateOf.SENT, When.ON, DAY)),
        (b"SENTSINCE 1-Feb-2024", OnDay(DateOf.SENT, When.SINCE, DAY)),
        (b"NOT NOT SEEN", Not(Not(SEEN))),
        (b"OR SEEN OR ALL NEW", Or(SEEN, Or(All(), And((IsRecent(), Not(SEEN)))))),
        (b"(SEEN ALL) (ALL)", And((And((SEEN, All())), All()))),
        (b"NOT(SEEN)", Not(SEEN)),
        (b"UID 1:* 2:4,9", And((Uids(SequenceSet(((1, 0),))), Numbers(SequenceSet(((2, 4), (9, 9))))))),
        (b"* $", And((Numbers(SequenceSet(((0, 0),))), Numbers(SequenceSet(is_saved=True))))),
    ],
)  # fmt: skip
def test_search_keys(keys: bytes, query: Query) -> None:
    assert parse(b"SEARCH " + keys) == Search(query=query)
    assert parse(b"UID SEARCH " + keys + b" ") == Search(query=query, by_uid=True)


@pytest.mark.parametrize(
    ("options", "returns"),
    [
        (b"RETURN () ", {ResultOption.ALL}),
        (b"return (min MAX count save) ", {ResultOption.MIN, ResultOption.MAX, ResultOption.COUNT, ResultOption.SAVE}),
        (b"RETURN(ALL)", {ResultOption.ALL}),
    ],
)
def test_search_return_options(options: bytes, returns: set[ResultOption]) -> None:
    expected = Search(query=SEEN, returns=Returns(frozenset(returns)))
    line = b"SEARCH " + options
    assert parse(line + (b"SEEN" if line.endswith(b" ") else b" SEEN")) == expected


@pytest.mark.parametrize(
    ("charset", "raw"),
    [(b"UTF-8", "ü".encode()), (b'"iso-8859-1"', b"\xfc"), (b"koi8-r", "щ".encode("koi8-r")), (b"US-ASCII", b"u")],
)
def test_search_charsets(charset: bytes, raw: bytes) -> None:
    found = parse(b"SEARCH CHARSET " + charset + b" SUBJECT {%d+}\r\n" % len(raw) + raw)
    text = raw.decode(charset.strip(b'"').decode())
    assert found == Search(query=InHeader("subject", text))


def test_an_unknown_charset_is_told_apart() -> None:
    with pytest.raises(BadCharset):
        parse(b"SEARCH CHARSET x-klingon ALL")
    with pytest.raises(BadCharset):
        parse(b"SEARCH CHARSET base64 ALL")  # a codec of Python, and no charset


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"XYZZY", "no command XYZZY"),
        (b"UID NOOP", "no command UID NOOP"),
        (b"UID", "no command UID"),
        (b"SELECT", "a space expected at the end"),
        (b'SELECT ""', "folder name is empty"),
        (b"SELECT a b", "end of the command expected before 'b'"),
        (b'SELECT "a', "folder name"),
        (b'SELECT "a\\b"', "folder name"),
        (b"SELECT {1+}\r\n\xff", "UTF-8"),
        (b"SELECT {1+}\r\n\0", "NUL"),
        (b"CREATE /", "empty"),
        (b"CREATE x (FOO)", "USE"),
        (b"CREATE x (USE (\\Foo))", "special use"),
        (b"LOGIN ann", "LOGIN takes"),
        (b"LOGIN ann secret secret", "LOGIN takes"),
        (b"AUTHENTICATE PLAIN @@@", "base64"),
        (b"ENABLE", "at least one"),
        (b"ID x", "list or NIL"),
        (b'ID ("a")', "no value"),
        (b"ID (" + b'"a" "b" ' * 31 + b")", "more than 60"),
        (b"APPEND INBOX", "needs a message"),
        (b"LIST", "space"),
        (b'LIST ""', "space"),
        (b'LIST "" ()', "patterns is empty"),
        (b'LIST (FOO) "" %', "selection option"),
        (b'LIST (RECURSIVEMATCH REMOTE) "" %', "needs SUBSCRIBED"),
        (b'LIST "" % FOO ()', "RETURN"),
        (b'LIST "" % RETURN (FOO)', "return option"),
        (b"STATUS x ()", "empty"),
        (b"STATUS x (FOO)", "STATUS knows"),
        (b"STORE 1", "FLAGS"),
        (b"STORE 1 FLAGS", "FLAGS"),
        (b"STORE 1 FLAGS ", "a flag expected"),
        (b"STORE 1 *FLAGS (a)", "FLAGS"),
        (b"STORE 1 FLAGS (\\Foo)", "no flag"),
        (b"STORE 1 FLAGS (a", "flag expected|space"),
        (b"STORE 1 FLAGS (%b)" % (b"k" * 200), "at most 128"),
        (b"STORE 1 FLAGS (" + b" ".join(b"k%d" % n for n in range(65)) + b")", "at most 64"),
        (b"STORE 0 FLAGS (a)", "'0' is not"),
        (b"STORE 1: FLAGS (a)", "'1:' is not"),
        (b"STORE 1,,2 FLAGS (a)", "'' is not"),
        (b"STORE 4294967296 FLAGS (a)", "greater than"),
        (b"STORE 99999999999 FLAGS (a)", "is not"),
        (b"STORE " + b"1," * 16384 + b"1 FLAGS (a)", "more than 16384"),
        (b"EXPUNGE 1", "end of the command"),
        (b"SEARCH", "space"),
        (b"SEARCH ", "search key"),
        (b"SEARCH ()", "empty"),
        (b"SEARCH FOO", "no search key FOO"),
        (b"SEARCH NOT", "space"),
        (b"SEARCH OR SEEN", "space"),
        (b"SEARCH SUBJECT {1+}\r\n\xff", "not valid UTF-8"),
        (b"SEARCH BEFORE yesterday", "date"),
        (b"SEARCH RETURN (FOO) ALL", "result option"),
        (b"SEARCH LARGER 9223372036854775808", "too large"),
        (b"SEARCH " + b"(" * 51 + b"ALL" + b")" * 51, "50 levels"),
        (b"SEARCH " + b"NOT " * 51 + b"ALL", "50 levels"),
        (b"SEARCH " + b"(" * 60000, "50 levels"),
        (b"SEARCH " + b"ALL " * 2001, "2000 keys"),
        (b"SEARCH (" + b"ALL " * 2001 + b")", "2000"),
    ],
)
def test_what_is_wrong_is_said(line: bytes, words: str) -> None:
    with pytest.raises(Syntax, match=words):
        parse(line)


def test_fifty_levels_are_fine() -> None:
    assert parse(b"SEARCH " + b"(" * 49 + b"ALL" + b")" * 49) == Search(query=All())


def test_errors_never_repeat_a_password() -> None:
    with pytest.raises(Syntax) as caught:
        parse(b'LOGIN ann hunter2"')
    assert "hunter2" not in caught.value.message
    assert "hunter2" not in repr(Login("ann", "hunter2"))


def test_utf8_names_once_enabled() -> None:
    assert parse('SELECT "Entw&APw-ürfe"'.encode(), utf8=True) == Select("Entw&APw-ürfe")
    assert parse("SELECT Entwürfe".encode()) == Select("Entwürfe")


def test_names_of_the_table_are_what_the_receiver_gives() -> None:
    for name in (*PARSERS, *SIMPLE):
        (event,) = CommandReceiver(AFTER_LOGIN).receive(b"a " + name.lower() + b"\r\n")
        assert isinstance(event, CommandReady)
        assert event.name == name
