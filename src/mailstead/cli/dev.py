"""`mailstead dev`."""

import sys
from pathlib import Path

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--dir", "directory", type=click.Path(path_type=Path), default=Path(".mailstead-dev"), show_default=True,
              help="Where its data is kept.")  # fmt: skip
@click.option("--port-base", type=click.IntRange(0, 60000), default=0,
              help="SMTP on this + 25, IMAP on + 143, and so on. Default: 2525, 2587, 2143, 2993, 8080.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One line of JSON when everything listens.")
@click.option("--no-samples", is_flag=True, help="Begin with empty folders.")
def dev(directory: Path, port_base: int, as_json: bool, no_samples: bool) -> None:
    """A sandbox with users and sample mail; it listens on this machine only and sends nothing away."""
    from mailstead.app.dev import run_dev
    from mailstead.cli.starting import start

    sys.exit(start(lambda: run_dev(directory, port_base, as_json, samples=not no_samples)))
