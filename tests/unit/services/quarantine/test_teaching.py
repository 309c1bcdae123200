"""What a release teaches."""

from dataclasses import replace
from pathlib import Path

from mailstead.ground.model.quarantine import NOBODY
from mailstead.services.checks.specimen import Content, Octets
from mailstead.services.filters.own.managing import count, learner_of
from mailstead.services.quarantine.teaching import Lessons
from tests.support.quarantined import LETTER, open_scene


class Others:
    def __init__(self) -> None:
        self.heard: list[bool] = []

    async def learn(self, content: Content, *, is_spam: bool) -> None:
        assert content.size
        self.heard.append(is_spam)


async def test_ours_for_the_account_and_those_of_others(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        kept, others = await scene.keep(), Others()
        lessons, letter = Lessons(learner_of(scene.store, scene.clock), others), Octets(LETTER % (1, 1, 1))
        for one in (kept, kept, replace(kept, account_id=NOBODY)):
            await lessons.teach(one, letter)
        mark = await count(scene.store, scene.ann.account)
        assert (mark.spam, mark.ham, others.heard) == (0, 1, [False] * 3)
        await Lessons(learner_of(scene.store, scene.clock)).teach(replace(kept, id=5), letter)
        assert (await count(scene.store, scene.ann.account)).ham == 2
