"""Whatever a message holds, its renditions are lists that any client can read, and hold what was put in."""

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.addresslist import Mailbox
from mailstead.ground.formats.envelope import Envelope
from mailstead.ground.formats.part import Part
from mailstead.ground.wire.imap.grammar.cursor import Cursor
from mailstead.ground.wire.imap.render import render_bodystructure, render_envelope

Tree = bytes | int | None | list["Tree"]


def read(rendered: bytes) -> Tree:
    """A strict reader of parenthesised lists: strings, numbers, NIL; addresses and parts stand without spaces."""
    cursor = Cursor(rendered)
    tree = _read(cursor)
    assert cursor.pos == len(rendered)
    return tree


def _read(cursor: Cursor) -> Tree:
    if not cursor.skip(b"("):
        if cursor.data[cursor.pos : cursor.pos + 1].isdigit():
            return cursor.number()
        return cursor.nstring()
    found: list[Tree] = []
    while not cursor.skip(b")"):
        if found and not cursor.skip(b" "):
            assert cursor.has(b"("), cursor.data[cursor.pos :]
        found.append(_read(cursor))
    return found


raw = st.binary(max_size=12).map(lambda value: value.replace(b"\0", b""))
maybe = st.none() | raw
mailboxes = st.lists(st.builds(Mailbox, maybe, maybe, maybe, maybe), max_size=3).map(tuple)
envelopes = st.builds(
    Envelope, maybe, maybe, mailboxes, mailboxes, mailboxes, mailboxes, mailboxes, mailboxes, maybe, maybe
)
params = st.lists(st.tuples(raw, raw), max_size=3).map(tuple)
leaves = st.builds(
    Part, path=st.just("1"), type=st.sampled_from([b"text", b"image", b"TEXT"]) | raw, subtype=raw, params=params,
    id=maybe, description=maybe, encoding=raw, size=st.integers(0, 1 << 40), lines=st.integers(0, 1 << 30), md5=maybe,
    disposition=st.none() | st.tuples(raw, params), language=st.lists(raw, max_size=2).map(tuple), location=maybe,
)  # fmt: skip
parts = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Part, path=st.just(""), type=st.just(b"multipart"), subtype=raw, params=params,
                  children=st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(Part, path=st.just("1"), type=st.just(b"message"), subtype=st.just(b"rfc822"),
                    envelope=envelopes, children=inner.map(lambda part: (part,)))
    ),
    max_leaves=8,
)  # fmt: skip


def addresses(mailboxes: tuple[Mailbox, ...]) -> Tree:
    return [[one.name, one.route, one.local, one.host] for one in mailboxes] or None


def envelope_tree(envelope: Envelope) -> Tree:
    lists = (envelope.from_, envelope.sender, envelope.reply_to, envelope.to, envelope.cc, envelope.bcc)
    return [envelope.date, envelope.subject, *map(addresses, lists), envelope.in_reply_to, envelope.message_id]


def flat(pairs: tuple[tuple[bytes, bytes], ...]) -> Tree:
    return [word for pair in pairs for word in pair] or None


def part_tree(part: Part, *, extended: bool) -> Tree:
    disposition: Tree = [part.disposition[0], flat(part.disposition[1])] if part.disposition else None
    tail: list[Tree] = [disposition, list(part.language) or None, part.location]
    if part.is_multipart:
        shape = [*(part_tree(child, extended=extended) for child in part.children), part.subtype]
        return [*shape, flat(part.params), *tail] if extended else shape
    found: list[Tree] = [
        part.type,
        part.subtype,
        flat(part.params),
        part.id,
        part.description,
        part.encoding,
        part.size,
    ]
    if part.envelope is not None:
        found += [envelope_tree(part.envelope), part_tree(part.children[0], extended=extended), part.lines]
    elif part.is_text:
        found.append(part.lines)
    return [*found, part.md5, *tail] if extended else found


@given(envelopes)
def test_envelopes_read_back(envelope: Envelope) -> None:
    assert read(render_envelope(envelope)) == envelope_tree(envelope)


@given(parts, st.booleans())
def test_structures_read_back(part: Part, extended: bool) -> None:
    assert read(render_bodystructure(part, extended=extended)) == part_tree(part, extended=extended)
