"""The command line itself: help, mistakes, speed of what is imported."""

import subprocess
import sys

import click
import pytest

from mailstead.cli.lazy import LazyGroup
from mailstead.cli.main import root, run


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    for name in root.list_commands(click.Context(root)):
        assert f"\n  {name} " in out


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from mailstead.cli.main import run; run(['--help']);"
        "heavy = {'asyncio', 'ssl', 'yaml', 'msgspec', 'apsw', 'aiohttp', 'rich', 'cryptography', 'argon2', 'idna'};"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def walk(group: click.Group, context: click.Context) -> list[tuple[str, click.Command]]:
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((f"{context.command_path} {name}", command))
        if isinstance(command, click.Group):
            found += walk(command, click.Context(command, info_name=name, parent=context))
    return found


def test_every_command_has_help_and_takes_no_password_as_an_argument() -> None:
    commands = walk(root, click.Context(root, info_name="mailstead"))
    assert len(commands) > 25
    for path, command in commands:
        assert command.help, path
        for option in command.params:
            if "password" in (option.name or "") or "hash" in (option.name or ""):
                assert isinstance(option, click.Option), path
                assert option.is_flag or option.metavar == "FILE|-", path


def test_the_short_help_is_that_of_the_command() -> None:
    assert isinstance(root, LazyGroup)
    assert run(["serve", "--help"]) == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["usr"], "Did you mean user?"),
        (["xyzzy"], "no such command 'xyzzy'"),
        (["user", "lst"], "list"),
        (["user", "list", "--jsn"], "--json"),
        (["user", "add"], "Missing argument 'ADDRESS'"),
        (["user", "add", "a@b", "--quota", "5 furlongs"], "is not a size"),
        (["user", "set", "a@b"], "nothing to change"),
        (["user", "add", "a@b", "--member", "x"], "add --shared"),
        (["user", "add", "a@b", "--shared", "--admin"], "no rights of its own"),
        (["user", "add", "a@b", "--shared", "--member", "x=king"], "there is no role 'king'"),
        (["user", "add", "a@b", "--hash-stdin", "--password-stdin"], "exclude each other"),
        (["help", "nothing", "such"], "there is no command or topic"),
        (["init", "--domain", "a b", "--hostname", "x", "--admin", "y@z"], "is not a domain name"),
        (["init", "--domain", "a.example", "--hostname", "x", "--admin", "y@b.example"], "is not in a.example"),
    ],
)
def test_mistakes_are_usage_errors_and_name_the_cure(
    args: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(args) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("topic", ["exit-codes", "configuration", "passwords", "import"])
def test_topics(topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", topic]) == 0
    assert len(capsys.readouterr().out) > 100


def test_help_on_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "user", "add"]) == 0
    assert "Usage: mailstead user add" in capsys.readouterr().out
    assert run(["help"]) == 0
    assert "Topics: exit-codes" in capsys.readouterr().out
    assert run(["--version"]) == 0
    assert run(["version"]) == 0
