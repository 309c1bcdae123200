"""Groups of commands that are imported when they are used: help must be there at once."""

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import click

from mailstead import __version__


@dataclass(frozen=True, slots=True)
class Row:
    """A command by the place it is written in."""

    place: str  # module:attribute
    short_help: str


class LazyGroup(click.Group):
    """Knows the names and the short help of its commands without importing them."""

    def __init__(self, name: str, rows: Mapping[str, Row], *, help: str, epilog: str = "") -> None:  # noqa: A002
        version = click.Option(["--version"], is_flag=True, expose_value=False, is_eager=True, callback=_version,
                               help="Say what is installed, and exit.")  # fmt: skip
        settings = {"help_option_names": ["-h", "--help"]}
        super().__init__(name, params=[version], help=help, epilog=epilog, context_settings=settings)
        self._rows = rows

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order they are given."""
        return [name for name, row in self._rows.items() if row.short_help]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import it."""
        row = self._rows.get(cmd_name)
        if row is None:
            return None
        module, _, attribute = row.place.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, row.short_help) for name, row in self._rows.items() if row.short_help])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Unknown commands name the one that was probably meant."""
        if args and not args[0].startswith("-") and args[0] not in self._rows:
            near = difflib.get_close_matches(args[0], list(self._rows), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            ctx.fail(f"no such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        print(f"mailstead {__version__}")
        ctx.exit()
