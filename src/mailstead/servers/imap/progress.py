"""RFC 9585: a command that takes long tells how far it is, so that clients and proxies do not give up."""

from typing import Final

from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.resync import code_inprogress
from mailstead.servers.imap.session import Session

EVERY: Final = 10.0
"""Seconds between two notes."""


class Progress:
    """Of one command over `goal` messages."""

    __slots__ = ("_done", "_goal", "_session", "_told")

    def __init__(self, session: Session, goal: int) -> None:
        self._session = session
        self._goal = goal
        self._done = 0
        self._told = session.services.clock.monotonic()

    async def went(self, more: int) -> None:
        """So many more are done."""
        self._done += more
        now = self._session.services.clock.monotonic()
        if now - self._told < EVERY or self._done >= self._goal:
            return
        self._told = now
        code = code_inprogress(self._session.tag, self._done, self._goal)
        self._session.send(response.ok(b"*", "Still working", code))
        await self._session.flush()
