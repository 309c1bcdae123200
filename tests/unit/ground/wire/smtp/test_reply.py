"""Codes agree, and what is sent is a line that everybody can read."""

import re

import pytest

from mailstead.ground.wire.smtp.reply import Reply, Status


@pytest.mark.parametrize("status", Status)
def test_basic_and_enhanced_class_agree(status: Status) -> None:
    if status.enhanced:
        assert str(status.code)[0] == status.enhanced[0]
        assert re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", status.enhanced)  # RFC 3463 §2
    else:
        assert status.code in {220, 250, 334, 354}  # RFC 2034 §4


@pytest.mark.parametrize("status", Status)
def test_a_row_is_one_short_line(status: Status) -> None:
    assert re.fullmatch(rb"[2345][0-5][0-9] [\x20-\x7e]+\r\n", status.line)
    assert len(status.line) <= 512  # RFC 5321 §4.5.3.1.5
    assert Reply(status).render() == status.line


def test_rows_with_equal_codes_stay_apart() -> None:
    assert len(Status.__members__) == len(list(Status))  # equal values would make one an alias of the other


def test_several_lines() -> None:
    assert Reply(Status.HELLO, "HELP", ("mx.test", "SIZE 5")).render() == b"250-mx.test\r\n250-SIZE 5\r\n250 HELP\r\n"
    assert Reply(Status.HELP, lines=("HELO",)).render() == b"214-2.0.0 HELO\r\n214 2.0.0 See RFC 5321\r\n"
    assert Reply(Status.USER_UNKNOWN, "<ü@x>: no").render() == "550 5.1.1 <ü@x>: no\r\n".encode()
