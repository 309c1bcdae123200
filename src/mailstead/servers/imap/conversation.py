"""The loop of one connection: events of the stream to handlers of the table, replies and news back.

Commands run one after the other; output waits until input runs out, so pipelined commands are answered in few writes.
"""

import asyncio
import contextlib
import re
from typing import Final

from mailstead.ground.model.errors import MailError
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Command, Create, Delete, Rename, Subscribe
from mailstead.ground.wire.imap.event import (
    AppendEnd,
    CommandReady,
    Event,
    LiteralChunk,
    LiteralWanted,
    MessageLiteral,
    RawLine,
    Refused,
)
from mailstead.ground.wire.imap.grammar.table import parse_command
from mailstead.ground.wire.imap.response import Code
from mailstead.ground.wire.imap.resync import code_highestmodseq
from mailstead.ground.wire.imap.sharing import SetMetadata
from mailstead.ground.wire.imap.syntax import BadCharset, Syntax
from mailstead.net.deflate import Unreadable
from mailstead.net.stream import PeerGone, TimedOut
from mailstead.servers.imap.access import renew_access
from mailstead.servers.imap.appending import Appending
from mailstead.servers.imap.commands.authenticate import ANSWERED
from mailstead.servers.imap.reply import UID_REQUIRED, Refusal, Reply, bad, no, reply_to
from mailstead.servers.imap.session import Leaving, Session, State
from mailstead.servers.imap.table import COMMANDS, Row
from mailstead.telemetry import Event as LogEvent
from mailstead.telemetry import emit, incident

APPENDS: Final = frozenset({b"APPEND", b"REPLACE", b"UID REPLACE"})
_CHARSET: Final = re.compile(rb" +(?:RETURN *\([^)]*\) *)?CHARSET ", re.IGNORECASE)
REARRANGING: Final = (Create, Delete, Rename, Subscribe, SetMetadata)
EXPUNGING: Final = frozenset({b"EXPUNGE", b"UID EXPUNGE", b"MOVE", b"UID MOVE"})
"""What they did is told as news is."""
TURN: Final = 0.005
"""Seconds of one client's commands in a row."""


class Conversation:
    """Runs a session from its greeting to its end."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._appending = Appending(session)
        self._bad_in_a_row = 0
        self._commands = 0
        self._turn_began = 0.0

    @property
    def commands(self) -> int:
        """How many came."""
        return self._commands

    async def run(self) -> None:
        """Until LOGOUT, the end of the stream, a timeout or a drain; PeerGone if the peer went away."""
        session = self._session
        await session.services.authenticator.refresh()
        text = f"{session.services.settings.hostname} ready"
        session.send(response.ok(b"*", text, response.code_capability(session.capabilities)))
        try:
            await self._converse()
        except TimedOut:
            session.send(response.bye("Nothing came for too long"))
        except Leaving:
            session.send(response.bye("Server is shutting down", Code.UNAVAILABLE))
        except Unreadable as error:
            session.send(response.bye(str(error)))
        finally:
            await self._appending.cancel()
            if session.notices is not None:
                await session.notices.pause()
                session.notices.close()
        await session.flush()

    async def _converse(self) -> None:
        session = self._session
        while session.state is not State.LOGOUT:
            event = session.receiver.next_event()
            if event is not None:
                session.is_busy = True
                if session.notices is not None:
                    await session.notices.pause()
                await self._handle(event)
                await self._give_way()
                continue
            if self._appending.is_waiting and not session.stream.has_input():
                await self._settle()
            is_busy = self._appending.is_coming or self._appending.is_waiting
            if session.notices is not None and not is_busy:
                await session.flush()  # only one of us may wait for the peer to take it
                session.notices.rest()
            session.is_busy = is_busy
            await session.read()

    async def _give_way(self) -> None:
        """A client that pipelines much gets its turns like all others."""
        now = self._session.services.clock.monotonic()
        if now - self._turn_began > TURN:
            await asyncio.sleep(0)
            self._turn_began = self._session.services.clock.monotonic()

    async def _handle(self, event: Event) -> None:
        match event:
            case LiteralChunk() | AppendEnd() | MessageLiteral():
                await self._append(event)
            case CommandReady(_, name, _):
                await self._settle()
                if name in APPENDS and self._object(name) is None:
                    await self._append(event)
                else:
                    await self._command(event)
            case LiteralWanted(tag, name, _):
                await self._settle()
                objection = self._object(name)
                if objection is None:
                    self._session.send(response.continuation())
                else:
                    self._refuse_literal(tag, objection)
            case Refused(tag, reason, is_fatal):
                await self._settle()
                self._appending.forget()
                self._answer(tag, bad(reason))
                if is_fatal:
                    self._hang_up(reason)
            case RawLine():
                raise AssertionError("nobody waits for a line")

    async def _append(self, event: LiteralChunk | AppendEnd | MessageLiteral | CommandReady) -> None:
        try:
            match event:
                case LiteralChunk():
                    await self._appending.take(event)
                case AppendEnd() if not self._appending.is_coming:
                    return  # answered when its last message failed
                case AppendEnd(tag, tail):
                    await self._end_append(tag, tail)
                case CommandReady(tag=tag):
                    self._session.tag = tag
                    await self._appending.take_whole(event)
                    await self._end_append(tag)
                case MessageLiteral(tag=tag):
                    self._session.tag = tag
                    if not await renew_access(self._session):
                        return
                    await self._appending.begin(event)
                    if event.is_synchronising:
                        await self._settle()
                        self._session.send(response.continuation())
        except (PeerGone, TimedOut, Leaving):
            raise
        except Exception as error:  # noqa: BLE001 - every APPEND is answered
            await self._settle()
            self._appending.forget()
            self._refuse_literal(self._session.tag, self._reply_for(error))

    async def _end_append(self, tag: bytes, tail: bytes = b"") -> None:
        self._commands += 1
        await self._appending.end(tag, tail)
        if self._appending.is_crowded:
            await self._settle()

    async def _settle(self) -> None:
        """Answer the APPENDs that are on their way."""
        if not self._appending.is_waiting:
            return
        answers = await self._appending.settle()
        await self._tell_news(None, is_own=True)
        for tag, answer in answers:
            self._answer(tag, answer if isinstance(answer, Reply) else self._reply_for(answer))

    async def _command(self, ready: CommandReady) -> None:
        session = self._session
        session.tag = ready.tag
        session.holds_numbers = False
        self._commands += 1
        if not await self._may_go_on(ready.name):
            return
        row = COMMANDS.get(ready.name)
        reply = self._object(ready.name) or await self._run(COMMANDS[ready.name], ready)
        if (session.selected is not None or session.notices is not None) and reply is not ANSWERED:
            with contextlib.suppress(MailError):  # the store is busy: the news will come with a later command
                await self._tell_news(row, is_own=ready.name in EXPUNGING)
        if reply is not ANSWERED:
            self._answer(ready.tag, reply)

    async def _may_go_on(self, command: bytes) -> bool:
        """Rights that were taken away are gone before the command runs; False after a last word."""
        try:
            return await renew_access(self._session, command)
        except MailError as error:
            self._answer(self._session.tag, self._reply_for(error))
            return False

    def _object(self, name: bytes) -> Reply | None:
        """RFC 9051 §3: an unknown command, or one in a state that does not allow it."""
        row, state = COMMANDS.get(name), self._session.state
        if row is None:
            return bad("Unknown command")
        if state in row.states:
            return None
        if state is State.NOT_AUTHENTICATED:
            return bad("Log in first")
        return bad("Select a mailbox first" if State.SELECTED in row.states else "Already logged in")

    async def _run(self, row: Row, ready: CommandReady) -> Reply:
        session = self._session
        if row.uses_numbers and session.speech.uid_only:
            return UID_REQUIRED  # RFC 9586 §3.2
        if "UTF8=ACCEPT" in session.enabled and _CHARSET.match(ready.args) and ready.name.endswith(b"SEARCH"):
            return bad("A charset has no place beside UTF8=ACCEPT")  # RFC 6855 §3
        try:
            command: Command = parse_command(ready, utf8=session.utf8)
            if session.notices is not None and isinstance(command, REARRANGING):
                session.notices.made(command)
            return await row.run(session, command)
        except (PeerGone, TimedOut, Leaving):
            raise
        except Exception as error:
            if session.is_inside_response:
                incident(error, subsystem="imap", session=session.id)
                session.stream.abort()
                raise PeerGone from error
            return self._reply_for(error)

    def _reply_for(self, error: BaseException) -> Reply:
        """Every failure has a reply; a bug of ours says no more than its incident."""
        match error:
            case Refusal():
                return error.reply
            case BadCharset():
                return (bad if error.is_fault else no)(error.message, response.code_badcharset())
            case Syntax():
                return bad(error.message)
            case MailError():
                return reply_to(error)
            case Exception():
                name = incident(error, subsystem="imap", session=self._session.id)
                return no(f"Internal error, incident {name}", Code.SERVERBUG)
            case _:
                raise error

    async def _tell_news(self, row: Row | None, *, is_own: bool = False) -> None:
        session = self._session
        uses_numbers = row is not None and (row.uses_numbers or session.holds_numbers)
        asks = row is not None and row.asks
        selected = session.selected
        if session.notices is not None:
            await session.notices.tell(may_expunge=not uses_numbers, is_own=is_own, ask=asks)
        elif selected is not None:
            reading = session.services.folders.reading
            await selected.sync(session.give, reading, may_expunge=not uses_numbers, ask=asks)
        if selected is not None and uses_numbers and selected.holds_back and session.speech.qresync:
            # RFC 7162 §3.2: modseqs went out ahead of the VANISHED with a lower one, which has to wait.
            session.send(response.ok(b"*", "Some is yet to be told", code_highestmodseq(selected.highest)))

    def _answer(self, tag: bytes, reply: Reply) -> None:
        session = self._session
        session.send(reply.line(tag))
        if reply.condition is not response.Condition.BAD:
            self._bad_in_a_row = 0
            return
        emit(LogEvent.IMAP_COMMAND_REFUSED, session=session.id, command="", reason=reply.text)
        self._bad_in_a_row += 1
        if self._bad_in_a_row >= session.services.settings.bad_commands_max:
            self._hang_up("Too many commands that are none")

    def _refuse_literal(self, tag: bytes, reply: Reply) -> None:
        """The bytes of a refused literal are thrown away as they come, or, if they are too many, not waited for."""
        may_go_on = self._session.receiver.refuse()
        self._answer(tag, reply)
        if not may_go_on:
            self._hang_up("That literal is too large to wait for its end")

    def _hang_up(self, text: str) -> None:
        self._session.send(response.bye(text))
        self._session.state = State.LOGOUT
