"""The trace fields that we put before a message: Return-Path and Received (RFC 5321 §4.4)."""

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client
from mailstead.ground.model.ids import Instant


def render_trace(
    client: Client,
    *,
    by: str,
    id: str,  # noqa: A002 - the word of the clause
    at: Instant,
    recipient: Address | None,
    sender: Address | None,
    return_path: bool,
) -> bytes:
    """The prefix of a stored message: Return-Path (with `return_path`; `sender` None is `<>`) and Received.

    `recipient` becomes the `for` clause: only for a transaction of one (RFC 5321 §7.2).
    """
    raise NotImplementedError


def count_hops(header: bytes) -> int:
    """How many Received fields a header has (RFC 5321 §6.3)."""
    raise NotImplementedError
