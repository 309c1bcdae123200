"""The header block as signatures see it: whole fields with their line ends, taken from the bottom up (§5.4.2)."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

# As in `ground.formats.headers`, with the line end that belongs to the field.
_FIELD: Final = re.compile(rb"([!-9;-~]*+)[^\n]*+(?:\n[ \t][^\n]*+)*+(?:\n|\Z)")
NAMES_MAX: Final = 1000
"""Names in one h=; a letter with more fields than this leaves the others unsigned."""

ALL: Final = b"*"
UNFIT: Final = frozenset(
    b"return-path received comments keywords bcc resent-bcc dkim-signature domainkey-signature authentication-results"
    b" arc-seal arc-message-signature arc-authentication-results delivered-to x-spam-status".split()
)
"""RFC 6376 §5.4.1: what relays add, change or remove is not signed where `*` signs all."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its lower-case name, and its bytes with the line end."""

    name: bytes
    raw: bytes


def split_fields(header: bytes) -> list[Field]:
    """All fields of a block, in order; the empty line and lines that are no field are passed over."""
    fields = []
    for match in _FIELD.finditer(header):
        raw = match[0]
        if match[1] and raw[len(match[1]) :].lstrip(b" \t").startswith(b":"):
            fields.append(Field(match[1].lower(), raw if raw.endswith(b"\n") else raw + b"\r\n"))
    return fields


class Picker:
    """RFC 6376 §5.4.2: the n-th mention of a name means its n-th field from the bottom; past the first one nothing."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._left: dict[bytes, list[bytes]] = {}
        for field in fields:
            self._left.setdefault(field.name, []).append(field.raw)

    def pick(self, names: Iterable[bytes]) -> list[bytes]:
        """The raw fields that these names mean."""
        picked = []
        for name in names:
            left = self._left.get(name.lower())
            if left:
                picked.append(left.pop())
        return picked


def select_names(fields: Sequence[Field], signed: Sequence[bytes], oversigned: Sequence[bytes]) -> tuple[bytes, ...]:
    """The names for h=: as often as the letter has them, and once more where none may be added (§8.15).

    `signed` are lower-case names; `*` stands for all that are fit to be signed. From is signed always (§5.4).
    """
    counts = Counter(field.name for field in fields)
    names = dict.fromkeys((b"from", *(name for name in signed if name != ALL)))
    if ALL in signed:
        names |= dict.fromkeys(name for name in counts if name not in UNFIT)
    names |= dict.fromkeys(oversigned)
    chosen: list[bytes] = []
    for name in names:
        chosen += [name] * min(counts[name] + (name in oversigned), NAMES_MAX)
    return tuple(chosen[:NAMES_MAX])
