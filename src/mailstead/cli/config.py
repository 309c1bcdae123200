"""`mailstead config`."""

import sys
from pathlib import Path

import click

from mailstead.cli.exits import BAD_CONFIG, Failure
from mailstead.cli.shell import Shell, common, note


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def config() -> None:
    """Look at the configuration, check it, explain it."""


@config.command("validate")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@common
def validate(shell: Shell, file: Path | None) -> None:
    """Say everything that is wrong with the configuration, with file, line and cure."""
    from mailstead.app.config_check import check_machine
    from mailstead.app.config_file import load
    from mailstead.app.config_report import ConfigError, Problem

    problems: tuple[Problem, ...] = ()
    loaded = None
    try:
        loaded = load(file or shell.config_path)
        problems = tuple(check_machine(loaded.config, loaded.sources))
    except ConfigError as error:
        problems = error.problems
    waiting = loaded.waiting if loaded else ()
    notes = loaded.notes if loaded else ()
    if shell.as_json:
        rows = [{"place": row.place, "key": row.key, "what": row.what, "fix": row.fix} for row in problems]
        idle = [{"key": key, "waits_for": feature} for key, feature in waiting]
        shell.print_json(
            {"schema": "mailstead.validation.v1", "problems": rows, "notes": list(notes), "not_yet_in_force": idle}
        )
    else:
        _print_validation(problems, notes, waiting)
        if loaded is not None and not problems:
            print(f"{loaded.path or 'The environment'} is good.")
    if problems:
        sys.stdout.flush()
        sys.exit(BAD_CONFIG)


def _print_validation(
    problems: tuple[object, ...], notes: tuple[str, ...], waiting: tuple[tuple[str, str], ...]
) -> None:
    for problem in problems:
        print(problem)
    for text in notes:
        note(f"note: {text}")
    for key, feature in waiting:
        note(f"not yet in force: {key} (waits for {feature})")


@config.command("show")
@common
def show(shell: Shell) -> None:
    """The values in force and where each comes from; secrets are masked."""
    from mailstead.app.config_reference import as_values, as_yaml

    loaded = shell.loaded
    if shell.as_json:
        path = str(loaded.path) if loaded.path else None
        values = as_values(loaded.config, loaded.sources)
        shell.print_json({"schema": "mailstead.config.v1", "path": path, "values": values})
    else:
        print(as_yaml(loaded.config, loaded.sources), end="")


@config.command("reference")
@click.option("--check", "checked", type=click.Path(path_type=Path), help="Fail unless this file is up to date.")
@click.option("--write", "written", type=click.Path(path_type=Path), help="Write the page to this file.")
def reference_(checked: Path | None, written: Path | None) -> None:
    """The page that explains every key, in Markdown."""
    from mailstead.app.config_reference import reference

    page = reference()
    if checked is not None:
        if not checked.is_file() or checked.read_text(encoding="utf-8") != page:
            raise Failure("problems", f"{checked} is out of date", f"mailstead config reference --write {checked}")
        print(f"{checked} is up to date.")
    elif written is not None:
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(page, encoding="utf-8")
    else:
        print(page, end="")
