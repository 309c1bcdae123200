"""Filters of others that learn from what people do: what was moved into Junk, and out of it."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from mailstead.services.checks.specimen import Content
from mailstead.services.filters.asking import Silent
from mailstead.telemetry import Event, emit

LESSON_TIME: Final = 60.0


class Teacher(Protocol):
    """Hands lessons to whoever learns."""

    async def learn(self, content: Content, *, is_spam: bool) -> None:
        """One letter: it is spam, or it is not. Who cannot learn now is told of in the log, and left out."""


class Pupil(Protocol):
    """A filter that learns."""

    @property
    def name(self) -> str: ...

    async def learn(self, content: Content, *, is_spam: bool) -> None:
        """Silent. To learn the same twice changes nothing."""


class Teachers:
    """The `Teacher` of all filters that are configured. One for a worker; it teaches one letter at a time."""

    def __init__(self, pupils: Sequence[Pupil]) -> None:
        self._pupils = tuple(pupils)
        self._turn = asyncio.Lock()

    async def learn(self, content: Content, *, is_spam: bool) -> None:
        """All of them, one after the other."""
        result = "spam" if is_spam else "ham"
        async with self._turn:
            for pupil in self._pupils:
                try:
                    async with asyncio.timeout(LESSON_TIME):
                        await pupil.learn(content, is_spam=is_spam)
                except (Silent, TimeoutError) as error:
                    emit(Event.FILTER_LESSON_LOST, filter=pupil.name, result=result, detail=str(error) or "no answer")
                else:
                    emit(Event.FILTER_LESSON_LEARNED, filter=pupil.name, result=result)
