"""All milters of a listener, one after the other: each sees what those before it made of the letter."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.envelope import Client, Envelope
from mailstead.ground.model.opinion import Opinion, Wish
from mailstead.net.clock import Clock
from mailstead.services.filters.asking import Silent
from mailstead.services.filters.turns import Turns
from mailstead.services.folders.incoming import Letter
from mailstead.services.milters.milter import Milter, Occasion
from mailstead.services.milters.working import Working
from mailstead.store.port.blobs import Blobs
from mailstead.telemetry import Event, emit, incident

AT_ONCE: Final = 50
"""Letters of one worker that one milter has at the same time."""
VISIT_SECONDS: Final = 300.0
"""Longest visit of all, however steadily a milter says that it is working on it."""
_ENDS: Final = frozenset({Wish.REFUSE, Wish.PUT_OFF, Wish.DISCARD})


@dataclass(frozen=True, slots=True)
class Milled:
    """What came of it. `added`: fields to stand before the letter, which may be another one now."""

    letter: Letter
    added: bytes = b""
    opinions: tuple[Opinion, ...] = ()


class MilterRound:
    """One for a listener and a worker."""

    def __init__(
        self, milters: Sequence[Milter], blobs: Blobs, clock: Clock, *, hostname: str, daemon_name: str, size_max: int
    ) -> None:
        self._milters = [(milter, Turns(milter.source, clock, AT_ONCE)) for milter in milters]
        self._blobs = blobs
        self._clock = clock
        self._hostname = hostname
        self._daemon_name = daemon_name
        self._size_max = size_max

    async def visit(self, letter: Letter, envelope: Envelope, client: Client) -> Milled:
        """Nobody is asked any more once one has refused it for everyone."""
        if not self._milters:
            return Milled(letter)
        working = await Working.of(self._blobs.reopen(letter.staged))
        occasion = Occasion(
            envelope=envelope, client=client, client_name=f"[{client.ip}]" if client.ip else "localhost",
            hostname=self._hostname, daemon_name=self._daemon_name, queue_id=str(letter.staged.id),
            size_max=2 * self._size_max,
        )  # fmt: skip
        opinions: list[Opinion] = []
        for milter, turns in self._milters:
            opinions += await self._ask(milter, turns, occasion, working)
            if any(one.wish in _ENDS and not one.recipient for one in opinions):
                return Milled(letter, b"", tuple(opinions))
        changes = await working.finish(self._blobs, letter)
        return Milled(changes.letter, changes.added, tuple(opinions))

    async def _ask(
        self, milter: Milter, turns: Turns, occasion: Occasion, working: Working
    ) -> tuple[Opinion, ...]:  # fmt: skip
        name, began = milter.source, self._clock.monotonic()

        async def work(left: float) -> tuple[Opinion, ...]:
            try:
                async with asyncio.timeout(left):
                    return await milter.visit(occasion, working)
            except TimeoutError:
                raise Silent(f"not done in {VISIT_SECONDS:g} s") from None

        try:
            opinions = await turns.take(work, VISIT_SECONDS)
        except Silent as silence:
            why = str(silence)
        except Exception as error:  # noqa: BLE001 - a fault of ours refuses nobody for good
            why = f"a fault of ours (incident {incident(error, subsystem='milters')})"
        else:
            emit(Event.FILTER_ANSWERED, filter=name, result="answered", elapsed=self._clock.monotonic() - began)
            return opinions
        emit(Event.FILTER_SILENT, filter=name, result="silent", elapsed=self._clock.monotonic() - began, detail=why)
        return (milter.opine_silent(why),)
