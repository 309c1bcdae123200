"""BODY[HEADER.FIELDS (...)] (RFC 9051 §6.4.5.1): the raw fields of some names out of a header block.

Nothing is stored for it (`pack_fields` gives b""): one compiled pattern for each set of names finds its fields in about
the time that unpacking stored offsets takes, and needs no room.
"""

import re
from functools import lru_cache
from typing import Final

PATTERNS_MAX: Final = 256
"""Sets of names whose pattern is kept: clients ask for the same few."""
ALTERNATIVES_MAX: Final = 24
"""With more names each field is looked up in the set instead: a pattern would try them one by one."""

_FIELD: Final = re.compile(rb"\n(([!-9;-~]*+)[ \t]*+:?[^\n]*+(?:\n[ \t][^\n]*+)*+)(?=\n)")


def pack_fields(header: bytes) -> bytes:  # noqa: ARG001 - the place for offsets, should they ever pay
    """For `Rendered.fields`: nothing."""
    return b""


def select_fields(header: bytes, packed: bytes, names: frozenset[bytes], *, exclude: bool) -> bytes:  # noqa: ARG001
    """The fields of these lower-case names (or all but them) as they stand, and the empty line.

    RFC 9051 §6.4.5.1: the empty line is left out only where the message has none.
    """
    block, blank = _split_blank(header)
    open_end = bool(block) and not block.endswith(b"\n")
    padded = b"\n%b\n" % block if open_end else b"\n" + block
    if len(names) <= ALTERNATIVES_MAX:
        chosen = _compile(names, exclude=exclude).findall(padded)
    else:
        chosen = [raw for raw, name in _FIELD.findall(padded) if (name.lower() in names) is not exclude]
    if not chosen:
        return blank
    chosen.append(blank)
    picked = b"\n".join(chosen)
    if open_end and block.endswith(chosen[-2]):
        return picked[:-1]  # the last field of a cut message has no line end of its own
    return picked


def _split_blank(header: bytes) -> tuple[bytes, bytes]:
    if header.endswith(b"\n\r\n") or header == b"\r\n":
        return header[:-2], b"\r\n"
    if header.endswith(b"\n\n") or header == b"\n":
        return header[:-1], b"\n"
    return header, b""


@lru_cache(PATTERNS_MAX)
def _compile(names: frozenset[bytes], *, exclude: bool) -> re.Pattern[bytes]:
    """Begins with a literal line end, which the search skips to; what follows it fails or fits within a name."""
    any_name = b"|".join(re.escape(name) for name in sorted(names)) or b"(?!)"
    start = (rb"(?!(?:%b)[ \t]*+:)(?=[^\s])" if exclude else rb"(?:%b)[ \t]*+:") % any_name
    return re.compile(rb"\n(%b[^\n]*+(?:\n[ \t][^\n]*+)*+)(?=\n)" % start, re.IGNORECASE)
