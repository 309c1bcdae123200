"""`filter.*`: how the filters of others are, and whether they see what they must."""

from typing import Any, Final

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.opinion import Concern
from mailstead.servers.control import args as a
from mailstead.servers.control.answers import say_rows
from mailstead.servers.control.args_filters import FilterTest
from mailstead.servers.control.desk import Desk, Json, Operation, Say, Unavailable
from mailstead.services.filters.showing import Showing, Standing
from mailstead.services.policy import editing

FILTER: Final = "mailstead.filter.v1"
TRIAL: Final = "mailstead.filter-trial.v1"
TEST: Final = "mailstead.filter-test.v1"


async def list_(desk: Desk, _args: a.Nothing, say: Say) -> Json:
    """All kinds; those that are not configured, too, with how many domains would want them."""
    showing = _showing(desk)
    wanted = {Concern.VIRUS: 0, Concern.SPAM: 0}
    async for domain in editing.list_all(desk.directory):
        wanted[Concern.VIRUS] += domain.sheet.policy.clamav.enabled
        wanted[Concern.SPAM] += domain.sheet.policy.spam.enabled
    try:
        found = await showing.list()
    except TimeoutError:
        raise Unavailable("the supervisor does not answer") from None
    return await say_rows(say, (_shape(one, wanted[one.concern]) for one in found))


async def test(desk: Desk, args: FilterTest, say: Say) -> Json:
    """A harmless letter for each, and EICAR or GTUBE."""
    showing = _showing(desk)
    if args.name and not showing.knows(args.name):
        raise NotFound(f"no filter {args.name!r} is configured")
    count = failed = 0
    async for one in showing.test(args.name):
        count, failed = count + 1, failed + (not one.is_good)
        await say(
            {
                "row": {
                    "schema": TRIAL, "name": one.name, "sample": one.sample, "good": one.is_good, "words": one.words,
                    "seconds": round(one.seconds, 3),
                }
            }
        )  # fmt: skip
    return {"schema": TEST, "count": count, "failed": failed}


def _showing(desk: Desk) -> Showing:
    if desk.filters is None:
        raise Unavailable("no server is running")
    return desk.filters


def _shape(one: Standing, domains: int) -> dict[str, object]:
    state = "left alone" if one.left_alone_by else "asked"
    return {
        "schema": FILTER,
        "name": one.name,
        "about": one.concern.value,
        "place": one.place,
        "state": state if one.place else "not configured",
        "workers_leaving_it": one.left_alone_by,
        "answered": one.answered,
        "silent": one.silent,
        "reason": one.reason,
        "domains": domains,
    }


FILTER_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("filter.list", a.Nothing, list_),
    Operation("filter.test", FilterTest, test),
)
