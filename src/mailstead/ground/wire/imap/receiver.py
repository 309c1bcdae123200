"""The stream of a client cut into commands, the same however its bytes come. Nothing is held beyond the limits."""

from collections.abc import Iterator

from mailstead.ground.wire.imap.event import Event
from mailstead.ground.wire.imap.limits import BEFORE_LOGIN, Limits


class CommandReceiver:
    """`feed` bytes, then take events with `next_event` until it gives None. Each event is found only when asked for,
    so `limits`, `expect_line` and `refuse` take effect on what follows, pipelined or not."""

    def __init__(self, limits: Limits = BEFORE_LOGIN) -> None:
        self.limits = limits  # set anew after login

    def feed(self, data: bytes) -> None:
        """Take what was read."""

    def next_event(self) -> Event | None:
        """The next event; None: feed more."""

    def receive(self, data: bytes) -> Iterator[Event]:
        """Feed, and all events that follow; lazily."""
        self.feed(data)
        while (event := self.next_event()) is not None:
            yield event

    def expect_line(self) -> None:
        """Make the next event a RawLine: after a continuation for AUTHENTICATE, or in IDLE."""

    def refuse(self) -> bool:
        """Refuse the literal of the last event, or the rest of a message under way. False: too much would come, close.

        What the client sends anyway is thrown away up to the end of the command. The answer is the caller's.
        """
        return True

    def clear(self) -> bytes:
        """Forget what was fed and not used (STARTTLS), or hand it over (COMPRESS)."""
        return b""
