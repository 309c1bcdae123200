"""What operators are told of filters."""

from collections.abc import AsyncIterator

from mailstead.ground.model.opinion import Concern, Opinion
from mailstead.services.checks.specimen import Specimen
from mailstead.services.filters.asking import Silent
from mailstead.services.filters.showing import Showing, Standing, Trial
from mailstead.services.filters.watched import Patience, WatchedFilter
from mailstead.telemetry.metrics import Snapshot
from tests.support.fake_clock import FakeClock
from tests.support.filters.scene import SetFilter


class Knowing(SetFilter):
    """Knows what its kind must know."""

    async def ask(self, specimen: Specimen) -> tuple[Opinion, ...]:
        letter = await specimen.content.read(0, 10_000)
        if self.concern is Concern.VIRUS:
            return (Opinion(source=self.name, concern=self.concern, words="Eicar" if b"EICAR" in letter else ""),)
        return (Opinion(source=self.name, concern=self.concern, score=12.0 if b"GTUBE" in letter else 0.5),)


async def counts() -> Snapshot:
    return {
        "filter_answers_total": [(("clamav", "answered"), [7.0]), (("clamav", "silent"), [2.0])],
        "filters_left_alone": [(("clamav",), [1.0]), (("rspamd",), [0.0])],
    }


async def silent() -> tuple[Opinion, ...]:
    raise Silent("not there")


async def fooled() -> tuple[Opinion, ...]:
    return (Opinion(source="rspamd", concern=Concern.SPAM, score=6.0),)


def showing(*filters: SetFilter) -> Showing:
    patience = Patience(timeout=5.0, at_once=1)
    watched = [WatchedFilter(one, FakeClock(), patience) for one in filters]
    return Showing(watched, FakeClock(), counts, hostname="mx.test")


async def collect(trials: AsyncIterator[Trial]) -> list[tuple[str, str, bool, str]]:
    return [(one.name, one.sample, one.is_good, one.words) async for one in trials]


async def test_all_kinds_are_listed() -> None:
    found = await showing(SetFilter([silent], name="clamav", concern=Concern.VIRUS)).list()
    assert found == (
        Standing(name="clamav", concern=Concern.VIRUS, place="nowhere", left_alone_by=1, answered=7, silent=2),
        Standing(name="spamassassin", concern=Concern.SPAM),
        Standing(name="rspamd", concern=Concern.SPAM),
    )


async def test_samples() -> None:
    known = showing(
        Knowing([], name="clamav", concern=Concern.VIRUS), Knowing([], name="spamassassin"),
        SetFilter([fooled], name="rspamd"),
    )  # fmt: skip
    assert await collect(known.test()) == [
        ("clamav", "clean", True, "nothing found"), ("clamav", "EICAR", True, "Eicar"),
        ("spamassassin", "clean", True, "0.5"), ("spamassassin", "GTUBE", True, "12.0"),
        ("rspamd", "clean", False, "6.0"), ("rspamd", "GTUBE", True, "6.0"),
    ]  # fmt: skip
    assert await collect(known.test("rspamd")) == [("rspamd", "clean", False, "6.0"), ("rspamd", "GTUBE", True, "6.0")]


async def test_one_that_is_silent() -> None:
    found = await collect(showing(SetFilter([silent], name="clamav", concern=Concern.VIRUS)).test())
    assert found == [("clamav", "clean", False, "not there"), ("clamav", "EICAR", False, "not there")]
