"""APPEND (RFC 9051 §6.3.12, MULTIAPPEND RFC 3502): messages stream in, pipelined ones share a commit."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from mailstead.ground.model.errors import NoSpace, NotFound, TooLarge
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Append
from mailstead.ground.wire.imap.event import LiteralChunk, MessageLiteral
from mailstead.ground.wire.imap.grammar.append import parse_append
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.commands.copy import find_target
from mailstead.servers.imap.reply import TRY_CREATE, Refusal, Reply, bad, no, ok
from mailstead.servers.imap.session import Session, State
from mailstead.services.folders.filing import Appended, Draft, Place
from mailstead.services.folders.incoming import Incoming, Letter
from mailstead.services.folders.reading import INLINE_MAX

MESSAGES_MAX: Final = 100
"""In one MULTIAPPEND."""
WAITING_MAX: Final = 32
"""Pipelined APPENDs on their way to one commit."""


@dataclass(slots=True)
class _Coming:
    """One APPEND while its messages arrive."""

    place: Place
    drafts: list[Draft] = field(default_factory=list)
    command: Append | None = None
    incoming: Incoming | None = None


@dataclass(frozen=True, slots=True)
class _Filed:
    """One APPEND on its way to the store."""

    tag: bytes
    task: "asyncio.Task[list[Appended]]"


class Appending:
    """What a session knows of its APPENDs. `settle` answers those that wait, in order."""

    __slots__ = ("_coming", "_session", "_waiting")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._coming: _Coming | None = None
        self._waiting: deque[_Filed] = deque()

    @property
    def is_waiting(self) -> bool:
        """True if answers are due."""
        return bool(self._waiting)

    @property
    def is_coming(self) -> bool:
        """True between the beginning of an APPEND and its end."""
        return self._coming is not None

    @property
    def is_crowded(self) -> bool:
        """True if no more should be taken in before the answers."""
        return len(self._waiting) >= WAITING_MAX

    async def begin(self, literal: MessageLiteral) -> None:
        """Judge a message before its bytes; Refusal or MailError if it is not wanted, and nothing of it is kept."""
        session = self._session
        command = parse_append(literal, utf8=session.utf8)
        if session.state in (State.NOT_AUTHENTICATED, State.LOGOUT):
            raise Refusal(bad("Log in first"))
        if literal.size > session.services.settings.max_message_size:
            raise TooLarge
        if not session.services.folders.has_room():
            raise NoSpace
        if literal.is_first or self._coming is None:
            self._coming = _Coming(Place.of(await find_target(session, command.folder)))
        elif len(self._coming.drafts) >= MESSAGES_MAX:
            raise Refusal(no("Too many messages in one APPEND", Code.LIMIT))
        self._coming.command = command
        self._coming.incoming = None

    async def take(self, chunk: LiteralChunk) -> None:
        """Bytes of the message that `begin` let in."""
        coming, folders = self._coming, self._session.services.folders
        assert coming is not None and coming.command is not None  # noqa: PT018
        if coming.incoming is None and chunk.is_last and len(chunk.data) <= INLINE_MAX:
            self._finish(coming, folders.take(chunk.data))
            return
        if coming.incoming is None:
            coming.incoming = folders.receive(self._session.services.settings.max_message_size)
        coming.incoming.write(chunk.data)
        if chunk.is_last:
            self._finish(coming, await coming.incoming.finish())

    def _finish(self, coming: _Coming, letter: Letter) -> None:
        assert coming.command is not None
        coming.drafts.append(Draft(letter, coming.command.flags, coming.command.internal_date))
        coming.command = coming.incoming = None

    def end(self, tag: bytes) -> None:
        """All messages have come: off to the store, without waiting."""
        coming, self._coming = self._coming, None
        assert coming is not None
        filing = self._session.services.folders.filing
        task = asyncio.get_running_loop().create_task(filing.append(coming.place, coming.drafts))
        self._waiting.append(_Filed(tag, task))

    async def settle(self) -> list[tuple[bytes, Reply | BaseException]]:
        """Wait for all that are on their way; their answers in order, or what went wrong."""
        answers: list[tuple[bytes, Reply | BaseException]] = []
        while self._waiting:
            filed = self._waiting[0]
            try:
                answers.append((filed.tag, _answer(await filed.task)))
            except NotFound:
                answers.append((filed.tag, TRY_CREATE))
            except Exception as error:  # noqa: BLE001 - the conversation maps it, each APPEND by itself
                answers.append((filed.tag, error))
            self._waiting.popleft()
        return answers

    def forget(self) -> None:
        """Drop what has come of an APPEND that was refused."""
        if self._coming is not None and self._coming.incoming is not None:
            self._coming.incoming.abort()
        self._coming = None

    async def cancel(self) -> None:
        """The connection ended: what is not in the store yet stays out of it."""
        self.forget()
        for filed in self._waiting:
            filed.task.cancel()
        await asyncio.gather(*(filed.task for filed in self._waiting), return_exceptions=True)
        self._waiting.clear()


def _answer(done: list[Appended]) -> Reply:
    """RFC 4315 §3; several messages of one MULTIAPPEND have one set of UIDs."""
    return ok("APPEND completed", response.code_appenduid(done[0].uidvalidity, UidSet.of(item.uid for item in done)))
