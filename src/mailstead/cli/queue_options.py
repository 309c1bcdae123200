"""What the commands of the queue share: the options that say which letters are meant, and who asks."""

import functools
from collections.abc import Callable
from typing import Any, Final

import click

from mailstead.cli.shell import Json

QUEUES: Final = ("active", "deferred", "held", "hold", "failed", "all")


class SpanType(click.ParamType[int]):
    """A duration on the command line, as in the configuration; milliseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """30s, 5m, 2h, 1d."""
        from mailstead.app.config_kinds import BadValue, read_span

        if isinstance(value, int):
            return value
        try:
            return round(read_span(value).total_seconds() * 1000)
        except BadValue as bad:
            self.fail(f"{bad.what}; {bad.fix}", param, ctx)


SPAN: Final = SpanType()

_FILTERS: Final = (
    click.option("--queue", type=click.Choice(QUEUES), help="Only of that queue."),
    click.option("--sender", metavar="ADDRESS", help="Only of that sender: an address, @domain, or <> for notices."),
    click.option("--recipient", metavar="ADDRESS", help="Only to that recipient: an address or @domain."),
    click.option("--destination", metavar="DOMAIN", help="Only on the way there: a domain, or a route set by hand."),
    click.option("--account", metavar="ADDRESS", help="Only sent by that account."),
    click.option("--older-than", type=SPAN, metavar="TIME", help="Only what waits longer, like 2h."),
    click.option("--younger-than", type=SPAN, metavar="TIME", help="Only what waits less."),
)


def filtered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `wish`: what was said of the letters that are meant."""

    @functools.wraps(function)
    def command(*args: Any, **rest: Any) -> Any:
        names = ("queue", "sender", "recipient", "destination", "account", "older_than", "younger_than")
        said = {name: rest.pop(name) for name in names}
        return function(*args, wish={name: value for name, value in said.items() if value is not None}, **rest)

    decorated = command
    for option in reversed(_FILTERS):
        decorated = option(decorated)
    return decorated


def moved_words(verb: str, row: Json) -> str:
    """What a move did."""
    words = f"{verb} {count(row['letters'], 'letter')} to {count(row['recipients'], 'recipient')}"
    return f"{words}; {row['busy']} being tried right now were left alone" if row["busy"] else words


def count(number: int, what: str) -> str:
    """With its plural."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
