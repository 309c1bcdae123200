"""How commands speak: tables for people, JSON for programs, hints beside both; and how they ask the server."""

import functools
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mailstead.cli.exits import Failure

if TYPE_CHECKING:
    from mailstead.app.config_file import Loaded

Json = dict[str, Any]
Column = tuple[str, Callable[[Json], str]]
_WIDEST: Final = 60


@dataclass(slots=True)
class Shell:
    """The options all commands share, and what can be done with them."""

    config_path: Path | None = None
    as_json: bool = False
    is_plain: bool = False
    dry_run: bool = False
    _loaded: "Loaded | None" = field(default=None)

    @property
    def loaded(self) -> "Loaded":
        """The configuration, read when first needed."""
        if self._loaded is None:
            self._loaded = load_config(self.config_path)
        return self._loaded

    def ask(self, command: str, args: Mapping[str, object] | None = None, **hear: Callable[[Json], None]) -> Json:
        """Have the running server do it, or do it here if none runs. `row` and `progress` hear what comes meanwhile."""
        from mailstead.cli.client import ask

        return ask(self.loaded, command, dict(args or {}), **hear)

    def do_here(self, command: str, **hear: Callable[[Json], None]) -> Json:
        """Do it in this process whether a server runs or not: for long looks at the store that must hold up nobody."""
        from mailstead.cli.client import be_silent
        from mailstead.cli.offline import perform_here

        return perform_here(self.loaded, command, {}, hear.get("row", be_silent), hear.get("progress", be_silent))

    def change(self, command: str, args: Mapping[str, object], words: Callable[[Json], str]) -> Json:
        """A change: rehearse or do it, say what it was, and how to undo it."""
        result = self.ask(command, {**args, "dry_run": self.dry_run})
        if self.as_json:
            self.print_json({**result, **({"dry_run": True} if self.dry_run else {})})
            return result
        print(("would have " if self.dry_run else "") + words(result))
        if result.get("undo") and not self.dry_run:
            note(f"undo: {result['undo']}")
        return result

    def print_json(self, value: Mapping[str, object]) -> None:
        """One line."""
        print(json.dumps(value, ensure_ascii=False))

    def list(self, command: str, args: Mapping[str, object], columns: Sequence[Column], empty: str) -> None:
        """A list: JSON lines as they come, or a table."""
        if self.as_json:
            self.ask(command, args, row=self.print_json)
            return
        rows: list[Json] = []
        self.ask(command, args, row=rows.append)
        if not rows:
            note(empty)
        self.table(columns, rows)

    def table(self, columns: Sequence[Column], rows: Sequence[Json]) -> None:
        """Aligned with a heading on a terminal; else one line a row, separated by tabs."""
        cells = [[read(row) for _, read in columns] for row in rows]
        if self.is_plain or not sys.stdout.isatty():
            for line in cells:
                print("\t".join(cell.replace("\t", " ") for cell in line))
            return
        if not cells:
            return
        heads = [head for head, _ in columns]
        widths = [min(_WIDEST, max(map(len, column))) for column in zip(heads, *cells, strict=True)]
        for line in [heads, *cells]:
            parts = [_fit(cell, width) for cell, width in zip(line, widths, strict=True)]
            print("  ".join(parts).rstrip())

    def confirm(self, what: str, word: str, *, yes: bool) -> None:
        """Before what cannot be undone: the word has to be typed, or --yes given."""
        if yes or self.dry_run:
            return
        if not sys.stdin.isatty():
            raise Failure("usage", f"{what}: this cannot be undone", "say --yes if you mean it")
        note(f"{what}. This cannot be undone.")
        if click.prompt(f"Type {word} to go on", err=True, default="", show_default=False).strip() != word:
            raise Failure("interrupted", "nothing was changed")


def load_config(path: Path | None) -> "Loaded":
    """Read the configuration; all its problems end the command."""
    from mailstead.app.config_file import load
    from mailstead.app.config_report import ConfigError

    try:
        return load(path)
    except ConfigError as error:
        raise Failure("config", f"the configuration cannot be used\n{error}") from error


def note(text: str) -> None:
    """For people, beside the output."""
    print(text, file=sys.stderr)


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else cell[: width - 1] + "…"


def printable(text: str) -> str:
    """What strangers wrote must not steer a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `shell` as its first argument, with --config, --json and --plain."""
    return _with_shell(function, has_dry_run=False)


def changing(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for commands that change something: --dry-run too."""
    return _with_shell(function, has_dry_run=True)


def _with_shell(function: Callable[..., Any], *, has_dry_run: bool) -> Callable[..., Any]:
    @functools.wraps(function)
    def command(config: Path | None, as_json: bool, plain: bool, dry_run: bool = False, **rest: Any) -> Any:
        return function(Shell(config, as_json, plain, dry_run), **rest)

    options = [
        click.option("--config", type=click.Path(path_type=Path), help="The configuration file."),
        click.option("--json", "as_json", is_flag=True, help="JSON for programs."),
        click.option("--plain", is_flag=True, help="Tabs between columns, without heading."),
    ]
    if has_dry_run:
        options.append(click.option("--dry-run", is_flag=True, help="Only say what would happen."))
    for option in reversed(options):
        command = option(command)
    return command


def size_words(count: int) -> str:
    """Bytes for people."""
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"


class SizeType(click.ParamType[int]):
    """A size on the command line, as in the configuration; `none` is 0."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes."""
        from mailstead.app.config_kinds import BadValue, read_size

        if isinstance(value, int):
            return value
        if value == "none":
            return 0
        try:
            return int(read_size(value))
        except BadValue as bad:
            self.fail(f"{bad.what}; {bad.fix}", param, ctx)


SIZE: Final = SizeType()
