"""Answers what pure code asks of the DNS, within the time and the number of questions that one letter may cost."""

import asyncio
from typing import Final, TypeVar

from mailstead.ground.model.question import Asking, Found, Kind, Question
from mailstead.net.clock import Clock
from mailstead.net.dns import DnsError, Resolver

QUESTIONS_MAX: Final = 200
"""For one letter; SPF alone may want more than a hundred (RFC 7208 §4.6.4)."""

T = TypeVar("T")


class Inquiry:
    """For one letter. Past its limits there is no answer, and who asks goes on as if the DNS were silent."""

    def __init__(self, resolver: Resolver, clock: Clock, questions: int = QUESTIONS_MAX) -> None:
        self._resolver = resolver
        self._clock = clock
        self._left = questions

    def deadline(self, seconds: float) -> float:
        """So far from now."""
        return self._clock.monotonic() + seconds

    async def run(self, asking: Asking[T], until: float) -> T:
        """What the generator comes to."""
        try:
            question = next(asking)
            while True:
                question = asking.send(await self.ask(question, until))
        except StopIteration as end:
            value: T = end.value
            return value

    async def ask(self, question: Question, until: float) -> Found | None:
        """One answer, or None."""
        self._left -= 1
        seconds = until - self._clock.monotonic()
        if self._left < 0 or seconds <= 0:
            return None
        try:
            async with asyncio.timeout(seconds):
                return await self._look_up(question)
        except (DnsError, TimeoutError):
            return None

    async def _look_up(self, question: Question) -> Found:
        resolver, name = self._resolver, question.name.lower()
        match question.kind:
            case Kind.A:
                hosts = await resolver.a(name)
                return Found(hosts.records, hosts.exists)
            case Kind.AAAA:
                hosts = await resolver.aaaa(name)
                return Found(hosts.records, hosts.exists)
            case Kind.PTR:
                names = await resolver.ptr(name)
                return Found(names.records, names.exists)
            case Kind.MX:
                routes = await resolver.mx(name)
                ranked = sorted(routes.records, key=lambda mx: mx.preference)
                return Found(tuple(mx.host for mx in ranked), routes.exists)
            case Kind.TXT:
                texts = await resolver.txt(name)
                return Found(tuple(text.decode("latin-1") for text in texts.records), texts.exists)
