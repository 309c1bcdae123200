"""What is thrown away, and where it ends."""

import pytest

from mailstead.ground.wire.imap.sink import LITERALS_MAX, Drained, Sink


@pytest.mark.parametrize(
    ("data", "remaining", "end"),
    [
        (b"rest\r\nz", 0, 6),
        (b"\nz", 0, 1),
        (b"abc\r\nz", 3, 5),
        (b"a {3}\r\nz", 0, 7),  # the client waits, was refused and sends no literal
        (b"a {3+}\r\nx\ny tail\r\nz", 0, 18),
        (b"a ~{0+}\r\n\r\nz", 0, 11),
        (b"{1+}\nx {1+}\r\ny\r\nz", 0, 16),
    ],
)
def test_the_end_of_a_refused_command(data: bytes, remaining: int, end: int) -> None:
    assert Sink(100, remaining).drain(data, 0) == (end, Drained.END)
    cut = Sink(100, remaining)
    states = [cut.drain(data[i : i + 1], 0)[1] for i in range(end)]
    assert states == [Drained.MORE] * (end - 1) + [Drained.END]


def test_the_budget_counts_what_is_announced() -> None:
    assert Sink(10, 11).is_over()
    assert Sink(10).drain(b"x" * 11, 0)[1] is Drained.TOO_MUCH
    assert Sink(10).drain(b"x" * 9 + b"\r\n", 0)[1] is Drained.TOO_MUCH
    assert Sink(10).drain(b"x" * 8 + b"\r\n", 0) == (10, Drained.END)
    assert Sink(100).drain(b"{99+}\r\n", 0)[1] is Drained.TOO_MUCH


def test_tiny_literals_have_an_end() -> None:
    assert Sink(1 << 30).drain(b"{0+}\r\n" * LITERALS_MAX, 0)[1] is Drained.MORE
    assert Sink(1 << 30).drain(b"{0+}\r\n" * (LITERALS_MAX + 1), 0)[1] is Drained.TOO_MUCH
