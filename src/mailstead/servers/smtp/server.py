"""The server of one listener: greets, reads commands, keeps the limits of a session, and drains."""

from typing import Final

from mailstead.ground.model.envelope import Client
from mailstead.ground.model.verdict import PASS, Defer, Verdict
from mailstead.ground.wire.smtp.command import split_command
from mailstead.ground.wire.smtp.fault import Fault
from mailstead.ground.wire.smtp.receiver import Chunk, End, Flaw, Line
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.net.listener import Refusal
from mailstead.net.stream import PeerGone, Stream, TimedOut, Woken
from mailstead.servers.smtp.hellos import Hellos
from mailstead.servers.smtp.profile import Dialect, Profile
from mailstead.servers.smtp.replies import incident_reply
from mailstead.servers.smtp.session import Office, Session, State
from mailstead.servers.smtp.table import COMMANDS, Answer, verbs
from mailstead.servers.smtp.taker import FromStrangers, Logins
from mailstead.services.reception.reception import Reception
from mailstead.telemetry import Event, emit, incident

# A browser made to post to us (cross-protocol attacks): the first of its words ends the session unheard.
HTTP_WORDS: Final = frozenset(
    {"GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "DELETE", "PATCH", "TRACE", "PRI", "HOST:", "USER-AGENT:"}
)

_FLAWS: Final = {Flaw.TOO_LONG: Status.LINE_TOO_LONG, Flaw.BARE: Status.BARE_LINE_END}


def turn_away(refusal: Refusal) -> bytes:
    """The line for a connection that a limit of the door refuses."""
    match refusal:
        case Refusal.TOO_MANY:
            return Status.SERVER_FULL.line
        case Refusal.TOO_MANY_FROM_IP:
            return Status.TOO_MANY_CONNECTIONS.line
        case Refusal.STOPPING:
            return Status.SHUTTING_DOWN.line


class SmtpServer:
    """One profile, for strangers or for people who log in. `serve` is called once for each connection."""

    def __init__(self, profile: Profile, takes: Reception | Logins, clock: Clock, ids: IdSource) -> None:
        logins = takes if isinstance(takes, Logins) else None
        size = takes.max_message_size if isinstance(takes, Logins) else takes.rules.max_message_size
        self._office = Office(
            profile=profile,
            taker=None if isinstance(takes, Logins) else FromStrangers(takes),
            logins=logins,
            judge_connection=_everybody if isinstance(takes, Logins) else takes.judge_connection,
            max_message_size=size,
            clock=clock,
            hello=Hellos(profile, size, clock).reply,
            verbs=verbs(profile),
        )
        self._greeting = Reply(Status.READY, f"{profile.hostname} {_greeting_words(profile)}").prepared()
        self._ids = ids
        self._sessions: set[Session] = set()
        self._is_draining = False

    @property
    def count(self) -> int:
        """Sessions now."""
        return len(self._sessions)

    def drain(self) -> None:
        """Stop: whoever is idle is told 421 now, whoever has begun a transaction when it is done."""
        self._is_draining = True
        for session in self._sessions:
            session.is_draining = True
            session.stream.wake()

    async def serve(self, stream: Stream) -> None:
        """One connection from its greeting to its end."""
        session = Session(stream, self._office, self._ids.next())
        session.is_draining = self._is_draining
        self._sessions.add(session)
        reason = "error"
        try:
            reason = await self._converse(session)
        except PeerGone:
            reason = "gone"
        finally:
            self._sessions.discard(session)
            session.forget_transaction()
            stream.close()
            self._tell(session, reason)

    async def _converse(self, session: Session) -> str:
        verdict = await self._office.judge_connection(session.client)
        if isinstance(verdict, Defer):
            if self._office.taker is not None:
                self._office.taker.refusals.note(verdict, session.client, sender="", recipient="")
            session.send(Reply(Status.CONNECTIONS_LIMITED))
            session.flush()
            return "limited"
        session.send(self._greeting)
        try:
            while not session.is_over:
                await self._step(session)
            reason = "end"
        except TimedOut:
            session.send(Reply(Status.TIMEOUT))
            reason = "timeout"
        except Woken:
            session.send(Reply(Status.SHUTTING_DOWN))
            reason = "drain"
        session.flush()
        return reason

    async def _step(self, session: Session) -> None:
        """One command and its answer."""
        event = await session.next_command()
        assert not isinstance(event, Chunk | End), "content without a command that asks for it"
        answer = await self._answer(session, event.text) if isinstance(event, Line) else Reply(_FLAWS[event.flaw])
        for reply in (answer,) if isinstance(answer, Reply) else answer:
            session.send(reply)
            session.errors += reply.status.code >= 500
        _keep_limits(session)

    async def _answer(self, session: Session, text: bytes) -> Answer:
        session.commands += 1
        try:
            return await _perform(session, text)
        except Fault as fault:
            return Reply(fault.status)
        except (PeerGone, TimedOut, Woken):
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours is told as one and harms nobody else
            return incident_reply(incident(error, subsystem="smtp", session=session.number))

    def _tell(self, session: Session, reason: str) -> None:
        emit(
            Event.SMTP_SESSION_ENDED,
            session=session.number,
            protocol=session.profile.protocol,
            client_ip=session.client.ip,
            reason=reason,
            count=session.transactions,
            elapsed=self._office.clock.monotonic() - session.began_at,
        )


async def _everybody(_client: Client) -> Verdict:
    """Who logs in is judged then."""
    return PASS


async def _perform(session: Session, text: bytes) -> Answer:
    verb, argument = split_command(text)
    row = COMMANDS.get(verb)
    if row is None or not row.is_spoken(session.profile):
        return _unknown(session, verb, is_known=row is not None)
    if session.is_draining and session.transaction is None and verb != "QUIT":
        raise Woken
    if row.refused_in and (refused := row.refused_in.get(session.state)) is not None:
        return Reply(refused)
    try:
        parsed = row.parse(argument)
    except Fault:
        session.is_over = row.ends_on_fault
        raise
    answer: Answer = await row.handle(session, parsed)
    return answer


def _greeting_words(profile: Profile) -> str:
    return f"{'LMTP' if profile.dialect is Dialect.LMTP else 'ESMTP'} Mailstead"


def _unknown(session: Session, verb: str, *, is_known: bool) -> Reply:
    if verb in HTTP_WORDS:
        session.is_over = True
        return Reply(Status.NOT_HTTP)
    # RFC 2033 §4.1: HELO and EHLO are unknown to an LMTP server.
    return Reply(Status.NOT_IMPLEMENTED if is_known else Status.UNKNOWN_COMMAND)


def _keep_limits(session: Session) -> None:
    """After a command: has it been one too many?"""
    limits = session.limits
    if session.is_over:
        return
    if session.errors >= limits.max_errors or session.misses >= limits.max_recipient_misses:
        session.send(Reply(Status.TOO_MANY_ERRORS))
    elif session.commands >= limits.max_commands and session.state is not State.CHUNKS:
        session.send(Reply(Status.TOO_MANY_COMMANDS))
    else:
        return
    session.is_over = True
