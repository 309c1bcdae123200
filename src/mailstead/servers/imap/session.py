"""One connection's state. Invariants: output is sent in the order of `send`; only the conversation's own task reads;
`selected` is set exactly in State.SELECTED; nothing of a session is known to another one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import ip_address
from typing import Final, Protocol

from mailstead.ground.model.sequence import SequenceSet
from mailstead.ground.model.uidset import UidSet
from mailstead.ground.wire.imap.command import Create, Delete, Rename, Subscribe
from mailstead.ground.wire.imap.event import Event
from mailstead.ground.wire.imap.receiver import CommandReceiver
from mailstead.ground.wire.imap.response import ok
from mailstead.ground.wire.imap.resync import code_highestmodseq
from mailstead.ground.wire.imap.sharing import SetMetadata
from mailstead.net.clock import Clock
from mailstead.net.stream import PeerGone, Stream, TimedOut, Woken
from mailstead.servers.imap.homes import Homes
from mailstead.servers.imap.reply import UID_REQUIRED, Refusal, bad
from mailstead.servers.imap.selected import Selected
from mailstead.servers.imap.settings import ImapSettings
from mailstead.servers.imap.speech import Speech
from mailstead.servers.imap.view import NoSuchNumber
from mailstead.services.accounts.login import Authenticator, Principal
from mailstead.services.folders.service import Folders
from mailstead.services.search.service import Search

UTF8_ENABLED: Final = frozenset({"IMAP4REV2", "UTF8=ACCEPT"})
ACCESS_GOOD_FOR: Final = 1.0
"""Seconds that a user is not looked up again for what concerns their own account alone."""
FLUSH_AT: Final = 64 * 1024
"""Bytes of output collected before they are handed to the stream."""


class State(Enum):
    """RFC 9051 §3."""

    NOT_AUTHENTICATED = "not authenticated"
    AUTHENTICATED = "authenticated"
    SELECTED = "selected"
    LOGOUT = "logout"


class Leaving(Exception):  # noqa: N818 - it is news
    """The server drains, and this session is between two commands."""


@dataclass(frozen=True, slots=True)
class Services:
    """What all sessions share."""

    settings: ImapSettings
    folders: Folders
    search: Search
    authenticator: Authenticator
    clock: Clock


Advertise = Callable[["Session"], list[str]]


class Notices(Protocol):
    """What NOTIFY set (RFC 5465); see `commands.notices`."""

    async def tell(self, *, may_expunge: bool, is_own: bool = False, ask: bool = False) -> None:
        """Send what is due, in the middle of a command or at its end."""

    def made(self, command: Create | Delete | Rename | Subscribe | SetMetadata) -> None:
        """The client itself is about to do this."""

    def rest(self, *, idles: bool = False) -> None:
        """The session's own task waits for its client now: what comes may be pushed."""

    async def pause(self) -> None:
        """The session's own task goes on: let a push under way end, and begin no other."""

    def close(self) -> None:
        """Listen no more."""


class Session:
    """What commands read and change."""

    __slots__ = (
        "_advertise", "_homes", "_login_by", "_out", "_out_size", "access_good_until", "enabled", "failed_logins",
        "holds_numbers", "id", "is_busy", "is_draining", "is_inside_response", "notices", "principal", "receiver",
        "saved", "selected", "services", "speech", "state", "stream", "tag",
    )  # fmt: skip

    def __init__(self, stream: Stream, services: Services, session_id: int, advertise: Advertise) -> None:
        self.id = session_id
        self.stream = stream
        self.services = services
        self.receiver = CommandReceiver()
        self.state = State.NOT_AUTHENTICATED
        self.principal: Principal | None = None
        self.selected: Selected | None = None
        self.saved = UidSet()  # RFC 5182: `$`
        self.enabled: frozenset[str] = frozenset()
        self.speech = Speech()
        self.holds_numbers = False  # this command used message numbers, although those of its name need not
        self.failed_logins = 0
        self.tag = b"*"  # of the command that runs
        self.is_busy = False  # a command runs, or one has begun to come
        self.is_draining = False
        self.is_inside_response = False  # part of a response was promised: a failure now can only end the connection
        self.notices: Notices | None = None  # NOTIFY is in force
        self._advertise = advertise
        self._login_by = services.clock.monotonic() + services.settings.login_timeout
        self._homes: Homes | None = None
        self.access_good_until = 0.0  # see `access`
        self._out: list[bytes] = []
        self._out_size = 0

    # --- who and where ---

    @property
    def capabilities(self) -> list[str]:
        """What is true at this moment (RFC 9051 §6.1.1)."""
        return self._advertise(self)

    @property
    def homes(self) -> Homes:
        """The names this user may use."""
        assert self._homes is not None
        return self._homes

    @property
    def in_folder(self) -> Selected:
        """The selected folder; only for handlers of State.SELECTED."""
        assert self.selected is not None
        return self.selected

    @property
    def utf8(self) -> bool:
        """RFC 9051 §5.1, RFC 6855 §3: folder names are UTF-8 once the client enabled rev2 or UTF8=ACCEPT."""
        return not self.enabled.isdisjoint(UTF8_ENABLED)

    @property
    def is_rev2(self) -> bool:
        """RFC 9051: the client enabled IMAP4rev2."""
        return "IMAP4REV2" in self.enabled

    @property
    def may_login(self) -> bool:
        """RFC 9051 §6.2.3: no password goes over a line that others can read."""
        if self.stream.tls is not None:
            return True
        # A proxy's own address grants nothing: what it forwards comes from elsewhere.
        is_local = not self.stream.is_proxied and ip_address(self.stream.peer_ip).is_loopback
        return self.services.settings.plain_login and is_local

    def enter(self, principal: Principal) -> None:
        """The login succeeded."""
        self.principal = principal
        self._homes = Homes(principal)
        self.state = State.AUTHENTICATED
        self.access_good_until = self.services.clock.monotonic() + ACCESS_GOOD_FOR

    def leave(self) -> None:
        """RFC 8437 §3, §4.1: as before login; all that was enabled or saved is forgotten."""
        self.deselect()
        if self.notices is not None:
            self.notices.close()
            self.notices = None
        self.principal = self._homes = None
        self.enabled = frozenset()
        self.speech = Speech()
        self.state = State.NOT_AUTHENTICATED
        self._login_by = self.services.clock.monotonic() + self.services.settings.login_timeout

    def change_access(self, principal: Principal) -> None:
        """Other accounts are open to the user now, or in other roles."""
        self.principal = principal
        self._homes = Homes(principal)

    def end(self) -> None:
        """The last word was said."""
        self.state = State.LOGOUT

    def speak(self, speech: Speech) -> None:
        """From now on tell the client of messages in this way."""
        self.speech = speech
        if self.selected is not None:
            self.selected.speech = speech

    def use_condstore(self) -> None:
        """A CONDSTORE enabling command came (RFC 7162 §3.1); the first one tells where the open folder stands."""
        if self.speech.condstore:
            return
        self.speak(replace(self.speech, condstore=True))
        if self.selected is not None:
            self.send(ok(b"*", "Highest", code_highestmodseq(self.selected.highest)))

    def deselect(self) -> None:
        """Close the selected folder, if any."""
        if self.selected is not None:
            self.selected.close()
            self.selected = None
            self.state = State.AUTHENTICATED
        self.saved = UidSet()

    def resolve(self, numbers: SequenceSet, *, by_uid: bool, strict: bool = True) -> UidSet:
        """The UIDs a command means, of those this client was told of; Refusal for a number that is not in use."""
        numbering = self.in_folder.numbering
        if self.speech.uid_only and not by_uid:
            raise Refusal(UID_REQUIRED)
        if numbers.is_saved:
            return self.saved & numbering.told  # RFC 5182 §2.1
        if by_uid:
            return numbering.resolve_uids(numbers)
        self.holds_numbers = not strict  # RFC 7162 §3.2.10.2: a UID SEARCH for message numbers
        try:
            return numbering.resolve_numbers(numbers, strict=strict)
        except NoSuchNumber:
            raise Refusal(bad("No message of that number")) from None

    # --- in and out ---

    def send(self, data: bytes) -> None:
        """Queue output; it leaves with the next `flush`."""
        self._out.append(data)
        self._out_size += len(data)

    async def give(self, data: bytes) -> None:
        """Queue output of which there may be much: waits for a peer that reads slowly."""
        self.send(data)
        if self._out_size >= FLUSH_AT:
            await self.flush()

    async def flush(self) -> None:
        """Hand over what is queued and wait until the peer took most of it; PeerGone if it does not."""
        if not self._out:
            return
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        self._out_size = 0
        self.stream.write(data)
        await self.stream.drain(self.services.settings.write_timeout)

    @property
    def read_timeout(self) -> float:
        """RFC 9051 §5.4. Before login the whole of it counts: a byte a second buys no time."""
        settings = self.services.settings
        if self.principal is not None:
            return settings.literal_timeout if self.is_busy else settings.idle_timeout
        left = self._login_by - self.services.clock.monotonic()
        if left <= 0:
            raise TimedOut
        return left

    async def read(self) -> None:
        """Wait for more input; PeerGone at its end, TimedOut, Leaving in a drain between commands."""
        await self.flush()
        if self.is_draining and not self.is_busy:
            raise Leaving
        try:
            data = await self.stream.read(self.read_timeout)
        except Woken:
            return  # `drain` asks to look up
        if not data:
            raise PeerGone
        self.receiver.feed(data)

    async def next_event(self) -> Event:
        """The next event of the stream, in the middle of a command."""
        while (event := self.receiver.next_event()) is None:
            await self.read()
        return event
