"""The kinds of value a configuration key may have, each with one reader from text and one writer back to it.

YAML's own guessing (`no` is false, `1:30` is ninety) is not used: the key knows what it wants.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, NewType

from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.dns_list import parse_dns_list
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.milter import parse_milter
from mailstead.ground.model.rate import parse_rates, show_rates
from mailstead.ground.model.spam_rules import check_config

Size = NewType("Size", int)
"""Bytes."""
Port = NewType("Port", int)
"""TCP port; 0 means: do not listen."""
Secret = NewType("Secret", str)
"""Never shown, never logged."""
Pem = NewType("Pem", str)
"""A private key of several lines, or with "\\n" between them: as secret as a `Secret`."""
HostName = NewType("HostName", str)
IpAddress = NewType("IpAddress", str)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Place = NewType("Place", str)
"""A host name, an address or a network."""

Rates = NewType("Rates", str)
"""How much in how long, like `20/minute 500/day`; empty: no limit."""

Milter = NewType("Milter", str)
"""A name, a socket and options, with blanks between."""

DnsListText = NewType("DnsListText", str)
"""A zone, an answer if only one counts, a weight."""

SpamConfigText = NewType("SpamConfigText", str)
"""Hard rules as JSON."""

LIST_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Doc:
    """The sentence that explains a key, in its annotation."""

    text: str


@dataclass(frozen=True, slots=True)
class Within:
    """The least and greatest value of a number, a size or (in seconds) a duration."""

    low: int
    high: int


class BadValue(Exception):  # noqa: N818 - a fact about the operator's text
    """What is wrong with a value, and how to mend it."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix


_NUMBER: Final = re.compile(r"-?[0-9](?:_?[0-9])*\Z")
_SIZE: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?i?b?)\Z", re.IGNORECASE)
_SIZE_UNITS: Final = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SECONDS: Final = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,6})?\Z")
_SPAN: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d|w)")
_SPAN_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})


def read_text(text: str) -> str:
    """Any text without control characters."""
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
        raise BadValue("holds a control character", "write it on one line of plain text")
    return text


def read_pem(text: str) -> Pem:
    """Text whose lines may end."""
    read_text(text.replace("\r", "").replace("\n", ""))
    return Pem(text)


def read_bool(text: str) -> bool:
    """true or false, and the words people use for them."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadValue(f"{text!r} is neither true nor false", "write true or false")


def read_int(text: str) -> int:
    """A whole number."""
    if not _NUMBER.match(text.strip()) or len(text) > 20:
        raise BadValue(f"{text!r} is not a whole number", "write digits only, like 100")
    return int(text.strip().replace("_", ""))


def read_size(text: str) -> Size:
    """Bytes: 52428800, 50MB, 50M, 50MiB; a step is 1024 in all of them, as in the mail servers people come from."""
    found = _SIZE.match(text.strip())
    if not found or len(text) > 32:
        raise BadValue(f"{text!r} is not a size", "write bytes, or a number with KB, MB, GB, like 50MB")
    return Size(int(float(found[1]) * _SIZE_UNITS[found[2].lower().rstrip("b").rstrip("i")]))


def read_span(text: str) -> timedelta:
    """A duration: 30s, 5m, 1h30m; a bare number is seconds, as in the files of other servers."""
    word = text.strip().lower()
    if _SECONDS.match(word):
        return timedelta(seconds=float(word))
    parts = _SPAN.findall(word)
    if not parts or "".join(_SPAN.split(word)[::3]).strip() or len(word) > 32:
        raise BadValue(f"{text!r} is not a duration", "write seconds, or a number with s, m, h or d, like 5m")
    try:
        return timedelta(seconds=sum(float(number) * _SPAN_UNITS[unit] for number, unit in parts))
    except OverflowError as error:
        raise BadValue(f"{text!r} is too long a time", "write a shorter one, like 30d") from error


def read_port(text: str) -> Port:
    """0 to 65535; a colon before it, as Go programs write it, is taken."""
    number = text.strip().removeprefix(":")
    if not (number.isascii() and number.isdigit()) or len(number) > 5 or int(number) > 65535:
        raise BadValue(f"{text!r} is not a port", "write a number from 1 to 65535, or 0 to not listen at all")
    return Port(int(number))


def read_path(text: str) -> Path:
    """A file or directory; ~ is the home directory."""
    if not text or "\0" in text:
        raise BadValue(f"{text!r} is not a path", "write the path of a file or directory")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise BadValue(f"{text!r} names the home of a user there is not", "write the whole path") from error


def read_host(text: str) -> HostName:
    """A domain name, kept in its ASCII form."""
    try:
        return HostName(canonical_domain(text.strip()))
    except Invalid as error:
        raise BadValue(str(error), "write a name like mail.example.com") from error


def read_ip(text: str) -> IpAddress:
    """One IP address to listen on."""
    try:
        return IpAddress(str(ipaddress.ip_address(text.strip().strip("[]"))))
    except ValueError as error:
        raise BadValue(f"{text!r} is not an IP address", "write one like 127.0.0.1, 0.0.0.0 or ::") from error


def read_network(text: str) -> Network:
    """A network, or a single address."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise BadValue(f"{text!r} is not a network", "write one like 10.0.0.0/8 or 2001:db8::/32") from error


def read_place(text: str) -> Place:
    """A host by its name, or addresses."""
    word = text.strip()
    try:
        return Place(str(ipaddress.ip_network(word, strict=False)))
    except ValueError:
        pass
    try:
        return Place(canonical_domain(word))
    except Invalid as error:
        raise BadValue(f"{text!r} is neither a host nor a network", "write a name, or one like 10.0.0.5/32") from error


def read_milter(text: str) -> Milter:
    """As it stands, if it can be read."""
    try:
        parse_milter(text)
    except Invalid as error:
        raise BadValue(str(error), "write one like `opendkim unix:/run/opendkim.sock timeout=30s`") from error
    return Milter(text.strip())


def read_rates(text: str) -> Rates:
    """Kept in the form in which all are shown."""
    try:
        return Rates(show_rates(parse_rates(text)))
    except Invalid as error:
        raise BadValue(str(error), "write one or more like 20/minute 100/hour 1000/day") from error


def read_dns_list(text: str) -> DnsListText:
    """As it stands, if it can be read."""
    try:
        parse_dns_list(text)
    except Invalid as error:
        raise BadValue(str(error), "write one like list.example=3 or list.example/127.0.0.4=1.5") from error
    return DnsListText(text.strip())


def read_spam_config(text: str) -> SpamConfigText:
    """As it stands, if it can be read."""
    try:
        return SpamConfigText(check_config(text.strip()))
    except Invalid as error:
        raise BadValue(str(error), 'write one like {"rules": [...]}') from error


READERS: Final[Mapping[object, Callable[[str], object]]] = {
    str: read_text,
    bool: read_bool,
    int: read_int,
    Size: read_size,
    timedelta: read_span,
    Port: read_port,
    Path: read_path,
    Secret: read_text,
    Pem: read_pem,
    HostName: read_host,
    IpAddress: read_ip,
    Network: read_network,
    Rates: read_rates,
    Place: read_place,
    Milter: read_milter,
    SpamConfigText: read_spam_config,
    DnsListText: read_dns_list,
}
NAMES: Final[Mapping[object, str]] = {
    str: "text",
    bool: "true or false",
    int: "number",
    Size: "size",
    timedelta: "duration",
    Port: "port",
    Path: "path",
    Secret: "secret",
    Pem: "private key",
    HostName: "host name",
    IpAddress: "IP address",
    Network: "network",
    Rates: "rates",
    Place: "host or network",
    Milter: "milter",
    SpamConfigText: "JSON",
    DnsListText: "list of the DNS",
}


def show_size(value: int) -> str:
    """The shortest exact form."""
    for unit, step in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if value and value % step == 0:
            return f"{value // step}{unit}"
    return str(value)


def show_span(value: timedelta) -> str:
    """The shortest exact form."""
    seconds = value.total_seconds()
    for unit, step in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % step == 0:
            return f"{int(seconds // step)}{unit}"
    return f"{seconds:g}s"
