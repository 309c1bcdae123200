"""How much a client may send before it is refused: data, so that a session's state decides and not the receiver."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All in bytes unless said otherwise; checked before anything is allocated."""

    line: int = 65536  # of one line without its CRLF
    command: int = 1 << 20  # of a whole command, literals included, messages of APPEND not
    literal: int = 65536  # of one literal that is not a message
    plus_literal: int = 65536  # of one that the client sends without asking (RFC 7888 §4)
    plus_message: int | None = None  # of such a message; None: any, the server looks at MessageLiteral.size
    takes_messages: bool = True  # False: APPEND has no streamed literal yet, its literals are like all others
    literals: int = 100  # how many in one command
    swallow: int = 256 << 20  # how much of a refused command is read and thrown away before it is fatal


BEFORE_LOGIN: Final = Limits(
    # RFC 7888 §5: LITERAL- lets clients send up to 4096 bytes unasked.
    # RFC 2971 §3.3: ID may hold 30 pairs of 30 and 1024 bytes.
    line=36864, command=40960, literal=4096, plus_literal=4096, takes_messages=False, literals=8, swallow=65536
)  # fmt: skip
AFTER_LOGIN: Final = Limits()
