"""Everything about folders in one hand, for servers."""

from dataclasses import dataclass

from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.folders.delta import Deltas
from mailstead.services.folders.filing import Filing
from mailstead.services.folders.hub import Hub
from mailstead.services.folders.incoming import Incoming, Letter, take
from mailstead.services.folders.reading import Reading
from mailstead.services.folders.tree import FolderTree
from mailstead.store.port import Store


@dataclass(frozen=True, slots=True)
class Folders:
    """The operations by what they touch. Wiring connects the store's `on_commit` and the bus to `hub.wake`."""

    store: Store
    tree: FolderTree
    filing: Filing
    reading: Reading
    hub: Hub
    deltas: Deltas

    @classmethod
    def on(cls, store: Store, clock: Clock, ids: IdSource) -> "Folders":
        """All of them on one store."""
        reading = Reading(store)
        filing = Filing(store, clock, ids)
        return cls(store, FolderTree(store, clock), filing, reading, Hub(store), Deltas(store, reading))

    def receive(self, max_size: int) -> Incoming:
        """Begin to take a message in."""
        return Incoming(self.store.blobs, max_size)

    def take(self, data: bytes) -> Letter:
        """A small message that has come whole."""
        return take(self.store.blobs, data)

    def has_room(self) -> bool:
        """False when mail should be put off before its body is sent."""
        return self.store.has_room()
