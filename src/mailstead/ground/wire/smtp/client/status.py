"""The enhanced code of a reply (RFC 2034, RFC 3463): as it was said, or what the basic code says at that stage."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import Final

from mailstead.ground.wire.smtp.client.replies import Reply

_ENHANCED: Final = re.compile(r"\s*([245])\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9.])")

MISPLACED: Final = "4.5.0"
"""Of a reply that has no place where it comes."""


class Stage(Enum):
    """Where in the dialogue."""

    CONNECT = "connect"
    GREETING = "greeting"
    HELLO = "hello"
    TLS = "tls"
    LOGIN = "login"
    RESET = "reset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"
    QUIT = "quit"


_AT: Final[Mapping[tuple[int, Stage], str]] = {
    (450, Stage.MAIL): "4.1.8",
    (450, Stage.RCPT): "4.2.0",
    (452, Stage.RCPT): "4.5.3",  # RFC 5321 §4.5.3.1.10
    (550, Stage.GREETING): "5.3.2",
    (550, Stage.MAIL): "5.7.1",
    (550, Stage.RCPT): "5.1.1",
    (550, Stage.CONTENT): "5.7.1",
    (552, Stage.RCPT): "5.2.2",
    (552, Stage.MAIL): "5.3.4",
    (552, Stage.CONTENT): "5.3.4",
    (553, Stage.MAIL): "5.1.7",
    (553, Stage.RCPT): "5.1.3",
    (554, Stage.GREETING): "5.3.2",
    (554, Stage.RCPT): "5.7.1",
    (554, Stage.DATA): "5.5.1",  # no valid recipients
}
_ANYWHERE: Final[Mapping[int, str]] = {
    421: "4.3.2",
    450: "4.2.0",
    451: "4.3.0",
    452: "4.3.1",
    454: "4.7.0",
    455: "4.5.4",
    500: "5.5.2",
    501: "5.5.4",
    502: "5.5.1",
    503: "5.5.1",
    504: "5.5.4",
    521: "5.3.2",  # RFC 7504
    523: "5.7.10",
    530: "5.7.0",
    534: "5.7.9",
    535: "5.7.8",
    538: "5.7.11",
    550: "5.0.0",
    551: "5.1.6",
    552: "5.3.4",
    553: "5.1.3",
    555: "5.5.4",
    556: "5.1.10",  # RFC 7504
}


def said_status(reply: Reply) -> str | None:
    """The one in its text, if it is there and of the class of the basic code."""
    match = _ENHANCED.match(reply.lines[-1]) or _ENHANCED.match(reply.lines[0])
    if match is None or int(match[1]) != reply.code // 100:
        return None
    return f"{match[1]}.{int(match[2])}.{int(match[3])}"


def status_of(reply: Reply, stage: Stage) -> str:
    """Said or derived; a reply that has no place at its stage (a 354 to RCPT) is `MISPLACED`."""
    kind = reply.code // 100
    if kind == 3:
        return MISPLACED
    return said_status(reply) or _AT.get((reply.code, stage)) or _ANYWHERE.get(reply.code) or f"{kind}.0.0"
