"""The POP3 server of a worker: greets, reads commands, keeps the limits of a session, and drains."""

import asyncio
from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.ground.wire.pop3.command import BadCommand, split_command
from mailstead.ground.wire.pop3.receiver import BadLine, Line
from mailstead.ground.wire.pop3.reply import Code, Reply, err, ok
from mailstead.net.ids import IdSource
from mailstead.net.stream import PeerGone, Stream, TimedOut
from mailstead.servers.pop3.faults import reply_to
from mailstead.servers.pop3.session import Leaving, Services, Session
from mailstead.servers.pop3.table import COMMANDS, list_capabilities
from mailstead.telemetry import Event, emit, incident

# A browser made to post to us (cross-protocol attacks): the first of its words ends the session unheard.
HTTP_WORDS: Final = frozenset(
    {"GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "DELETE", "PATCH", "TRACE", "PRI", "HOST:", "USER-AGENT:"}
)
TURN: Final = 0.005
"""Seconds of one client's commands in a row."""


class Pop3Server:
    """`serve` is called once for each connection."""

    def __init__(self, services: Services, ids: IdSource) -> None:
        self._services = services
        self._ids = ids
        self._sessions: set[Session] = set()
        self._is_draining = False

    @property
    def session_count(self) -> int:
        """How many are connected."""
        return len(self._sessions)

    def drain(self) -> None:
        """Stop: sessions between two commands end now, others after the one they do. No mark of DELE is carried out."""
        self._is_draining = True
        for session in self._sessions:
            session.is_draining = True
            session.stream.wake()

    async def serve(self, stream: Stream) -> None:
        """One connection, from greeting to close. Never raises for what a peer does."""
        session = Session(stream, self._services, self._ids.next(), list_capabilities)
        session.is_draining = self._is_draining
        started = self._services.clock.monotonic()
        self._sessions.add(session)
        reason = "error"
        try:
            reason = await self._converse(session)
        except PeerGone:
            reason = "gone"
        finally:
            self._sessions.discard(session)
            stream.close()
            emit(
                Event.POP3_SESSION_ENDED, session=session.id, client_ip=stream.peer_ip, reason=reason,
                count=session.commands, elapsed=self._services.clock.monotonic() - started,
            )  # fmt: skip

    async def _converse(self, session: Session) -> str:
        await self._services.authenticator.refresh()  # which mechanisms there are
        session.send(ok(f"{self._services.settings.hostname} ready").render())
        turn_began = self._services.clock.monotonic()
        reason = "end"
        try:
            while not session.is_over:
                await self._step(session)
                now = self._services.clock.monotonic()
                if now - turn_began > TURN:  # a client that pipelines much gets its turns like all others
                    await asyncio.sleep(0)
                    turn_began = self._services.clock.monotonic()
        except TimedOut:
            # RFC 1939 §3: without the UPDATE state, and nothing is removed.
            session.send(err("Nothing came for too long", Code.TEMPORARY).render())
            reason = "timeout"
        except Leaving:
            session.send(err("Server is shutting down", Code.TEMPORARY).render())
            reason = "drain"
        await session.flush()
        return reason

    async def _step(self, session: Session) -> None:
        """One command and its answer."""
        event = await session.next_line()
        session.commands += 1
        reply = await self._answer(session, event)
        if reply is not None:
            session.send(reply.render())
        if not session.is_over:
            self._keep_limits(session)

    async def _answer(self, session: Session, event: Line | BadLine) -> Reply | None:
        try:
            reply = await _perform(session, event)
            session.errors = 0
            return reply
        except BadCommand as bad:
            session.errors += 1
            return err(str(bad))
        except (PeerGone, TimedOut, Leaving):
            raise
        except Exception as error:
            if session.is_inside_reply:
                incident(error, subsystem="pop3", session=session.id)
                session.stream.abort()
                raise PeerGone from error
            if isinstance(error, MailError):
                return reply_to(error)
            name = incident(error, subsystem="pop3", session=session.id)
            return err(f"Internal error, incident {name}", Code.TEMPORARY)

    def _keep_limits(self, session: Session) -> None:
        """After a command: has it been one too many?"""
        settings = self._services.settings
        if session.errors >= settings.errors_max:
            session.send(err("Too many commands that are none").render())
        elif session.maildrop is None and session.commands >= settings.early_commands_max:
            session.send(err("Too many commands without a login").render())
        else:
            return
        session.is_over = True


async def _perform(session: Session, event: Line | BadLine) -> Reply | None:
    if isinstance(event, BadLine):
        raise BadCommand(event.flaw.value)
    keyword, argument = split_command(event.text)
    row = COMMANDS.get(keyword)
    if row is None:
        session.is_over = keyword in HTTP_WORDS
        if session.is_over:
            return None
        raise BadCommand("Unknown command")
    if session.maildrop is None and not row.before_login:
        raise BadCommand("Log in first")
    if session.maildrop is not None and not row.after_login:
        raise BadCommand("Already logged in")
    return await row.handle(session, row.parse(argument))
