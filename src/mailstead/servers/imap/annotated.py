"""Which annotations changed since the client was told (RFC 5465 §5.6, §5.7): remembered by a hash of each value."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from mailstead.ground.wire.imap import response
from mailstead.ground.wire.imap.string import render_astring
from mailstead.services.folders.metadata import SHARED_BY_ALL, Annotation, Shelf, Wanted

ALL: Final = Wanted(("/private", SHARED_BY_ALL), depth=None)


class Annotated:
    """What one user sees on some shelves."""

    __slots__ = ("_known", "_read")

    def __init__(self, read: Callable[[Shelf], Awaitable[list[Annotation]]]) -> None:
        self._read = read
        self._known: dict[Shelf, dict[str, int]] = {}

    async def take_changed(self, shelf: Shelf) -> list[str]:
        """Entries that came, changed or went since the last call; all of them at the first one."""
        notes = await self._read(shelf)
        old, new = self._known.get(shelf, {}), {note.entry: hash(note.value) for note in notes}
        self._known[shelf] = new
        return sorted(entry for entry in {*old, *new} if old.get(entry) != new.get(entry))


def render_changed(name: str, entries: Iterable[str], *, utf8: bool) -> bytes:
    """RFC 5464 §4.4.2: the names of what changed, without values; the server's own have no mailbox."""
    shown = response.folder_name(name, utf8=utf8) if name else b'""'
    return b"* METADATA %b %b\r\n" % (shown, b" ".join(render_astring(entry.encode("utf-8")) for entry in entries))
