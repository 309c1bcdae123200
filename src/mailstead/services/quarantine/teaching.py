"""Who releases a letter says that it was no spam: our own filter hears it for that account, those of others for all."""

from typing import Protocol

from mailstead.ground.formats.spam.anatomy import LETTER_MAX
from mailstead.ground.model.quarantine import NOBODY, KeptLetter
from mailstead.services.checks.specimen import Content
from mailstead.services.filters.own.learning import Learner, Lesson
from mailstead.services.filters.own.own import look_at
from mailstead.services.filters.own.recollection import base_of
from mailstead.telemetry import Event, emit


class Teacher(Protocol):
    """Of the filters of others: see `services.filters.teaching`."""

    async def learn(self, content: Content, *, is_spam: bool) -> None: ...


class Lessons:
    """`others` is None where there are none."""

    def __init__(self, learner: Learner, others: Teacher | None = None) -> None:
        self._learner = learner
        self._others = others

    async def teach(self, kept: KeptLetter, content: Content) -> None:
        """That this one was wanted; MailError."""
        if kept.account_id != NOBODY:
            weighed = look_at(await content.read(0, LETTER_MAX))
            lesson = Lesson(f"q{kept.id}", weighed.tokens, base_of(weighed.symptoms), is_spam=False)
            if await self._learner.learn(kept.account_id, [lesson]):
                emit(Event.SPAM_LEARNED, account=int(kept.account_id), count=1, result="ham")
        if self._others is not None:
            await self._others.learn(content, is_spam=False)
