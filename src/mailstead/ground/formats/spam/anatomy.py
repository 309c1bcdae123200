"""A letter taken apart once, for all rules and for the tokens: fields, people, texts, links, attachments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from mailstead.ground.formats.addresslist import Mailbox, parse_mailboxes
from mailstead.ground.formats.charset import decode_charset
from mailstead.ground.formats.date import SentDate, parse_date
from mailstead.ground.formats.encoding import decode_body
from mailstead.ground.formats.headers import decode_field, each_field, unfold
from mailstead.ground.formats.parameter import decode_parameter, find_parameter
from mailstead.ground.formats.part import Part
from mailstead.ground.formats.spam.hops import HOPS_MAX, Hop, read_hop
from mailstead.ground.formats.spam.links import Link, find_links
from mailstead.ground.formats.spam.markup import Markup, read_markup
from mailstead.ground.formats.structure import Scanner

LETTER_MAX: Final = 256 << 10
"""Octets of a letter that are looked at."""
PART_MAX: Final = 48 << 10
"""Octets of one text."""
TEXTS_MAX: Final = 8
TEXT_MAX: Final = 32 << 10
"""Characters of all texts together."""
PARTS_MAX: Final = 200
WORDS_MAX: Final = 4000
PEOPLE_MAX: Final = 100
FIELD_MAX: Final = 10_000
"""Octets of one address field."""

_WORD: Final = re.compile(r"[^\W_](?:[\w'$]++|-(?=\w))++")
_LONG_WORD: Final = re.compile(r"[^\W_](?:[\w'$]|-(?=\w)){1,30}")
WORD_MAX: Final = 31
_INVISIBLE: Final = re.compile("[\xad\u034f\u200b-\u200f\u2060-\u2064\ufeff]")


@dataclass(frozen=True, slots=True)
class Person:
    """One mailbox of a field, decoded. `site` is the domain in lower case."""

    name: str
    local: str
    site: str

    @property
    def address(self) -> str:
        """In lower case, to compare by."""
        return f"{self.local}@{self.site}".lower()


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A part that is no text: its type, the name it goes by, its first octets."""

    media: str
    name: str
    begin: bytes


@dataclass
class Anatomy:
    """Everything that rules may go by. Made by `dissect`."""

    fields: dict[str, list[bytes]]  # raw bodies by lower-case name
    names: list[bytes]  # of all fields, as written, in order
    root: Part
    size: int
    plain: list[str] = field(default_factory=list)
    markups: list[Markup] = field(default_factory=list)
    enclosures: list[Enclosure] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    needless: int = 0  # texts in base64 that are ASCII
    unnamed: int = 0  # texts in raw characters of no kind that is named
    _people: dict[str, list[Person]] = field(default_factory=dict)

    def first(self, name: str) -> bytes:
        """The unfolded body of the first field of that name."""
        found = self.fields.get(name)
        return unfold(found[0]) if found else b""

    def text_of(self, name: str) -> str:
        """The same, decoded."""
        return decode_field(self.first(name)[:2000])

    def people(self, name: str) -> list[Person]:
        """Of an address field; read once."""
        found = self._people.get(name)
        if found is None:
            boxes = parse_mailboxes(self.first(name)[:FIELD_MAX], PEOPLE_MAX)
            found = self._people[name] = [_person(box) for box in boxes if box.host is not None and box.local]
        return found

    @cached_property
    def sent(self) -> SentDate | None:
        """What its Date field says."""
        return parse_date(self.first("date"))

    @cached_property
    def authors(self) -> list[Person]:
        """From."""
        return self.people("from")

    @cached_property
    def subject(self) -> str:
        """Decoded."""
        return self.text_of("subject")

    @cached_property
    def hops(self) -> list[Hop]:
        """The newest first."""
        return [read_hop(value) for value in self.fields.get("received", ())[:HOPS_MAX]]

    @cached_property
    def text(self) -> str:
        """What a reader sees: of two forms of the same the HTML one, for that is shown."""
        shown = [markup.text for markup in self.markups]
        if not shown or (len("".join(shown).strip()) < 20 and self.plain):
            shown += self.plain
        return "\n".join(shown)[:TEXT_MAX]

    @cached_property
    def words(self) -> list[str]:
        """Of the text, in lower case and in order."""
        return find_words(self.text)

    @cached_property
    def links(self) -> list[Link]:
        """All of them, of both forms."""
        links = [link for markup in self.markups for link in markup.links]
        for text in (*self.plain, *(markup.text for markup in self.markups)):
            links += find_links(text[:TEXT_MAX])
        return links


def find_words(text: str) -> list[str]:
    """In lower case and in order; what has no width does not part them. Longer ones than WORD_MAX fall into pieces."""
    words = _WORD.findall((text if text.isascii() else _INVISIBLE.sub("", text)).lower())[:WORDS_MAX]
    if max(map(len, words), default=0) <= WORD_MAX:
        return words
    return [piece for word in words for piece in _LONG_WORD.findall(word)][:WORDS_MAX]


def _person(box: Mailbox) -> Person:
    local, host = box.local or b"", box.host or b""
    name = decode_field(box.name) if box.name else ""
    return Person(name, local.decode("utf-8", "replace"), host.decode("utf-8", "replace").lower())


def dissect(data: bytes) -> Anatomy:
    """The beginning of a letter is enough."""
    data = data[:LETTER_MAX]
    scanner = Scanner()
    root = scanner.scan(data)
    fields: dict[str, list[bytes]] = {}
    names = []
    for name, value in each_field(scanner.header):
        if name:
            names.append(name)
            fields.setdefault(name.decode("latin-1").lower(), []).append(value)
    anatomy = Anatomy(fields, names, root, len(data))
    for part in _leaves(root):
        anatomy.parts.append(part)
        if part.is_text and not _is_attached(part):
            _read_text(anatomy, part, data)
        else:
            anatomy.enclosures.append(_enclosure(part, data))
    return anatomy


def _leaves(root: Part) -> Iterator[Part]:
    stack, count = [root], 0
    while stack and count < PARTS_MAX:
        part = stack.pop()
        if part.children:
            stack += reversed(part.children)
        else:
            count += 1
            yield part


def _is_attached(part: Part) -> bool:
    return part.disposition is not None and part.disposition[0].lower() == b"attachment"


def _read_text(anatomy: Anatomy, part: Part, data: bytes) -> None:
    if len(anatomy.plain) + len(anatomy.markups) >= TEXTS_MAX:
        return
    raw = data[part.body_offset : part.body_offset + min(part.body_size, PART_MAX)]
    body = decode_body(raw, part.encoding)
    if part.encoding.lower() == b"base64" and body.isascii() and body.strip():
        anatomy.needless += 1
    charset = find_parameter(part.params, b"charset")
    if not body.isascii() and (charset or b"us-ascii").lower() == b"us-ascii" and not _is_utf8(body):
        anatomy.unnamed += 1
    text = decode_charset(body, charset)
    if part.subtype.lower() == b"html" or (
        part.subtype.lower() == b"plain" and text[:200].lstrip()[:6].lower() == "<html>"
    ):
        anatomy.markups.append(read_markup(text))
    else:
        anatomy.plain.append(text)


def _is_utf8(body: bytes) -> bool:
    """But for a character that was cut at the end."""
    try:
        body[: max(0, len(body) - 4)].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(body) - 8
    return True


def _enclosure(part: Part, data: bytes) -> Enclosure:
    name = decode_parameter(part.disposition[1], b"filename") if part.disposition is not None else None
    name = name or decode_parameter(part.params, b"name") or ""
    begin = decode_body(data[part.body_offset : part.body_offset + 64], part.encoding)
    return Enclosure(part.media.decode("latin-1"), name.strip().lower()[:200], begin)
