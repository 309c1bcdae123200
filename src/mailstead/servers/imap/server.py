"""The IMAP server of a worker: serves streams, and lets them go when it drains."""

import asyncio

from mailstead.net.ids import IdSource
from mailstead.net.stream import PeerGone, Stream
from mailstead.servers.imap.conversation import Conversation
from mailstead.servers.imap.session import Services, Session
from mailstead.servers.imap.table import list_capabilities
from mailstead.telemetry import Event, emit


class ImapServer:
    """One for each port: the settings differ in whether a login without TLS is allowed."""

    def __init__(self, services: Services, ids: IdSource) -> None:
        self._services = services
        self._ids = ids
        self._sessions: set[Session] = set()
        self._is_draining = False
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def session_count(self) -> int:
        """How many are connected."""
        return len(self._sessions)

    async def serve(self, stream: Stream) -> None:
        """One connection, from greeting to close. Never raises for what a peer does."""
        session = Session(stream, self._services, self._ids.next(), list_capabilities)
        session.is_draining = self._is_draining
        conversation = Conversation(session)
        started = self._services.clock.monotonic()
        self._sessions.add(session)
        self._empty.clear()
        reason = "closed"
        try:
            await conversation.run()
        except PeerGone:
            reason = "peer gone"
        finally:
            session.deselect()
            stream.close()
            self._sessions.discard(session)
            if not self._sessions:
                self._empty.set()
            elapsed = self._services.clock.monotonic() - started
            emit(
                Event.IMAP_SESSION_ENDED, session=session.id, client_ip=stream.peer_ip, reason=reason,
                count=conversation.commands, elapsed=elapsed,
            )  # fmt: skip

    async def drain(self) -> None:
        """Say BYE to sessions that wait for their client; those in the middle of a command end after it.

        Returns when all have ended: the caller gives it as long as it likes.
        """
        self._is_draining = True
        for session in list(self._sessions):
            session.is_draining = True
            session.stream.wake()
        await self._empty.wait()
