"""`spam.*`: what our own spam filter learned, and teaching it. Letters come taken apart: tokens, and what rules say."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec

from mailstead.ground.formats.spam.tokens import TOKENS_MAX, VERSION
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import AccountId
from mailstead.servers.control.args import Args, Change, Text
from mailstead.servers.control.desk import Desk, Json, Operation, Say
from mailstead.services.filters.own import managing
from mailstead.services.filters.own.learning import LESSONS_MAX, Lesson

LEARNED: Final = "mailstead.spam-learned.v1"
WEIGHED: Final = "mailstead.spam-weighed.v1"
STATS: Final = "mailstead.spam-stats.v1"
FORGOTTEN: Final = "mailstead.spam-forgotten.v1"

Token = Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)]
Tokens = Annotated[list[Token], msgspec.Meta(max_length=TOKENS_MAX)]


class Apart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A letter: `letter` is a name that tells it from others, `base` what the rules say."""

    letter: Text
    tokens: Tokens
    base: Annotated[float, msgspec.Meta(ge=-1000, le=1000)]
    is_spam: bool


class Lessons(Change, frozen=True, kw_only=True):
    """`spam.learn`, `spam.unlearn`: `account` is an address; "": everybody. `again`: also what is known."""

    account: Text = ""
    version: int
    lessons: Annotated[list[Apart], msgspec.Meta(max_length=LESSONS_MAX)]
    again: bool = False


class Weigh(Args, frozen=True, kw_only=True):
    """`spam.weigh`: what was learned says of a letter."""

    account: Text = ""
    version: int
    tokens: Tokens


class Stats(Args, frozen=True, kw_only=True):
    """`spam.stats`."""

    account: Text = ""


class Forget(Change, frozen=True, kw_only=True):
    """`spam.forget`: all that was learned of one account, or of everybody."""

    account: Text = ""


async def learn(desk: Desk, args: Lessons, _say: Say) -> Json:
    """Teach it letters."""
    scope, lessons = await _read(desk, args)
    learner = managing.learner_of(desk.directory.store, desk.directory.clock)
    also = managing.telling(desk.directory, "spam.learned", args.account, len(lessons))
    count = 0 if args.dry_run else await learner.learn(scope, lessons, again=args.again, also=also)
    return {"schema": LEARNED, "account": args.account, "letters": len(lessons), "learned": count}


async def unlearn(desk: Desk, args: Lessons, _say: Say) -> Json:
    """Take lessons back."""
    scope, lessons = await _read(desk, args)
    learner = managing.learner_of(desk.directory.store, desk.directory.clock)
    also = managing.telling(desk.directory, "spam.unlearned", args.account, len(lessons))
    count = 0 if args.dry_run else await learner.unlearn(scope, lessons, also=also)
    return {"schema": LEARNED, "account": args.account, "letters": len(lessons), "unlearned": count}


async def ask(desk: Desk, args: Weigh, _say: Say) -> Json:
    """What was learned says of it."""
    _check_version(args.version)
    store = desk.directory.store
    said, taught = await managing.ask(store, await managing.find_scope(store, args.account), frozenset(args.tokens))
    return {
        "schema": WEIGHED,
        "score": said.weight if said is not None else 0.0,
        "words": said.words if said is not None else "",
        "spam": taught.spam,
        "ham": taught.ham,
    }


async def stats(desk: Desk, args: Stats, _say: Say) -> Json:
    """How much it was taught."""
    store = desk.directory.store
    mark = await managing.count(store, await managing.find_scope(store, args.account))
    return {"schema": STATS, "account": args.account, "spam": mark.spam, "ham": mark.ham, "version": mark.version}


async def forget(desk: Desk, args: Forget, _say: Say) -> Json:
    """Begin anew."""
    mark = await managing.forget(desk.directory, args.account, dry_run=args.dry_run)
    return {"schema": FORGOTTEN, "account": args.account, "spam": mark.spam, "ham": mark.ham}


async def _read(desk: Desk, args: Lessons) -> tuple[AccountId, Sequence[Lesson]]:
    _check_version(args.version)
    lessons = [Lesson(one.letter, frozenset(one.tokens), one.base, one.is_spam) for one in args.lessons]
    return await managing.find_scope(desk.directory.store, args.account), lessons


def _check_version(version: int) -> None:
    if version != VERSION:
        raise Invalid(f"this server takes letters apart in another way ({VERSION}) than the command ({version})")


SPAM_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("spam.learn", Lessons, learn),
    Operation("spam.unlearn", Lessons, unlearn),
    Operation("spam.weigh", Weigh, ask),
    Operation("spam.stats", Stats, stats),
    Operation("spam.forget", Forget, forget),
)
