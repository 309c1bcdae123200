"""A message on its way in: staged, hashed and parsed as its bytes come. The one place that computes `Rendered`."""

from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.summary import Summarizer, Summary, summarize
from mailstead.ground.model.errors import TooLarge
from mailstead.ground.model.ids import BlobId
from mailstead.ground.model.message import Rendered
from mailstead.ground.wire.imap.render import RENDER_VERSION, render_bodystructure, render_envelope
from mailstead.store.port.blobs import INLINE_MAX, Blobs, BlobWriter, StagedBlob

_READ_AT_ONCE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be filed, any number of times."""

    staged: StagedBlob
    rendered: Rendered


def render(summary: Summary) -> Rendered:
    """What is stored ready to send."""
    return Rendered(
        version=RENDER_VERSION,
        envelope=render_envelope(summary.envelope),
        bodystructure=render_bodystructure(summary.root, extended=True),
        body=render_bodystructure(summary.root, extended=False),
        parts=summary.packed_parts,
        header=summary.header,
        fields=summary.packed_fields,
        preview=summary.preview,
        subject_base=summary.subject_base,
        sent_at=summary.sent_at,
        message_id=summary.message_id,
    )


def take(blobs: Blobs, data: bytes) -> Letter:
    """The quick way for a small message that has come whole: at most INLINE_MAX bytes."""
    return Letter(blobs.stage_small(data), render(summarize(data)))


async def take_again(blobs: Blobs, blob_id: BlobId) -> Letter:
    """One that is stored already, to be filed once more: the store knows these bytes and keeps one copy. NotFound."""
    reader = await blobs.open(blob_id)
    incoming = Incoming(blobs, reader.size)
    offset = 0
    while offset < reader.size:
        data = await reader.read(offset, _READ_AT_ONCE)
        incoming.write(data)
        offset += len(data)
    return await incoming.finish()


class Incoming:
    """Takes the bytes of one message, whatever their number, in bounded memory."""

    def __init__(self, blobs: Blobs, max_size: int) -> None:
        self._blobs = blobs
        self._max_size = max_size
        self._head: bytes | None = b""  # while all of it is small enough for the quick way
        self._writer: BlobWriter | None = None
        self._summarizer = Summarizer()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Take more; TooLarge past the limit (the caller goes on reading and throws away)."""
        self.size += len(data)
        if self.size > self._max_size:
            self.abort()
            raise TooLarge(f"more than {self._max_size} bytes")
        if self._head is not None:
            self._head += data
            if len(self._head) <= INLINE_MAX:
                return
            data, self._head = self._head, None
        if self._writer is None:
            self._writer = self._blobs.stage()
        self._writer.write(data)
        self._summarizer.feed(data)

    async def finish(self) -> Letter:
        """All bytes have come."""
        if self._head is not None:
            return take(self._blobs, self._head)
        assert self._writer is not None
        return Letter(await self._writer.finish(), render(self._summarizer.close()))

    def abort(self) -> None:
        """Forget it."""
        self._head = None
        if self._writer is not None:
            self._writer.abort()
