"""What a door says to those it does not let in: one line of its protocol for each refusal."""

import re

import pytest

from mailstead.app.doors import IMAP_REFUSALS, POP3_REFUSALS
from mailstead.net.listener import Refusal


@pytest.mark.parametrize(
    ("lines", "shape"),
    [
        (IMAP_REFUSALS, rb"\* BYE \[UNAVAILABLE\] [ -~]+\r\n"),
        (POP3_REFUSALS, rb"-ERR \[SYS/TEMP\] [ -~]+\r\n"),
    ],
    ids=["imap", "pop3"],
)
def test_every_refusal_has_its_line(lines: dict[Refusal, bytes], shape: bytes) -> None:
    assert lines.keys() == set(Refusal)
    assert all(re.fullmatch(shape, line) for line in lines.values())
