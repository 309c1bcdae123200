"""SPF records (RFC 7208 §4.5, §4.6, §12): read whole, for one error anywhere spoils all of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

from mailstead.ground.formats.spf.macro import SyntaxFault, Text, read_text

RECORD_MAX: Final = 16 << 10
"""Octets; §3.4 wants fewer than 512."""
REMEMBERED_MAX: Final = 256
"""Records as they were read: much mail comes by a few."""
IPV4_BITS: Final = 32
IPV6_BITS: Final = 128

_VERSION: Final = re.compile(r"v=spf1(?: |\Z)", re.IGNORECASE)
_MODIFIER: Final = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*+)=(.*+)", re.DOTALL)
_MECHANISM: Final = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9]*+)(?=[:/]|\Z)(.*+)", re.DOTALL)
_CIDR: Final = re.compile(r"(?:/(0|[1-9][0-9]{0,2}))?(?://(0|[1-9][0-9]{0,2}))?\Z")
_BITS: Final = re.compile(r"(?:0|[1-9][0-9]{0,2})\Z")
_MACRO_END: Final = re.compile(r"%(?:\{[^{}]*\}|[%_-])\Z")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\Z")


class Qualifier(Enum):
    """What a match means."""

    PASS = "+"  # noqa: S105 - a sign, no secret
    FAIL = "-"
    SOFTFAIL = "~"
    NEUTRAL = "?"


class Name(Enum):
    """The mechanisms (§5)."""

    ALL = "all"
    INCLUDE = "include"
    A = "a"
    MX = "mx"
    PTR = "ptr"
    IP4 = "ip4"
    IP6 = "ip6"
    EXISTS = "exists"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One term that may match. `text` is how it was written."""

    name: Name
    qualifier: Qualifier = Qualifier.PASS
    text: str = ""
    target: Text | None = None  # None: the domain that is checked
    ip4_bits: int = IPV4_BITS
    ip6_bits: int = IPV6_BITS
    network: IPv4Address | IPv6Address | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One record. Mechanisms are tried in order; `redirect` counts if none of them matches."""

    mechanisms: tuple[Mechanism, ...]
    redirect: Text | None = None
    explanation: Text | None = None


def select_records(texts: Sequence[str]) -> list[str]:
    """§4.5: those of this version, without its sign."""
    return [text[len("v=spf1") :] for text in texts if _VERSION.match(text)]


@lru_cache(REMEMBERED_MAX)
def read_record(text: str) -> Record:
    """What follows "v=spf1"; SyntaxFault."""
    if len(text) > RECORD_MAX:
        raise SyntaxFault("the record is too long")
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, Text] = {}
    for term in filter(None, text.split(" ")):
        modifier = _MODIFIER.fullmatch(term)
        if modifier is None:
            mechanisms.append(_read_mechanism(term))
            continue
        name = modifier[1].lower()
        if name not in ("redirect", "exp"):
            read_text(modifier[2])  # §6: unknown ones mean nothing, yet keep to the grammar
        elif name in modifiers:
            raise SyntaxFault(f"{name}= is given twice")
        else:
            modifiers[name] = _read_target(modifier[2])
    return Record(tuple(mechanisms), modifiers.get("redirect"), modifiers.get("exp"))


def _read_mechanism(term: str) -> Mechanism:
    found = _MECHANISM.fullmatch(term)
    if found is None:
        raise SyntaxFault(f"no term: {term[:40]!r}")
    try:
        name = Name(found[2].lower())
    except ValueError:
        raise SyntaxFault(f"no mechanism: {term[:40]!r}") from None
    qualifier, rest = Qualifier(found[1] or "+"), found[3]
    match name:
        case Name.ALL if not rest:
            return Mechanism(name=name, qualifier=qualifier, text=term)
        case Name.INCLUDE | Name.EXISTS if rest.startswith(":"):
            return Mechanism(name=name, qualifier=qualifier, text=term, target=_read_target(rest[1:]))
        case Name.PTR if rest.startswith(":") or not rest:
            target = _read_target(rest[1:]) if rest else None
            return Mechanism(name=name, qualifier=qualifier, text=term, target=target)
        case Name.A | Name.MX:
            return _read_hosts(name, qualifier, term, rest)
        case Name.IP4 | Name.IP6 if rest.startswith(":"):
            return _read_network(name, qualifier, term, rest[1:])
        case _:
            raise SyntaxFault(f"no such form of {name.value}: {term[:40]!r}")


def _read_hosts(name: Name, qualifier: Qualifier, term: str, rest: str) -> Mechanism:
    """§5.3, §5.4: a domain, and the length of a prefix for each kind of address."""
    cidr = _CIDR.search(rest)
    assert cidr is not None, "it matches nothing, too"
    domain = rest[: cidr.start()]
    if domain and not domain.startswith(":"):
        raise SyntaxFault(f"no such form of {name.value}: {term[:40]!r}")
    return Mechanism(
        name=name,
        qualifier=qualifier,
        text=term,
        target=_read_target(domain[1:]) if domain else None,
        ip4_bits=_read_bits(cidr[1], IPV4_BITS),
        ip6_bits=_read_bits(cidr[2], IPV6_BITS),
    )


def _read_network(name: Name, qualifier: Qualifier, term: str, rest: str) -> Mechanism:
    """§5.6."""
    address, slash, digits = rest.partition("/")
    if slash and not _BITS.match(digits):
        raise SyntaxFault(f"no prefix length: {term[:40]!r}")
    try:
        if name is Name.IP4:
            bits = _read_bits(digits or None, IPV4_BITS)
            return Mechanism(name=name, qualifier=qualifier, text=term, network=IPv4Address(address), ip4_bits=bits)
        if "%" in address:
            raise SyntaxFault("an address of one link only")
        bits = _read_bits(digits or None, IPV6_BITS)
        return Mechanism(name=name, qualifier=qualifier, text=term, network=IPv6Address(address), ip6_bits=bits)
    except AddressValueError:
        raise SyntaxFault(f"no address: {term[:60]!r}") from None


def _read_bits(digits: str | None, most: int) -> int:
    if digits is None:
        return most
    if int(digits) > most:
        raise SyntaxFault(f"a prefix of {digits} bits")
    return int(digits)


def _read_target(text: str) -> Text:
    """§7.1 domain-spec: it ends in a macro or in a top label behind a dot."""
    if not _MACRO_END.search(text):
        before, dot, top = text.removesuffix(".").rpartition(".")
        if not (before or dot) or not _LABEL.match(top) or top.isdigit():
            raise SyntaxFault(f"no domain: {text[:60]!r}")
    return read_text(text)
