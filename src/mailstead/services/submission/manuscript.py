"""A letter as it is handed in: its header is mended before a byte of it is stored, the body passes through."""

from dataclasses import dataclass

from mailstead.ground.formats.repair import Fault, Given, HeadFilter, Repair
from mailstead.ground.model.errors import TooLarge
from mailstead.services.folders.incoming import Incoming, Letter, take
from mailstead.store.port.blobs import INLINE_MAX, Blobs


@dataclass(frozen=True, slots=True)
class Mended(Letter):
    """A letter that went through a `Manuscript`. With a fault it holds nothing."""

    repair: Repair | None
    fault: Fault | None


class Manuscript:
    """Takes pieces; the last one with `finish`."""

    def __init__(self, blobs: Blobs, max_size: int, given: Given) -> None:
        self._blobs = blobs
        self._max_size = max_size
        self._filter = HeadFilter(given)
        self._incoming: Incoming | None = None
        self._size = 0

    def write(self, data: bytes) -> None:
        """Take a piece; TooLarge, NoSpace: then forget the letter and throw away the rest."""
        self._count(data)
        self._pass_on(self._filter.feed(data))

    async def finish(self, data: bytes) -> Mended:
        """Take the last piece; TooLarge, NoSpace."""
        self._count(data)
        mended = self._filter.feed(data) + self._filter.finish()
        if self._incoming is None and len(mended) <= INLINE_MAX:
            letter = take(self._blobs, mended)
        else:
            self._pass_on(mended)
            assert self._incoming is not None
            letter = await self._incoming.finish()
        return Mended(letter.staged, letter.rendered, self._filter.repair, self._filter.fault)

    def abort(self) -> None:
        """Forget it. May be called twice."""
        if self._incoming is not None:
            self._incoming.abort()

    def _count(self, data: bytes) -> None:
        """What is added to the header does not count against the author."""
        self._size += len(data)
        if self._size > self._max_size:
            self.abort()
            raise TooLarge(f"more than {self._max_size} octets")

    def _pass_on(self, mended: bytes) -> None:
        if not mended:
            return
        if self._incoming is None:
            self._incoming = Incoming(self._blobs, 2 * self._max_size)
        self._incoming.write(mended)
