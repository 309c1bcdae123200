"""Where commands get passwords from: standard input, a prompt, or made here and shown once. Never from arguments."""

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from mailstead.cli.exits import Failure

STDIN_MAX = 4096


@dataclass(frozen=True, slots=True)
class Given:
    """A password, and whether it was made here (then it has to be shown)."""

    text: str
    is_new: bool


def get_password(*, from_stdin: bool, subject: str) -> Given:
    """From standard input, else from a prompt on a terminal; an empty answer or no terminal: a new one is made."""
    if from_stdin:
        return Given(read_stdin(), is_new=False)
    if sys.stdin.isatty():
        prompt = f"Password for {subject} (empty: make one)"
        text = click.prompt(prompt, hide_input=True, default="", show_default=False, err=True)
        if text:
            again = click.prompt("Again", hide_input=True, default="", show_default=False, err=True)
            if again != text:
                raise Failure("usage", "the two passwords differ", "try again")
            return Given(text, is_new=False)
    return make_password()


def make_password() -> Given:
    """A new one."""
    from mailstead.services.accounts.passwords import generate_password

    return Given(generate_password(), is_new=True)


def read_stdin() -> str:
    """The first line of standard input."""
    try:
        line = sys.stdin.buffer.readline(STDIN_MAX).decode()
    except UnicodeDecodeError as error:
        raise Failure("usage", "the password is not UTF-8 text") from error
    password = line.rstrip("\r\n")
    if not password:
        raise Failure("usage", "standard input is empty", "send the password as its first line")
    return password


def read_password(source: str | None, *, subject: str) -> str:
    """From standard input (`-`), from the first line of a file, or from a prompt on a terminal."""
    if source == "-":
        return read_stdin()
    if source is not None:
        return _read_file(Path(source))
    if not sys.stdin.isatty():
        raise Failure("usage", f"the password of {subject} is missing", "give --password - or --password FILE")
    text: str = click.prompt(f"Password for {subject}", hide_input=True, err=True)
    return text


def _read_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            password = file.readline(STDIN_MAX).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure("usage", f"{path} cannot be read: {error}") from error
    if not password:
        raise Failure("usage", f"{path} is empty", "the password is its first line")
    return password
