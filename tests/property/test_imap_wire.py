"""IMAP on bytes: nothing depends on how they are cut, what is written is read back, and no bytes raise."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.wire.imap.command import Append, Command, Login
from mailstead.ground.wire.imap.dates import parse_date_time, render_date_time
from mailstead.ground.wire.imap.event import CommandReady, Event, LiteralChunk, MessageLiteral, Refused
from mailstead.ground.wire.imap.grammar.append import AppendScript, Literal
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.grammar.table import PARSERS, SIMPLE, parse_command
from mailstead.ground.wire.imap.limits import Limits
from mailstead.ground.wire.imap.receiver import CommandReceiver
from mailstead.ground.wire.imap.response import folder_list, folder_name
from mailstead.ground.wire.imap.string import render_astring, render_string
from mailstead.ground.wire.imap.syntax import Syntax
from mailstead.ground.wire.imap.utf7 import decode_name, decode_utf7, encode_utf7

TIGHT = Limits(line=40, command=120, literal=30, plus_literal=12, literals=3, swallow=200)

SPICE = [
    *(b" ", b" ", b" ", b"\r\n", b"\r\n", b"\r", b"\n", b"\0", b"(", b")", b'"', b"\\", b"\xff"),
    *(b"a1", b"*", b"NOOP", b"LOGIN", b"APPEND", b"UID", b"FETCH", b"1:*", b"DONE", b"a NOOP\r\n"),
    *(b"{3}\r\nabc", b"{3+}\r\nabc", b"~{4}\r\nab\0d", b"{0+}\r\n", b"{13+}\r\n" + b"x" * 13),
    *(b"{99}", b"{99+}", b"{999999999999+}", b"A" * 30, b"((((((((((("),
]
atoms = st.sampled_from(SPICE)
streams = st.lists(st.one_of(atoms, atoms, st.binary(max_size=8)), max_size=60).map(b"".join)


def joined(events: list[Event]) -> list[Event]:
    """Chunks of one message made one: where they are cut is the network's business."""
    out: list[Event] = []
    for event in events:
        if isinstance(event, LiteralChunk) and out and isinstance(out[-1], LiteralChunk) and not out[-1].is_last:
            out[-1] = LiteralChunk(out[-1].data + event.data, event.is_last)
        else:
            out.append(event)
    return out


def held(receiver: CommandReceiver) -> int:
    return len(receiver._data) + len(receiver._gathered)


@settings(max_examples=500)
@given(streams, st.data())
def test_events_do_not_depend_on_chunking(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, cut = CommandReceiver(TIGHT), CommandReceiver(TIGHT)
    assert joined(list(whole.receive(stream))) == joined([event for chunk in chunks for event in cut.receive(chunk)])


@given(streams)
def test_byte_by_byte_is_no_different(stream: bytes) -> None:
    whole, cut = CommandReceiver(TIGHT), CommandReceiver(TIGHT)
    events = [event for i in range(len(stream)) for event in cut.receive(stream[i : i + 1])]
    assert joined(list(whole.receive(stream))) == joined(events)
    assert held(cut) <= TIGHT.command + TIGHT.line + 64


@given(streams, st.booleans())
def test_refusing_every_literal_keeps_the_stream_in_step(stream: bytes, binary: bool) -> None:
    """What is refused is thrown away: afterwards a command is understood, unless the connection is over."""
    receiver = CommandReceiver(TIGHT)
    for event in receiver.receive(stream):
        if isinstance(event, MessageLiteral) and not receiver.refuse():
            assert list(receiver.receive(b"z NOOP\r\n")) == []
            return
        if isinstance(event, Refused) and event.is_fatal:
            return
        assert held(receiver) <= len(stream) + TIGHT.command + TIGHT.line


names = st.sampled_from(sorted([*PARSERS, *SIMPLE, b"XYZZY"]))
WORDS = [
    *(b" ", b"(", b")", b"[", b"]", b'"', b'"a"', b"\\", b"\\Seen", b"&", b"&AAA-", b"\xc3\xbc", b"\xff", b"\0"),
    *(b"1", b"1:*", b"$", b"*", b"99999999999999999999", b"<0.5>", b"1-Feb-2024", b"NIL", b"=", b"AGE="),
    *(b"{1+}\r\nx", b"{9+}\r\n", b"{0}\r\n", b"FLAGS", b"+FLAGS", b"RETURN", b"CHARSET", b"UTF-8", b"USE", b"STATUS"),
    *(b"NOT", b"OR", b"SEEN", b"UID", b"SINCE", b"LARGER", b"HEADER", b"CHILDREN"),
    *(b"BODY[", b"HEADER.FIELDS", b"BODY.PEEK[1.TEXT]", b"BINARY"),
]
WORDS += [b"SET", b"NONE", b"SELECTED", b"SUBTREE", b"MessageNew", b"MessageExpunge", b"CATENATE (", b"TEXT", b"URL x"]
WORDS += [b"UTF8 (", b"DEFLATE"]
words = st.sampled_from(WORDS)
arguments = st.lists(st.one_of(words, words, st.binary(max_size=6)), max_size=25).map(b"".join)


def parse(ready: CommandReady, *, utf8: bool) -> Command | None:
    try:
        return parse_command(ready, utf8=utf8)
    except Syntax as problem:
        assert problem.message
        assert problem.message.isprintable()
        return None


@settings(max_examples=1000)
@given(names, arguments, st.booleans())
def test_any_arguments_give_a_value_or_words(name: bytes, args: bytes, utf8: bool) -> None:
    first = parse(CommandReady(b"a", name, args), utf8=utf8)
    assert parse(CommandReady(b"a", name, args), utf8=utf8) == first


@given(arguments, st.booleans())
def test_any_append_head_gives_a_value_or_words(head: bytes, is_first: bool) -> None:
    script = AppendScript()
    try:
        if not is_first:
            script.read(b" a ")
        step = script.read(head)[0]
    except Syntax:
        return
    assert isinstance(step, Append)
    assert bool(step.folder) is is_first


@given(st.sampled_from([b"APPEND", b"REPLACE", b"UID REPLACE"]), st.lists(arguments, min_size=1, max_size=5))
def test_any_texts_around_literals_give_steps_or_words(name: bytes, texts: list[bytes]) -> None:
    """As a server reads them: what ends in a literal goes on, the last text ends the command."""
    script = AppendScript(name)
    try:
        for index, text in enumerate(texts):
            steps = script.read(text, is_end=index == len(texts) - 1)
            assert index == len(texts) - 1 or isinstance(steps[-1], Literal)
            assert index or isinstance(steps[0], Append)
    except Syntax as problem:
        assert problem.message.isprintable()


@given(st.text())
def test_folder_names_come_back(name: str) -> None:
    wire = encode_utf7(name)
    assert wire.isascii()
    assert decode_utf7(wire) == name


@given(st.binary(max_size=40))
def test_any_bytes_are_a_folder_name_or_not(raw: bytes) -> None:
    for utf8 in (False, True):
        try:
            name = decode_name(raw, utf8=utf8)
        except Syntax:
            continue
        again = folder_name(name, utf8=utf8)
        assert Cursor(again, utf8=utf8).folder_pattern() == name


@given(st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]), min_size=1), st.booleans())
def test_what_list_shows_can_be_selected(name: str, utf8: bool) -> None:
    line = folder_list([], name, utf8=utf8)
    sent = line[len(b'* LIST () "/" ') : -2]
    (event,) = CommandReceiver().receive(b"a SELECT " + sent.replace(b"}\r\n", b"+}\r\n") + b"\r\n")
    assert isinstance(event, CommandReady)
    selected = Cursor(event.args[1:], utf8=utf8).folder()
    assert selected == (name if name[:5].upper() != "INBOX" else selected)


@given(st.binary(max_size=1200).map(lambda raw: raw.replace(b"\0", b"")))
def test_strings_come_back(value: bytes) -> None:
    for rendered in (render_string(value), render_astring(value)):
        cursor = Cursor(rendered)
        assert cursor.astring() == value
        assert cursor.at_end()


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50), st.text(max_size=5))
def test_logins_survive_literals(user: str, rest: str) -> None:
    raw = user.encode()
    line = b"a LOGIN {%d+}\r\n%b secret\r\n" % (len(raw), raw)
    (event,) = CommandReceiver().receive(line)
    assert isinstance(event, CommandReady)
    assert parse_command(event) == Login(user, "secret")


numbers = st.integers(0, 4294967295)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=20), st.integers(1, 4294967295))
def test_sequence_sets_come_back_and_resolve(ranges: list[tuple[int, int]], largest: int) -> None:
    written = SequenceSet(tuple(ranges))
    read = Cursor(str(written).encode()).sequence()
    assert read == written
    resolved = read.resolve(largest)
    assert len(resolved.runs) <= len(ranges)
    for first, last in ranges:
        assert (first or largest) in resolved
        assert (last or largest) in resolved
    assert all(a[1] + 1 < b[0] for a, b in zip(resolved.runs, resolved.runs[1:], strict=False))


@given(st.integers(-62135596800, 253402300799))
def test_dates_come_back(second: int) -> None:
    rendered = render_date_time(second * 1000)  # type: ignore[arg-type]
    assert parse_date_time(rendered.strip(b'"')) == second * 1000
