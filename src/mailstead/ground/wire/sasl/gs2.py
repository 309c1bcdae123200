"""The GS2 header (RFC 5801 §4) that SCRAM and OAUTHBEARER messages begin with."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailstead.ground.wire.sasl.step import Malformed, text_of

_HEADER: Final = re.compile(rb"(?:([ny])|p=([A-Za-z0-9.\-]+)),(?:a=([^,]+))?,")
_ESCAPE: Final = re.compile(r"=(..?)?")
_ESCAPES: Final = {"2C": ",", "3D": "="}


class Binding(Enum):
    """RFC 5802 §6: what the client says of channel binding."""

    NONE = "n"  # cannot
    UNOFFERED = "y"  # could, and saw no offer
    DEMANDED = "p"


@dataclass(frozen=True, slots=True)
class Header:
    """`raw` is as it came: the binding covers it."""

    binding: Binding
    binding_name: str
    authzid: str
    raw: bytes


def parse_header(message: bytes) -> tuple[Header, bytes]:
    """The header and what follows it; Malformed."""
    found = _HEADER.match(message)
    if found is None:
        raise Malformed("no GS2 header")
    flag = Binding(found[1].decode("ascii")) if found[1] else Binding.DEMANDED
    name = found[2].decode("ascii") if found[2] else ""
    authzid = unescape(text_of(found[3])) if found[3] else ""
    return Header(flag, name, authzid, found[0]), message[found.end() :]


def unescape(name: str) -> str:
    """RFC 5802 §5.1: `=2C` is a comma, `=3D` an equals sign, and no other escape exists."""
    return _ESCAPE.sub(_plain, name)


def _plain(found: "re.Match[str]") -> str:
    plain = _ESCAPES.get(found[1] or "")
    if plain is None:
        raise Malformed("an escape that does not exist")
    return plain
