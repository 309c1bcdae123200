"""Letters of programs."""

import pytest

from mailstead.ground.formats.automatic import is_automatic


@pytest.mark.parametrize(
    ("header", "is_one"),
    [
        (b"Auto-Submitted: auto-replied\r\n\r\n", True),
        (b"auto-submitted: auto-generated; owner-email=x\r\n\r\n", True),
        (b"Auto-Submitted: x-new (comment)\r\n\r\n", True),
        (b"Auto-Submitted: No\r\n\r\n", False),
        (b"Auto-Submitted: no (really)\r\n\r\n", False),
        (b"Auto-Submitted: \r\n\r\n", False),
        (b"Subject: auto-replied\r\n\r\n", False),
        (b"", False),
    ],
)
def test_is_automatic(header: bytes, is_one: bool) -> None:
    """RFC 3834 §5."""
    assert is_automatic(header) is is_one
