"""BODY[HEADER.FIELDS (...)] (RFC 9051 §6.4.5.1): the raw fields of some names out of a header block."""


def pack_fields(header: bytes) -> bytes:
    """For `Rendered.fields`."""
    return b""


def select_fields(header: bytes, packed: bytes, names: frozenset[bytes], *, exclude: bool) -> bytes:
    """The fields of these lower-case names (or all but them) as they stand, and the empty line."""
    raise NotImplementedError
