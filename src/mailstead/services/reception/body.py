"""The content of one transaction on its way in. A small letter that comes whole is never copied."""

from mailstead.ground.model.errors import TooLarge
from mailstead.services.folders.incoming import Incoming, Letter, take
from mailstead.store.port.blobs import INLINE_MAX, Blobs


class Body:
    """Takes pieces; the last one with `finish`."""

    def __init__(self, blobs: Blobs, max_size: int) -> None:
        self._blobs = blobs
        self._max_size = max_size
        self._incoming: Incoming | None = None
        self.size = 0

    def write(self, data: bytes) -> None:
        """Take a piece; TooLarge, NoSpace: then forget the body and throw away the rest."""
        self.size += len(data)
        if self.size > self._max_size:
            self.abort()
            raise TooLarge(f"more than {self._max_size} octets")
        if self._incoming is None:
            self._incoming = Incoming(self._blobs, self._max_size)
        self._incoming.write(data)

    async def finish(self, data: bytes) -> Letter:
        """Take the last piece; TooLarge, NoSpace."""
        if self._incoming is None and len(data) <= min(INLINE_MAX, self._max_size):
            self.size = len(data)
            return take(self._blobs, data)
        self.write(data)
        assert self._incoming is not None
        return await self._incoming.finish()

    def abort(self) -> None:
        """Forget it. May be called twice."""
        if self._incoming is not None:
            self._incoming.abort()
