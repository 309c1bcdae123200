"""Letters that no person wrote (RFC 3834): nobody is to be bothered with answers to them."""

from typing import Final

from mailstead.ground.formats.headers import find_field

_KEYWORD_MAX: Final = 100


def is_automatic(header: bytes) -> bool:
    """RFC 3834 §5: Auto-Submitted with any word but `no`; comments and parameters aside."""
    value = find_field(header, b"auto-submitted")
    if value is None:
        return False
    word = value[:_KEYWORD_MAX].partition(b";")[0].partition(b"(")[0].strip().lower()
    return word not in (b"", b"no")
