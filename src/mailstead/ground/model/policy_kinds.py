"""What may stand in a column of a policy. `read` takes what JSON or the command line gave; `write` gives plain JSON.

A value that is not allowed raises ValueError; `allowed` says in words what is.
"""

import ipaddress
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.policy import Rate
from mailstead.ground.model.spam_rules import CONFIG_MAX, Misruled, check_config

EnumT = TypeVar("EnumT", bound=Enum)

TEXT_MAX = 1000
HEADERS_MAX = 64

_WORDS = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}
_FIELD_NAME = re.compile(r"[!-9;-~]{1,64}")  # RFC 5322 §2.2
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})")
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")


class Kind(Protocol):
    """One kind of value."""

    @property
    def allowed(self) -> str: ...
    def read(self, value: object) -> object: ...
    def write(self, value: object) -> object: ...


def _as_text(value: object, limit: int = TEXT_MAX) -> str:
    if not isinstance(value, str) or len(value) > limit or not value.isprintable():
        raise ValueError
    return value.strip()


@dataclass(frozen=True, slots=True)
class Switch:
    """The seed's columns hold 1 and 0, its JSON true and false, people write on and off."""

    allowed: str = "true or false"

    def read(self, value: object) -> bool:
        """A truth."""
        if isinstance(value, bool):
            return value
        text = str(value).lower() if isinstance(value, str | int) else ""
        if text not in _WORDS:
            raise ValueError
        return _WORDS[text]

    def write(self, value: object) -> object:
        """As it is."""
        return value


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number."""

    least: int
    most: int

    @property
    def allowed(self) -> str:
        """The range."""
        return f"a whole number from {self.least} to {self.most}"

    def read(self, value: object) -> int:
        """JSON knows no difference between 5 and 5.0."""
        number = Number(self.least, self.most).read(value)
        if number != int(number):
            raise ValueError
        return int(number)

    def write(self, value: object) -> object:
        """As it is."""
        return value


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    least: float
    most: float

    @property
    def allowed(self) -> str:
        """The range."""
        return f"a number from {self.least:g} to {self.most:g}"

    def read(self, value: object) -> float:
        """Within the range."""
        if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 32:
            raise ValueError
        number = float(value)
        if not self.least <= number <= self.most:  # "nan" is in no range
            raise ValueError
        return number

    def write(self, value: object) -> object:
        """As it is."""
        return value


@dataclass(frozen=True, slots=True)
class Sizes:
    """One of a few numbers."""

    sizes: tuple[int, ...]

    @property
    def allowed(self) -> str:
        """All of them."""
        return " or ".join(map(str, self.sizes))

    def read(self, value: object) -> int:
        """One of them."""
        number = Whole(min(self.sizes), max(self.sizes)).read(value)
        if number not in self.sizes:
            raise ValueError
        return number

    def write(self, value: object) -> object:
        """As it is."""
        return value


@dataclass(frozen=True, slots=True)
class OneOf(Generic[EnumT]):
    """A word that stands for a member."""

    members: tuple[EnumT, ...]

    @property
    def allowed(self) -> str:
        """All of them."""
        return "one of " + ", ".join(str(member.value) for member in self.members)

    def read(self, value: object) -> EnumT:
        """One of them."""
        return next(member for member in self.members if member.value == value)

    def write(self, value: object) -> object:
        """Its word."""
        assert isinstance(value, Enum)
        return value.value


@dataclass(frozen=True, slots=True)
class Text:
    """Printable, and of a shape if one is given; "" always may stand."""

    allowed: str = f"text of at most {TEXT_MAX} characters"
    shape: re.Pattern[str] | None = None

    def read(self, value: object) -> str:
        """Without the spaces around it."""
        text = _as_text(value)
        if text and self.shape is not None and not self.shape.fullmatch(text):
            raise ValueError
        return text

    def write(self, value: object) -> object:
        """As it is."""
        return value


@dataclass(frozen=True, slots=True)
class SpamConfig:
    """Hard rules: see `spam_rules`. An object of JSON is taken as well as its text."""

    allowed: str = 'SPAM_CONFIG as JSON, like {"rules": [{"header_match": "X-Bulk-Mail: yes", "action": "spam"}]}'

    def read(self, value: object) -> str:
        """As text; Misruled says what is wrong with it."""
        text = json.dumps(value) if isinstance(value, dict) else value
        if not isinstance(text, str) or len(text) > CONFIG_MAX:
            raise ValueError
        return check_config(text.strip())

    def write(self, value: object) -> object:
        """As it is."""
        return value


SELECTOR = Text("a selector of letters, digits and hyphens, or nothing", _SELECTOR)
HOST = Text("the name of a host, or nothing", _HOST)


@dataclass(frozen=True, slots=True)
class Email:
    """An address, or nothing."""

    allowed: str = "an address, or nothing"

    def read(self, value: object) -> str:
        """As addresses are kept."""
        text = _as_text(value)
        return str(Address.parse(text)) if text else ""

    def write(self, value: object) -> object:
        """As it is."""
        return value


@dataclass(frozen=True, slots=True)
class Resolver:
    """A DNS server by its IP, or nothing: the configured one. Names would need a resolver to be found."""

    allowed: str = "an IP address with or without a port (192.0.2.1:53, [2001:db8::1]:53), or nothing"

    def read(self, value: object) -> str:
        """ "address:port"."""
        text = _as_text(value, 64)
        if not text:
            return ""
        host, port = _split_port(text)
        if not 0 < int(port) < 65536:
            raise ValueError
        address = ipaddress.ip_address(host)
        return f"[{address}]:{int(port)}" if address.version == 6 else f"{address}:{int(port)}"

    def write(self, value: object) -> object:
        """As it is."""
        return value


def _split_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return host, port.removeprefix(":") or "53"
    if text.count(":") > 1:
        return text, "53"
    host, _, port = text.partition(":")
    return host, port or "53"


@dataclass(frozen=True, slots=True)
class Rates:
    """gomailserver keeps a rate as JSON text in a column; people may write 100/60."""

    count_max: int
    minutes_max: int

    @property
    def allowed(self) -> str:
        """By example."""
        return (
            '{"count":100,"window_minutes":60} or 100/60: '
            f"0 (no limit) to {self.count_max} in 1 to {self.minutes_max} minutes"
        )

    def read(self, value: object) -> Rate:
        """From its text, or from the object itself."""
        if isinstance(value, str) and "{" not in value:
            count, _, minutes = value.partition("/")
            value = {"count": count, "window_minutes": minutes}
        elif isinstance(value, str):
            value = json.loads(value[:TEXT_MAX])
        if not isinstance(value, dict) or value.keys() != {"count", "window_minutes"}:
            raise ValueError
        count_of, minutes_of = Whole(0, self.count_max), Whole(1, self.minutes_max)
        return Rate(count_of.read(value["count"]), minutes_of.read(value["window_minutes"]))

    def write(self, value: object) -> object:
        """As gomailserver writes it."""
        assert isinstance(value, Rate)
        return f'{{"count":{value.count},"window_minutes":{value.window_minutes}}}'


@dataclass(frozen=True, slots=True)
class Headers:
    """Names of header fields: JSON text in a column, commas for people. RFC 6376 §5.4: From is always among them."""

    allowed: str = f'["From","To","Subject"] or From,To,Subject: at most {HEADERS_MAX} names, From among them'

    def read(self, value: object) -> tuple[str, ...]:
        """Each once."""
        if isinstance(value, str):
            text = _as_text(value, TEXT_MAX * 5)
            value = json.loads(text) if text.startswith("[") else [name.strip() for name in text.split(",")]
        if not isinstance(value, Sequence) or len(value) > HEADERS_MAX:
            raise ValueError
        names = dict.fromkeys(name for name in value if isinstance(name, str) and _FIELD_NAME.fullmatch(name))
        if len(names) != len(value) or "from" not in {name.lower() for name in names}:
            raise ValueError
        return tuple(names)

    def write(self, value: object) -> object:
        """As gomailserver writes it."""
        assert isinstance(value, tuple)
        return json.dumps(value, separators=(",", ":"))


def read_as(kind: Kind, name: str, value: object) -> object:
    """Invalid, which names the column and what may stand there."""
    try:
        return kind.read(value)
    except Misruled as error:
        raise Invalid(f"{name}: {error}") from error
    except (ValueError, StopIteration, OverflowError, RecursionError, Invalid):
        shown = json.dumps(value, default=str)[:60]
        raise Invalid(f"{name}: {shown} may not stand there, but {kind.allowed}") from None
