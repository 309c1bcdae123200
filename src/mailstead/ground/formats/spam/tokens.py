"""What a letter is learned by: words, pairs of words, and the marks of who made it and how it came, as numbers.

Dates, our own marks and those of other filters are no tokens: they say when and where a letter was taken.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final
from zlib import crc32

from mailstead.ground.formats.parameter import find_parameter
from mailstead.ground.formats.spam.anatomy import Anatomy, find_words
from mailstead.ground.formats.spam.links import site_of
from mailstead.ground.model.opinion import Symptom

VERSION: Final = 1
"""Of the tokens: what was learned by others of them is of no use."""
WORDS_MAX: Final = 1200
LINKS_MAX: Final = 30
TOKENS_MAX: Final = 4000

_MIX: Final = 0x9E3779B1
_LOW: Final = 0xFFFFFFFF
_DIGITS: Final = re.compile(r"[0-9]+")
_LETTERS: Final = re.compile(r"[a-zA-Z]+")
_PATH: Final = re.compile(r"[a-z]{3,20}")
_QUIET: Final = frozenset(
    """
    received delivered-to return-path date x-original-to authentication-results x-mailstead-reason envelope-to
    from to subject resent-date x-received arc-seal arc-message-signature arc-authentication-results received-spf
    delivery-date x-virus-scanned x-originalarrivaltime
    """.split()  # noqa: SIM905 - a table for people
)


def hash_token(token: str) -> int:
    """32 bits, the same in every process and for ever."""
    return crc32(token.encode("utf-8", "surrogatepass"))


def find_tokens(letter: Anatomy, symptoms: Iterable[Symptom] = ()) -> frozenset[int]:
    """All of a letter, each once. `symptoms`: what the rules said is evidence to learn by, too."""
    text = letter.words[:WORDS_MAX]
    hashes = {word: hash_token(word) for word in set(text)}  # half of a text is words that it has used before
    words = [hashes[word] for word in text]
    tokens = set(words)
    tokens.update([(one * _MIX ^ other) & _LOW for one, other in pairwise(words)])
    tokens.update(map(hash_token, name_marks(letter)))
    tokens.update([hash_token(f"rule:{symptom.name}") for symptom in symptoms])
    return frozenset(tokens)


def name_marks(letter: Anatomy) -> Iterator[str]:
    """Everything but the words of the text, as it can be shown to people."""
    yield from _subject(letter)
    yield from _people(letter)
    yield from _header(letter)
    yield from _hops(letter)
    yield from _parts(letter)
    yield from _links(letter)


def _subject(letter: Anatomy) -> Iterator[str]:
    words = find_words(letter.subject)[:40]
    yield from (f"subject:{word}" for word in words)
    yield from (f"subject:{one} {other}" for one, other in pairwise(words))


def _people(letter: Anatomy) -> Iterator[str]:
    for author in letter.authors[:2]:
        yield f"from:{author.address}"
        yield f"from:{site_of(author.site)}"
        yield f"from:{author.site.rpartition('.')[2]}"
        yield from (f"name:{word}" for word in find_words(author.name)[:8])
        if not author.name:
            yield "name:"
    for person in letter.people("reply-to")[:2]:
        yield f"reply-to:{site_of(person.site)}"
    addressed = letter.people("to") + letter.people("cc")
    yield f"to:{min(len(addressed), 5)}"
    yield from (f"to:{site_of(person.site)}" for person in addressed[:5])
    yield f"to-name:{any(person.name for person in addressed)}"


def _header(letter: Anatomy) -> Iterator[str]:
    for name in letter.names[:80]:
        text = name.decode("latin-1")
        lower = text.lower()
        if lower not in _QUIET and not lower.startswith("x-spam"):
            yield f"field:{text}"
    for field in ("x-mailer", "user-agent", "list-id", "x-priority", "precedence"):
        if field in letter.fields:
            words = find_words(letter.text_of(field))[:8]
            yield f"{field}:{' '.join(words)}"
            yield from (f"{field}:{word}" for word in words)
    number = letter.first("message-id").decode("latin-1").strip("<> ")
    local, _, host = number.rpartition("@")
    yield f"id:{_shape(local)}"
    yield f"id:{site_of(host.lower())}"


def _shape(text: str) -> str:
    """How the programs that number letters may be told apart."""
    return _LETTERS.sub("a", _DIGITS.sub("9", text[:80]))[:40]


def _hops(letter: Anatomy) -> Iterator[str]:
    for hop in letter.hops[:10]:
        if hop.helo:
            yield f"helo:{site_of(hop.helo)}"
        if hop.name:
            yield f"host:{site_of(hop.name)}"
        if hop.ip:
            yield f"net:{hop.network}"


def _parts(letter: Anatomy) -> Iterator[str]:
    yield f"type:{letter.root.media.decode('latin-1')}"
    for part in letter.parts[:20]:
        charset = find_parameter(part.params, b"charset") or b""
        yield f"part:{part.media.decode('latin-1')}"
        yield f"part:{charset[:30].lower().decode('latin-1')} {part.encoding.lower().decode('latin-1')}"
    for enclosure in letter.enclosures[:10]:
        yield f"file:{enclosure.name.rpartition('.')[2][:10]}"
    boundary = find_parameter(letter.root.params, b"boundary")
    if boundary:
        yield f"boundary:{_shape(boundary.decode('latin-1'))}"
    for markup in letter.markups[:3]:
        yield from (f"tag:{name}" for name in markup.names)
        yield from (f"look:{look}" for look in markup.looks)


def _links(letter: Anatomy) -> Iterator[str]:
    for link in letter.links[:LINKS_MAX]:
        yield f"link:{link.host}"
        yield f"link:{link.site}"
        yield from (f"path:{word}" for word in _PATH.findall(link.path.lower())[:8])
