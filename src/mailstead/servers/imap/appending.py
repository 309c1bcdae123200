"""APPEND and REPLACE (RFC 9051 §6.3.12, RFC 8508): messages stream in, pipelined ones share a commit."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from mailstead.ground.model.errors import NoSpace, NotFound, TooLarge
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.command import Append
from mailstead.ground.wire.imap.event import CommandReady, LiteralChunk, MessageLiteral
from mailstead.ground.wire.imap.grammar.append import URL_MAX, AppendScript, Done, Literal, Step, Url
from mailstead.ground.wire.imap.response import Code
from mailstead.servers.imap.catenating import copy_part
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
WHOLE: Final = (Literal.MESSAGE, Literal.UTF8_MESSAGE)


@dataclass(slots=True)
class _Coming:
    """One command while its messages arrive. `literal` is what the bytes under way are."""

    place: Place
    script: AppendScript
    replaced: tuple[Place, int] | None = None
    drafts: list[Draft] = field(default_factory=list)
    command: Append | None = None
    literal: Literal | None = None
    url: bytes = b""
    incoming: Incoming | None = None
    copied: int = 0  # bytes that URLs brought


@dataclass(frozen=True, slots=True)
class _Filed:
    """One command on its way to the store."""

    tag: bytes
    task: "asyncio.Task[list[Appended]]"
    is_replace: bool = False


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
        """True if no more should be taken in before the answers: REPLACE changes what later commands mean."""
        return len(self._waiting) >= WAITING_MAX or any(filed.is_replace for filed in self._waiting)

    async def begin(self, literal: MessageLiteral) -> None:
        """Judge a literal before its bytes; Refusal or MailError if it is not wanted, and nothing of it is kept."""
        session = self._session
        if session.state in (State.NOT_AUTHENTICATED, State.LOGOUT):
            raise Refusal(bad("Log in first"))
        await self._read(literal.name, literal.head)
        coming = self._coming
        assert coming is not None
        if coming.literal is Literal.URL:
            if literal.size > URL_MAX:
                raise Refusal(bad("The URL is too long"))
            return
        if coming.literal in (Literal.UTF8_MESSAGE, Literal.UTF8_TEXT) and "UTF8=ACCEPT" not in session.enabled:
            raise Refusal(no("ENABLE UTF8=ACCEPT first", Code.CANNOT))  # RFC 6855 §4
        if (coming.incoming.size if coming.incoming else 0) + literal.size > session.services.settings.max_message_size:
            raise TooLarge

    async def take_whole(self, command: CommandReady) -> None:
        """A command without a literal of a message: all its parts are named by URL."""
        await self._read(command.name, command.args, is_end=True)

    async def _read(self, name: bytes, text: bytes, *, is_end: bool = False) -> None:
        """The next text of the command under way, or the first one of a new one."""
        coming = self._coming
        script = coming.script if coming is not None else AppendScript(name, utf8=self._session.utf8)
        steps = script.read(text, is_end=is_end)
        if coming is None:
            first = steps[0]
            assert isinstance(first, Append)
            coming = self._coming = await self._open(name, script, first.folder)
        for step in steps:
            await self._follow(coming, step)

    async def _open(self, name: bytes, script: AppendScript, folder: str) -> _Coming:
        session, replaced = self._session, None
        if not session.services.folders.has_room():
            raise NoSpace
        if script.replaced is not None:
            if session.selected is None:
                raise Refusal(bad("Select a mailbox first"))
            if session.selected.is_read_only:
                raise Refusal(no("Mailbox is selected read-only", Code.NOPERM))
            uids = session.resolve(script.replaced, by_uid=name.startswith(b"UID "))
            if not uids:
                raise Refusal(no("There is no message of that UID", Code.NONEXISTENT))
            replaced = (session.selected.place, uids.first)
        return _Coming(Place.of(await find_target(session, folder)), script, replaced)

    async def _follow(self, coming: _Coming, step: Step) -> None:
        match step:
            case Append():
                if len(coming.drafts) >= MESSAGES_MAX:
                    raise Refusal(no("Too many messages in one APPEND", Code.LIMIT))
                coming.command, coming.incoming, coming.literal = step, None, None
            case Literal():
                coming.literal, coming.url = step, b""
            case Url(text):
                await self._copy(coming, text)
            case Done.DONE:
                self._finish(coming, await self._incoming(coming).finish())

    async def _copy(self, coming: _Coming, text: str) -> None:
        """RFC 4469 §4.2: what one short command can make us copy is bounded, whatever the number of its messages."""
        incoming, most = self._incoming(coming), self._session.services.settings.max_message_size

        def write(piece: bytes) -> None:
            coming.copied += len(piece)
            if coming.copied > most:
                raise TooLarge
            incoming.write(piece)

        await copy_part(self._session, text, write)

    def _incoming(self, coming: _Coming) -> Incoming:
        if coming.incoming is None:
            session = self._session
            coming.incoming = session.services.folders.receive(session.services.settings.max_message_size)
        return coming.incoming

    async def take(self, chunk: LiteralChunk) -> None:
        """Bytes of the literal that `begin` let in."""
        coming, folders = self._coming, self._session.services.folders
        assert coming is not None and coming.command is not None  # noqa: PT018
        if coming.literal is Literal.URL:
            coming.url += chunk.data
            if chunk.is_last:
                await self._copy(coming, coming.url.decode("utf-8", "replace"))
            return
        is_whole = coming.literal in WHOLE
        if is_whole and coming.incoming is None and chunk.is_last and len(chunk.data) <= INLINE_MAX:
            self._finish(coming, folders.take(chunk.data))
            return
        incoming = self._incoming(coming)
        incoming.write(chunk.data)
        if is_whole and chunk.is_last:
            self._finish(coming, await incoming.finish())

    def _finish(self, coming: _Coming, letter: Letter) -> None:
        assert coming.command is not None
        coming.drafts.append(Draft(letter, coming.command.flags, coming.command.internal_date))
        coming.command = coming.incoming = None

    async def end(self, tag: bytes, tail: bytes = b"") -> None:
        """All has come: off to the store, without waiting."""
        coming = self._coming
        assert coming is not None
        if tail:
            await self._read(b"", tail, is_end=True)
        else:
            coming.script.read(b"", is_end=True)
        self._coming = None
        filing = self._session.services.folders.filing
        if coming.replaced is None:
            work = filing.append(coming.place, coming.drafts)
        else:
            source, uid = coming.replaced
            work = filing.replace(source, uid, coming.place, coming.drafts[0])
        task = asyncio.get_running_loop().create_task(work)
        self._waiting.append(_Filed(tag, task, coming.replaced is not None))

    async def settle(self) -> list[tuple[bytes, Reply | BaseException]]:
        """Wait for all that are on their way; their answers in order, or what went wrong."""
        answers: list[tuple[bytes, Reply | BaseException]] = []
        while self._waiting:
            filed = self._waiting[0]
            try:
                answers.append((filed.tag, self._answer(filed, await filed.task)))
            except NotFound:
                answers.append((filed.tag, TRY_CREATE))
            except Exception as error:  # noqa: BLE001 - the conversation maps it, each APPEND by itself
                answers.append((filed.tag, error))
            self._waiting.popleft()
        return answers

    def _answer(self, filed: _Filed, done: list[Appended]) -> Reply:
        """RFC 4315 §3; several messages of one MULTIAPPEND have one set of UIDs."""
        code = response.code_appenduid(done[0].uidvalidity, UidSet.of(item.uid for item in done))
        if not filed.is_replace:
            return ok("APPEND completed", code)
        # RFC 8508 §4.3: before the EXPUNGE, so that the client knows what came in its place.
        self._session.send(response.ok(b"*", "Replacement message ready", code))
        return ok("REPLACE completed")

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
