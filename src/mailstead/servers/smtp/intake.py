"""Content on its way in, and the first thing found against it: what follows is read and thrown away."""

from asyncio import CancelledError

from mailstead.ground.model.errors import Busy, NoSpace, TooLarge
from mailstead.ground.wire.smtp.reply import Reply, Status
from mailstead.servers.smtp.replies import incident_reply
from mailstead.servers.smtp.taker import Sink
from mailstead.services.folders.incoming import Letter
from mailstead.telemetry import incident


class Intake:
    """Never raises: a fault in here must not leave the rest of a body to be read as commands."""

    __slots__ = ("_body", "_session", "against", "size")

    def __init__(self, body: Sink, session: int) -> None:
        self._body = body
        self._session = session
        self.against: Reply | None = None
        self.size = 0

    def write(self, data: bytes) -> None:
        """Take a piece that is not the last."""
        self.size += len(data)
        if self.against is None:
            try:
                self._body.write(data)
            except Exception as error:  # noqa: BLE001 - see the class
                self.refuse(self._reply(error))

    async def finish(self, data: bytes, *, intact: bool) -> Letter | Reply:
        """Take the last piece."""
        self.size += len(data)
        if self.against is None and not intact:
            self.refuse(Reply(Status.BARE_CONTENT))
        if self.against is None:
            try:
                return await self._body.finish(data)
            except CancelledError:  # from here on nobody else would forget it
                self.abort()
                raise
            except Exception as error:  # noqa: BLE001 - see the class
                self.refuse(self._reply(error))
        assert self.against is not None
        return self.against

    def refuse(self, reply: Reply) -> None:
        """Whatever it becomes, it is not wanted any more."""
        self.against = self.against or reply
        self.abort()

    def abort(self) -> None:
        """Leave nothing behind."""
        self._body.abort()

    def _reply(self, error: Exception) -> Reply:
        match error:
            case TooLarge():
                return Reply(Status.TOO_LARGE)
            case NoSpace():
                return Reply(Status.NO_SPACE)
            case Busy():
                return Reply(Status.TRY_LATER)
            case _:
                return incident_reply(incident(error, subsystem="smtp", session=self._session))
