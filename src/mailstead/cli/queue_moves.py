"""What can be done to letters in the queue. Each says what it did, and how to undo it where that can be."""

import copy
from collections.abc import Callable
from typing import Any, Final

import click

from mailstead.cli.exits import Failure
from mailstead.cli.queue_options import QUEUES, count, filtered, moved_words
from mailstead.cli.shell import Json, Shell, changing, note, size_words

_EVERY = click.option("--all", "every", is_flag=True, help="Everything, of all queues it has an effect on.")
_EXPECT = click.option("--expect", "expected", type=click.IntRange(0), metavar="N", help="Only if it is N letters.")
_IDS = click.argument("ids", nargs=-1, metavar="[ID]...")


def _move(command: str, verb: str, *, extras: tuple[Any, ...] = ()) -> Callable[..., click.Command]:
    """Make a command of a function that only says in its words what it is."""

    def decorate(function: Callable[[], None]) -> click.Command:
        def run(shell: Shell, wish: Json, ids: tuple[str, ...], every: bool, expected: int | None, **more: Any) -> None:
            if len(ids) == 1 and ids[0] in QUEUES:  # as in Elemta: flush deferred
                wish, every, ids = {**wish, "queue": ids[0]}, True, ()
            args = {**wish, "ids": list(ids), "every": every, "expected": expected, **more}
            if command == "drop":
                args = _ask_first(shell, args)
            done = shell.change(f"queue.{command}", args, lambda row: moved_words(verb, row))
            if done["recipients"] and not done["undo"] and not shell.as_json and not shell.dry_run:
                note("There is no undo.")

        run.__doc__ = function.__doc__
        made: Any = changing(run)
        for option in reversed((*extras, _IDS, _EVERY, _EXPECT)):
            made = option(made)
        return click.command(command)(filtered(made))

    return decorate


def _ask_first(shell: Shell, args: Json) -> Json:
    """Many letters are dropped by whoever knows how many: --expect, or the number typed after it was shown."""
    if args["expected"] is not None or shell.dry_run or len(args["ids"]) == 1:
        return args
    plan = shell.ask("queue.drop", {**args, "dry_run": True})
    if plan["letters"] <= 1 or args["ids"]:
        return args
    number = plan["letters"]
    what = f"Drop {count(number, 'letter')} to {count(plan['recipients'], 'recipient')}, {size_words(plan['bytes'])}"
    try:
        shell.confirm(f"{what}, and nobody is told", str(number), yes=False)
    except Failure as failure:
        if failure.kind == "usage":
            raise Failure("usage", failure.message, f"say --expect {number} if you mean it") from failure
        raise
    return {**args, "expected": number}


@_move("process", "told to go now:")
def process() -> None:
    """Try now what waits: everything, or the letters that are named or meant.

    \b
    mailstead queue process --destination example.com
    """


@_move("retry", "told to go again:")
def retry() -> None:
    """Try again, letters that failed too (as long as they are kept: queue.failed_kept).

    \b
    mailstead queue retry --queue failed --destination example.com
    """


_REASON = click.option(
    "--reason", "hold_reason", default="held by hand", show_default=True, help="Why; shown in the queue."
)
_OF_REASON = click.option("--reason", metavar="TEXT", default="", help="Only what is held for that reason.")
_WHY = click.option("--reason", "hold_reason", default="", help="Told to the sender.")


@_move("hold", "held", extras=(_REASON,))
def hold() -> None:
    """Let nothing happen to letters until they are released.

    \b
    mailstead queue hold --sender ada@example.com --reason 'is this her?'
    """


@_move("release", "released", extras=(_OF_REASON,))
def release() -> None:
    """Let held letters go on, at once."""


@_move("reroute", "sent another way:", extras=(click.argument("route"),))
def reroute() -> None:
    """Send letters to ROUTE, whatever the DNS says; `policy` takes that back.

    \b
    mailstead queue reroute smtp://relay.example.net:587?tls=secure --destination example.com
    """


@_move("bounce", "given up, and returned,", extras=(_WHY,))
def bounce() -> None:
    """Give up now, and tell the senders. What failed can still be tried again."""


@_move("drop", "dropped")
def drop() -> None:
    """Remove letters from the queue, and tell nobody. More than one: only with --expect."""


def alias_of(command: click.Command, name: str, **defaults: Any) -> click.Command:
    """Another name of a command, which its help does not list; perhaps with other defaults."""
    made = copy.copy(command)
    made.name, made.hidden = name, True
    made.params = [copy.copy(param) for param in command.params]
    for param in made.params:
        if param.name in defaults:
            param.default = defaults[param.name]
    return made


COMMANDS: Final = (process, retry, hold, release, reroute, bounce, drop)
ALIASES: Final = (
    alias_of(process, "flush"),
    alias_of(retry, "retry-all", every=True),
    alias_of(hold, "hold-all", every=True),
    alias_of(release, "release-all", every=True),
    alias_of(drop, "delete"),
    alias_of(drop, "delete-all", every=True),
)
