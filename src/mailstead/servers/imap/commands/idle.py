"""IDLE (RFC 9051 §6.3.13): news is sent the moment the hub has it; no task waits while nothing happens."""

import asyncio
import contextlib

from mailstead.ground.model.errors import MailError
from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.event import Event, RawLine
from mailstead.net.stream import PeerGone
from mailstead.servers.imap.access import renew_access
from mailstead.servers.imap.reply import Reply, bad, ok
from mailstead.servers.imap.session import Notices, Session
from mailstead.telemetry import incident


class Pusher:
    """Sends news of the selected folder while the session's own task waits for DONE."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._task: asyncio.Task[None] | None = None

    def on_news(self) -> None:
        """Called by the hub: take note."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._push())

    async def push(self, *, ask: bool = False) -> None:
        """Tell until there is nothing more to tell."""
        session = self._session
        selected = session.in_folder
        reading = session.services.folders.reading
        while ask or selected.has_news:
            if selected.home is not session.homes.own and not await renew_access(session):
                await session.flush()
                session.stream.abort()
                return
            await selected.sync(session.give, reading, may_expunge=True, ask=ask)
            await session.flush()
            ask = False

    async def stop(self) -> None:
        """Let a push under way end."""
        if self._task is not None:
            await self._task

    async def _push(self) -> None:
        try:
            await self.push()
        except PeerGone:
            self._session.stream.abort()  # it takes nothing: dropped, and the reading task hears of it
        except Exception as error:  # noqa: BLE001 - the last place that can see it
            incident(error, subsystem="imap", session=self._session.id)
            self._session.stream.abort()
        finally:
            self._task = None


async def idle(session: Session, _command: object) -> Reply:
    """Ends with the line DONE; anything else is refused."""
    session.send(response.continuation(b"idling"))
    session.receiver.expect_line()
    if session.notices is not None:
        return await _idle_with_notices(session, session.notices)
    pusher = Pusher(session)
    selected = session.selected
    try:
        if selected is not None:
            with contextlib.suppress(MailError):  # the store is busy: the news will come with a wake
                await pusher.push(ask=True)
            selected.watch.listen(pusher.on_news)
            if selected.has_news:  # it came while the last of that was being sent
                pusher.on_news()
        session.is_busy = False
        event = await session.next_event()
        session.is_busy = True
    finally:
        if selected is not None:
            selected.watch.listen(None)
        await pusher.stop()
    return _reply_to(event)


async def _idle_with_notices(session: Session, notices: Notices) -> Reply:
    """RFC 5465 §4: exactly what NOTIFY set."""
    with contextlib.suppress(MailError):
        await notices.tell(may_expunge=True, ask=True)
    await session.flush()
    notices.rest(idles=True)
    session.is_busy = False
    try:
        event = await session.next_event()
    finally:
        session.is_busy = True
        await notices.pause()
    return _reply_to(event)


def _reply_to(event: Event) -> Reply:
    if isinstance(event, RawLine) and event.line.upper() == b"DONE":
        return ok("IDLE completed")
    return bad("DONE expected")
