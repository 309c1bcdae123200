"""The content of one transaction on its way in. A small letter that comes whole is never copied."""

from dataclasses import dataclass

from mailstead.ground.model.errors import TooLarge
from mailstead.services.checks.checks import Examination
from mailstead.services.folders.incoming import Incoming, Letter, take
from mailstead.store.port.blobs import INLINE_MAX, Blobs


@dataclass(frozen=True, slots=True)
class Examined(Letter):
    """A letter whose origin is being looked into."""

    examination: Examination


class Body:
    """Takes pieces; the last one with `finish`. An examination sees them first, and may leave fields out."""

    def __init__(self, blobs: Blobs, max_size: int, examination: Examination | None = None) -> None:
        self._blobs = blobs
        self._max_size = max_size
        self._examination = examination
        self._incoming: Incoming | None = None
        self.size = 0

    def write(self, data: bytes) -> None:
        """Take a piece; TooLarge, NoSpace: then forget the body and throw away the rest."""
        self._count(data)
        self._pass_on(data if self._examination is None else self._examination.feed(data))

    async def finish(self, data: bytes) -> Letter:
        """Take the last piece; TooLarge, NoSpace."""
        self._count(data)
        examination = self._examination
        if examination is None:
            return await self._end(data)
        letter = await self._end(examination.feed(data) + examination.finish())
        return Examined(letter.staged, letter.rendered, examination)

    async def _end(self, data: bytes) -> Letter:
        if self._incoming is None and len(data) <= INLINE_MAX:
            return take(self._blobs, data)
        self._pass_on(data)
        assert self._incoming is not None
        return await self._incoming.finish()

    def _count(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._max_size:
            self.abort()
            raise TooLarge(f"more than {self._max_size} octets")

    def _pass_on(self, data: bytes) -> None:
        """What an examination adds does not count."""
        if self._incoming is None:
            self._incoming = Incoming(self._blobs, 2 * self._max_size)
        self._incoming.write(data)

    def abort(self) -> None:
        """Forget it. May be called twice."""
        if self._examination is not None:
            self._examination.abort()
        if self._incoming is not None:
            self._incoming.abort()
