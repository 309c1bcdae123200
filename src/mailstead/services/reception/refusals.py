"""What was refused before anything was filed: kept in memory for a second, then written in one unit.

Under attack the buffer is lossy, and what it lost is counted: nobody can make us write a row for each of their tries.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.envelope import Client
from mailstead.ground.model.errors import MailError
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.verdict import Defer, Refuse
from mailstead.net.clock import Clock
from mailstead.services.delivery.story import encode_facts
from mailstead.services.policy.concealing import Concealing, Hide, name_key
from mailstead.store.port import Lane, Store, Tx
from mailstead.store.port.trails import Refusal
from mailstead.telemetry import Event, emit

KEPT_MAX: Final = 500
"""A second of refusals in one worker: also the most rows of one unit."""
FLUSH_EVERY: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Noted:
    """What is still to be written. `facts` but for the addresses."""

    at: Instant
    client: Client
    sender: str
    recipient: str
    name: str  # its Message-ID, or the incident
    facts: Mapping[str, object]

    @property
    def domain(self) -> str:
        """Of ours: who logged in is one of our own people, who may write to the whole world."""
        return (self.sender if self.client.login else self.recipient).rpartition("@")[2]

    def row(self, key: bytes, hide: Hide) -> Refusal:
        """Its names as keys, its addresses as the recipient's domain wants them."""
        facts = {"from": hide(self.sender) or "<>", "to": hide(self.recipient), **self.facts}
        return Refusal(
            at=self.at,
            domain=self.domain,
            detail=encode_facts(facts),
            sender_key=name_key(key, self.sender),
            recipient_key=name_key(key, self.recipient),
            client_key=name_key(key, self.client.ip),
            letter_key=name_key(key, self.name),
            session_key=name_key(key, self.client.session),
        )


class Refusals:
    """One for a worker."""

    def __init__(self, store: Store, clock: Clock, concealing: Concealing) -> None:
        self._store = store
        self._clock = clock
        self._concealing = concealing
        self._noted: list[_Noted] = []
        self._lost = 0

    def note(
        self,
        verdict: Refuse | Defer,
        client: Client,
        *,
        sender: str,
        recipient: str,
        message_id: str = "",
        incident: str = "",
        checks: Mapping[str, object] | None = None,
    ) -> None:
        """Remember one, if there is room; `checks` is what was found out about it, `incident` the name of a fault of
        ours that the reply told."""
        if len(self._noted) >= KEPT_MAX:
            self._lost += 1
            return
        facts: dict[str, object] = {
            "ip": client.ip,
            "helo": client.helo,
            "reason": verdict.reason.value,
            "why": verdict.evidence,
            "final": isinstance(verdict, Refuse),
            "session": client.session,
        }
        if message_id:
            facts["message_id"] = message_id
        if incident:
            facts["incident"] = incident
        if checks:
            facts["checks"] = checks
        self._noted.append(_Noted(self._clock.now(), client, sender, recipient, message_id or incident, facts))

    async def flush(self) -> None:
        """Write what is there; a store that cannot take it now loses it."""
        noted, self._noted = self._noted, []
        lost, self._lost = self._lost, 0
        if noted:
            try:
                await self._write(noted)
            except MailError:
                lost += len(noted)
        if lost:
            emit(Event.REFUSALS_LOST, count=lost)

    async def _write(self, noted: list[_Noted]) -> None:
        hiders = await self._concealing.hiders(one.domain for one in noted)
        key = await self._concealing.key()
        rows = [one.row(key, hiders[one.domain]) for one in noted]

        async def unit(tx: Tx) -> None:
            await tx.trails.insert_refusals(rows)

        await self._store.write(unit, lane=Lane.BULK)

    async def keep_flushing(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_EVERY)
            await self.flush()
