"""BODY[HEADER.FIELDS (...)] (RFC 9051 §6.4.5.1): the raw fields of some names out of a header block.

Nothing is stored for it (`pack_fields` gives b""): a search by one compiled pattern for each set of names is as quick as
unpacking stored offsets would be, and needs no room.
"""


def pack_fields(header: bytes) -> bytes:  # noqa: ARG001 - the place for offsets, should they ever pay
    """For `Rendered.fields`: nothing."""
    return b""


def select_fields(header: bytes, packed: bytes, names: frozenset[bytes], *, exclude: bool) -> bytes:
    """The fields of these lower-case names (or all but them) as they stand, and the empty line."""
    raise NotImplementedError
