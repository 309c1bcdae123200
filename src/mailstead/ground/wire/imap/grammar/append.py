"""APPEND (RFC 9051 §6.3.12, RFC 3502): what stands before each message."""

from mailstead.ground.wire.imap.command import Append
from mailstead.ground.wire.imap.event import MessageLiteral


def parse_append(literal: MessageLiteral, *, utf8: bool = False) -> Append:
    """Folder, flags and date before a message, or `Syntax`."""
    raise NotImplementedError
