"""How filters are, and whether they know what each of their kind knows: for operators."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mailstead.ground.formats.date import render_date
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.opinion import Concern, Opinion, Wish
from mailstead.ground.model.policy import Policy
from mailstead.net.clock import Clock
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.specimen import Octets, Specimen
from mailstead.services.filters.asking import Silent
from mailstead.services.filters.samples import EICAR, GTUBE, letter
from mailstead.services.filters.watched import WatchedFilter
from mailstead.telemetry import Gauge
from mailstead.telemetry.metrics import Snapshot

KINDS: Final = {"clamav": Concern.VIRUS, "spamassassin": Concern.SPAM, "rspamd": Concern.SPAM}
"""Filters of others that can be set up."""
_USUAL: Final = Policy()
_ASKED: Final = "filter_answers_total"

Counts = Callable[[], Awaitable[Snapshot]]
"""The numbers of all workers; TimeoutError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Of one filter. `place` is "" where it is not configured; counts are of all workers since their start."""

    name: str
    concern: Concern
    place: str = ""
    left_alone_by: int = 0  # workers
    answered: int = 0
    silent: int = 0
    reason: str = ""  # of the latest silence, in this worker


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one sample."""

    name: str
    sample: str
    is_good: bool
    words: str
    seconds: float


class Showing:
    """For the commands of one worker."""

    def __init__(self, filters: Sequence[WatchedFilter], clock: Clock, counts: Counts, *, hostname: str) -> None:
        self._filters = {one.filter.name: one for one in filters}
        self._clock = clock
        self._counts = counts
        self._hostname = hostname

    async def list(self) -> tuple[Standing, ...]:
        """All kinds, configured or not."""
        counts = await self._counts()
        asked = {labels: round(numbers[0]) for labels, numbers in counts.get(_ASKED, [])}
        alone = {labels: round(numbers[0]) for labels, numbers in counts.get(Gauge.FILTERS_LEFT_ALONE.title, [])}
        return tuple(
            Standing(
                name=name,
                concern=concern,
                place=watched.filter.place if (watched := self._filters.get(name)) else "",
                left_alone_by=alone.get((name,), 0),
                answered=asked.get((name, "answered"), 0),
                silent=asked.get((name, "silent"), 0),
                reason=watched.reason if watched else "",
            )
            for name, concern in KINDS.items()
        )

    def knows(self, name: str) -> bool:
        """Is it configured?"""
        return name in self._filters

    async def test(self, name: str = "") -> AsyncGenerator[Trial, None]:
        """Each filter, or that one, is shown a harmless letter and one of those that it must know."""
        for known, watched in self._filters.items():
            if name in ("", known):
                for sample, body in (("clean", b"Hello."), _BAD[watched.filter.concern]):
                    yield await self._try(watched, sample, body)

    async def _try(self, watched: WatchedFilter, sample: str, body: bytes) -> Trial:
        began = self._clock.monotonic()
        concern = watched.filter.concern
        try:
            async with asyncio.timeout(watched.timeout):
                opinions = await watched.filter.ask(self._specimen(body))
        except (Silent, TimeoutError) as error:
            words = str(error) or f"no answer in {watched.timeout:g} s"
            return Trial(watched.filter.name, sample, False, words, self._clock.monotonic() - began)  # noqa: FBT003
        is_against = any(_is_against(opinion) for opinion in opinions)
        words = ", ".join(filter(None, (opinion.words or f"{opinion.score:.1f}" for opinion in opinions)))
        if concern is Concern.VIRUS:
            words = words if is_against else "nothing found"
        is_good = is_against == (sample != "clean")
        return Trial(watched.filter.name, sample, is_good, words, self._clock.monotonic() - began)

    def _specimen(self, body: bytes) -> Specimen:
        host = self._hostname
        postmaster = Address("postmaster", host)
        content = letter(body, host=host, date=render_date(self._clock.now()))
        return Specimen(
            envelope=Envelope(sender=postmaster, recipients=(Recipient(postmaster),)),
            client=Client(ip="127.0.0.1", helo=host, protocol="ESMTP"), evidence=Evidence(), field=b"",
            content=Octets(content), accounts=((),), policies={host: _USUAL},
        )  # fmt: skip


_BAD: Final = {Concern.VIRUS: ("EICAR", EICAR), Concern.SPAM: ("GTUBE", GTUBE), Concern.RULE: ("GTUBE", GTUBE)}


def _is_against(opinion: Opinion) -> bool:
    if opinion.concern is Concern.VIRUS:
        return bool(opinion.words)
    return opinion.score >= _USUAL.spam.quarantine_score or opinion.wish in (Wish.SET_ASIDE, Wish.REFUSE, Wish.DISCARD)
