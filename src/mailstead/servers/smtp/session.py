"""One session: who speaks, how far the transaction has come, and what waits to be read and sent.

Invariants: where people log in nobody takes mail before they have; `transaction` is None until MAIL was accepted and
after its content was taken or forgotten; `intake` is there only while BDAT content is under way; nothing is awaited
from the peer while replies are kept back.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.verdict import Verdict
from mailstead.ground.wire.smtp.receiver import LINE_MAX, LOGIN_LINE_MAX, Event, Receiver
from mailstead.ground.wire.smtp.reply import Reply
from mailstead.net.clock import Clock
from mailstead.net.stream import PeerGone, Stream, TimedOut, Woken
from mailstead.servers.smtp.intake import Intake
from mailstead.servers.smtp.profile import Dialect, Profile
from mailstead.servers.smtp.taker import Logins, Taker
from mailstead.services.accounts.attempt import Principal
from mailstead.services.accounts.sasl import Line
from mailstead.services.delivery.plan import Accepted

KEPT_BACK_MAX: Final = 16_384
"""Octets of replies joined into one packet (RFC 2920 §3.2)."""
DRAIN_AFTER: Final = 65_536


class State(Enum):
    """How far a session has come."""

    START = 1  # no hello yet
    GREETED = 2  # and nobody logged in, where that is asked for
    READY = 3
    MAIL = 4  # a sender, no recipient yet
    RCPT = 5
    CHUNKS = 6  # BDAT is under way


@dataclass(frozen=True, slots=True)
class Transaction:
    """One mail transaction, replaced whole."""

    envelope: Envelope
    began_at: float
    accepted: tuple[Accepted, ...] = ()

    def with_recipient(self, accepted: Accepted) -> "Transaction":
        """The same with one recipient more."""
        envelope = self.envelope.with_recipient(accepted.recipient)
        return Transaction(envelope, self.began_at, (*self.accepted, accepted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What all sessions of a listener share."""

    profile: Profile
    taker: Taker | None  # None: whoever logs in gets one
    logins: Logins | None
    judge_connection: Callable[[Client], Awaitable[Verdict]]  # before the greeting
    max_message_size: int
    clock: Clock
    hello: Callable[[bool, tuple[str, ...]], Reply]  # to EHLO and LHLO: under TLS? and which mechanisms
    verbs: Sequence[str]  # of HELP


class Session:
    """State and the two directions of one connection."""

    __slots__ = (
        "_kept_back", "_replies", "_sent", "_taker", "began_at", "client", "commands", "errors", "failed_logins",
        "hello", "intake", "is_draining", "is_extended", "is_over", "limits", "login", "misses", "number", "office",
        "profile", "received", "receiver", "stream", "transaction", "transactions",
    )  # fmt: skip

    def __init__(self, stream: Stream, office: Office, number: int) -> None:
        self.stream = stream
        self.office = office
        self.profile = office.profile
        self.limits = office.profile.limits
        self.number = number
        self.receiver = Receiver(LOGIN_LINE_MAX if office.logins is not None else LINE_MAX)
        self._taker = office.taker
        self.login = ""
        self.hello = ""
        self.is_extended = False
        self.transaction: Transaction | None = None
        self.intake: Intake | None = None
        self.transactions = self.errors = self.misses = self.commands = self.failed_logins = 0
        self.is_over = False
        self.is_draining = False
        self.began_at = office.clock.monotonic()
        self.received = 0
        self._replies: list[bytes] = []
        self._kept_back = 0
        self._sent = 0
        self._introduce("")

    @property
    def state(self) -> State:
        """Derived, so that it cannot disagree."""
        if self.intake is not None:
            return State.CHUNKS
        if self.transaction is not None:
            return State.RCPT if self.transaction.accepted else State.MAIL
        if not self.hello:
            return State.START
        return State.GREETED if self._taker is None else State.READY

    @property
    def taker(self) -> Taker:
        """Who takes the mail of this session."""
        assert self._taker is not None, "the table asks for a login"
        return self._taker

    @property
    def line(self) -> Line:
        """What logins have to know of the connection. Passwords go under TLS and nowhere else.

        -PLUS is not listed: mutt and neomutt by libgsasl choose it first, have no binding, and then send nothing.
        """
        return Line(self.stream.tls, is_private=self.stream.tls is not None, lists_plus=False)

    @property
    def is_lmtp(self) -> bool:
        """One reply for each recipient."""
        return self.profile.dialect is Dialect.LMTP

    # what the commands change

    def greet(self, name: str, *, is_extended: bool) -> None:
        """RFC 5321 §4.1.4: a hello also ends a transaction."""
        self.forget_transaction()
        self.hello, self.is_extended = name, is_extended
        self._introduce(name)

    def enter(self, principal: Principal) -> None:
        """Somebody has logged in."""
        assert self.office.logins is not None
        self._taker = self.office.logins.admit(principal)
        self.login = principal.user.login
        self.receiver.line_max = LINE_MAX
        self._introduce(self.hello)

    def start_over(self) -> None:
        """RFC 3207 §4.2: after TLS nothing of before is known."""
        self.forget_transaction()
        self.receiver.clear()
        self.hello, self.is_extended = "", False
        self._introduce("")

    def forget_transaction(self) -> None:
        """RSET, a hello, or the end."""
        self.transaction = None
        if self.intake is not None:
            self.intake.abort()
            self.intake = None

    def _introduce(self, helo: str) -> None:
        stream, tls = self.stream, self.stream.tls
        self.client = Client(
            ip=stream.peer_ip,
            port=stream.peer_port,
            helo=helo,
            tls=f"{tls.version} {tls.cipher}" if tls else "",
            login=self.login,
            session=str(self.number),
        )

    # out

    def send(self, reply: Reply) -> None:
        """Keep a reply until the next wait for the peer."""
        line = reply.render()
        self._replies.append(line)
        self._kept_back += len(line)

    def flush(self) -> None:
        """Hand everything to the stream."""
        if self._replies:
            self.stream.write(b"".join(self._replies))
            self._replies.clear()
            self._sent += self._kept_back
            self._kept_back = 0

    # in

    async def next_command(self) -> Event:
        """The next command line; TimedOut, PeerGone, Woken when it is time to go."""
        event = self.receiver.next_event()
        if event is not None:
            return event
        now, limits = self.office.clock.monotonic(), self.limits
        deadline = now + limits.command_timeout
        if limits.session_timeout:
            deadline = min(deadline, self.began_at + limits.session_timeout)
        while event is None:
            if self.is_draining and self.transaction is None:
                raise Woken
            await self._fill(deadline)
            event = self.receiver.next_event()
        return event

    async def next_content(self, began_at: float, before: int) -> Event:
        """The next piece of content. `before`: octets received when it began, at `began_at`."""
        while (event := self.receiver.next_event()) is None:
            in_time = self.limits.data_grace + (self.received - before) / self.limits.min_rate
            await self._fill(began_at + min(in_time, self.limits.data_timeout))
        return event

    async def _fill(self, deadline: float) -> None:
        """Wait for bytes; replies go out first, unless more commands are here already (RFC 2920 §3.2)."""
        if self._kept_back > KEPT_BACK_MAX or not self.stream.has_input():
            self.flush()
        if self._sent > DRAIN_AFTER:
            self._sent = 0
            await self.stream.drain(self.limits.write_timeout)
        timeout = deadline - self.office.clock.monotonic()
        if timeout <= 0:
            raise TimedOut
        try:
            data = await self.stream.read(timeout)
        except Woken:
            return  # whoever asks next sees `is_draining`
        if not data:
            raise PeerGone
        self.received += len(data)
        self.receiver.feed(data)
