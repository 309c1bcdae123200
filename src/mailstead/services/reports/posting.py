"""Reports on their way out: a letter of ours for the spool, which signs and carries it like any other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import DsnRequest, Envelope, Recipient
from mailstead.ground.model.ids import SpoolId
from mailstead.ground.model.spool import LOCAL, Origin
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.folders.append import put_letter
from mailstead.services.folders.incoming import Incoming, Letter
from mailstead.services.spool.outbox import Bundle
from mailstead.services.spool.spooling import Onward, Sending, Spooling, put_bundle
from mailstead.store.port import ReadTx, Store, Tx

LETTER_MAX: Final = 30 << 20
_NEVER: Final = DsnRequest(notify=frozenset({"NEVER"}))
"""Nobody is to be told what became of a report: no notice, and no loop of notices."""


@dataclass(frozen=True, slots=True)
class Posted:
    """Ready for the unit that says it was written."""

    letter: Letter
    bundle: Bundle

    @property
    def id(self) -> SpoolId:
        """In the spool."""
        return self.bundle.letter.id

    async def put(self, tx: Tx) -> Bundle:
        """Within the unit."""
        return await put_bundle(tx, self.bundle, await put_letter(tx, self.letter))


class Posting:
    """Makes letters ready, and hands on what is durable."""

    def __init__(self, store: Store, clock: Clock, ids: IdSource, spooling: Spooling) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._spooling = spooling

    async def prepare(self, data: bytes, author: Address, recipients: Sequence[Address]) -> Posted:
        """In the name of the author's domain, which signs: RFC 9990 §3.5.2 wants reports to pass DMARC themselves."""
        incoming = Incoming(self._store.blobs, LETTER_MAX)
        incoming.write(data)
        letter = await incoming.finish()
        ours = await self._find_ours(recipients)
        to = [Recipient(one, _NEVER) for one in recipients]
        onward = [Onward(one, LOCAL if one.address.domain in ours else "") for one in to]
        envelope = Envelope(sender=author, recipients=tuple(to))
        sending = Sending(origin=Origin.REPORT, domain=author.domain)
        number, now = SpoolId(self._ids.next()), self._clock.now()
        return Posted(letter, self._spooling.prepare(number, letter, envelope, onward, sending, prefix=b"", now=now))

    def take(self, bundle: Bundle) -> None:
        """After the commit."""
        self._spooling.outbox.take([bundle])

    async def _find_ours(self, recipients: Sequence[Address]) -> set[str]:
        async def unit(tx: ReadTx) -> set[str]:
            names = {one.domain for one in recipients}
            return {name for name in names if await tx.directory.find_domain(name) is not None}

        return await self._store.read(unit)
