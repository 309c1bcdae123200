"""Reads DMARC aggregate reports as others write them: RFC 9990, RFC 7489 before it, and what came of both in practice.

A document without DTD and entities, of bounded depth, with a bounded number of records and octets of text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_address
from typing import Final, TypeVar
from xml.parsers import expat

from mailstead.ground.formats.feedback.aggregate import (
    About,
    Counted,
    Disposition,
    Override,
    Published,
    Reason,
    Record,
    Report,
    Sender,
    Signature,
)
from mailstead.ground.model.errors import Invalid

RECORDS_MAX: Final = 10_000
DEPTH_MAX: Final = 10
NODES_MAX: Final = 1000
"""Elements of one record."""
TEXT_MAX: Final = 1000
"""Characters of one element; what is longer is cut."""
LETTERS_MAX: Final = 1 << 40
TIME_MAX: Final = 1 << 35

WordT = TypeVar("WordT", bound=Enum)


@dataclass(slots=True)
class _Node:
    """An element with what is in it, until it has been read."""

    name: str
    text: str = ""
    children: list["_Node"] = field(default_factory=list)

    def find(self, *path: str) -> "_Node | None":
        """The first element there."""
        node: _Node | None = self
        for name in path:
            node = next((child for child in node.children if child.name == name), None) if node else None
        return node

    def all(self, name: str) -> Iterator["_Node"]:
        """Every child of that name."""
        return (child for child in self.children if child.name == name)

    def say(self, *path: str) -> str:
        """Its text; "" if it is not there."""
        node = self.find(*path)
        return " ".join(node.text.split()) if node else ""

    def need(self, *path: str) -> str:
        """Its text; Invalid if there is none."""
        text = self.say(*path)
        if not text:
            raise Invalid(f"the report has no {path[-1]}")
        return text


class AggregateReader:
    """Feed it the document, then `finish`; Invalid at any time."""

    def __init__(self) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        # No DTD, hence no entity of its own: neither a billion laughs nor a file of this machine.
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        parser.ExternalEntityRefHandler = _refuse
        self._parser = parser
        self._path: list[_Node] = []
        self._nodes = 0
        self._about: _Node | None = None
        self._published: _Node | None = None
        self._records: list[Counted] = []

    def feed(self, data: bytes) -> None:
        """A piece of the document."""
        self._parse(data, is_last=False)

    def finish(self) -> Report:
        """What it says."""
        self._parse(b"", is_last=True)
        if self._about is None or self._published is None or not self._records:
            raise Invalid("it lacks report_metadata, policy_published or any record")
        return Report(_read_about(self._about), _read_published(self._published), tuple(self._records))

    def _parse(self, data: bytes, *, is_last: bool) -> None:
        try:
            self._parser.Parse(data, is_last)
        except (expat.ExpatError, UnicodeError, LookupError) as error:
            raise Invalid(f"the report is no XML: {error}") from error

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        node = _Node(name.rpartition(" ")[2])
        self._nodes += 1
        if len(self._path) >= DEPTH_MAX or self._nodes > NODES_MAX:
            raise Invalid("the report nests too deep, or one of its records is too large")
        if not self._path and node.name != "feedback":
            raise Invalid("the document is no DMARC report")
        if len(self._path) > 1:
            self._path[-1].children.append(node)
        self._path.append(node)

    def _end(self, _name: str) -> None:
        node = self._path.pop()
        if len(self._path) != 1:
            return
        self._nodes = 0
        if node.name == "report_metadata":
            self._about = node
        elif node.name == "policy_published":
            self._published = node
        elif node.name == "record":
            if len(self._records) >= RECORDS_MAX:
                raise Invalid(f"the report has more than {RECORDS_MAX} records")
            self._records.append(_read_record(node))

    def _text(self, text: str) -> None:
        node = self._path[-1]
        node.text += text[: TEXT_MAX - len(node.text)]


def _refuse(*_: object) -> int:
    raise Invalid("the report has a DTD or entities")


def _read_about(node: _Node) -> About:
    begin, end = (_number(node.need("date_range", name), TIME_MAX) for name in ("begin", "end"))
    return About(
        organization=node.need("org_name"), email=node.say("email"), report_id=node.need("report_id"),
        begin=begin, end=end, error=node.say("error"), generator=node.say("generator"),
    )  # fmt: skip


def _read_published(node: _Node) -> Published:
    return Published(
        domain=_name(node.need("domain")), policy=_small(node.say("p")) or "none", subdomains=_small(node.say("sp")),
        nonexistent=_small(node.say("np")), dkim_mode=_small(node.say("adkim")) or "r",
        spf_mode=_small(node.say("aspf")) or "r", failure_options=_small(node.say("fo")) or "0",
        is_testing=node.say("testing") == "y",
    )  # fmt: skip


def _read_record(node: _Node) -> Counted:
    evaluated = node.find("row", "policy_evaluated") or _Node("")
    try:
        source = str(ip_address(node.need("row", "source_ip")))
    except ValueError:
        raise Invalid("a record has no source_ip that is one") from None
    results = node.find("auth_results") or _Node("")
    record = Record(
        source_ip=source,
        disposition=_word(Disposition, evaluated.say("disposition"), Disposition.NONE),
        is_dkim_aligned=evaluated.say("dkim").lower() == "pass",
        is_spf_aligned=evaluated.say("spf").lower() == "pass",
        header_from=_name(node.say("identifiers", "header_from")),
        envelope_from=_name(node.say("identifiers", "envelope_from")),
        envelope_to=_name(node.say("identifiers", "envelope_to")),
        reasons=tuple(
            Reason(_word(Override, one.say("type"), Override.OTHER), one.say("comment"))
            for one in evaluated.all("reason")
        ),
        dkim=tuple(
            Signature(
                _name(one.say("domain")),
                one.say("selector"),
                _small(one.say("result")) or "none",
                one.say("human_result"),
            )
            for one in results.all("dkim")
        ),
        spf=next(
            (
                Sender(_name(one.say("domain")), _small(one.say("result")) or "none", one.say("human_result"))
                for one in results.all("spf")
            ),
            None,
        ),
    )
    return Counted(record, _number(node.need("row", "count"), LETTERS_MAX))


def _number(text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:20]) > most:
        raise Invalid(f"{text[:20]!r} is no number that could be true")
    return int(text)


def _name(text: str) -> str:
    return text.lower()[:255]


def _small(text: str) -> str:
    return text.lower()[:32]


def _word(kind: type[WordT], text: str, otherwise: WordT) -> WordT:
    """Old reports have words that are no more."""
    return next((word for word in kind if word.value == text.lower()), otherwise)
