"""`mailstead help` and `mailstead version`."""

import click

from mailstead import __version__
from mailstead.cli.exits import Failure
from mailstead.cli.topics import TOPICS


@click.command("help", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("words", nargs=-1)
@click.pass_context
def help_(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Help on a command (mailstead help user add) or a topic (mailstead help exit-codes)."""
    root = ctx.find_root()
    if not words:
        print(root.get_help())
        print("\nTopics: " + ", ".join(TOPICS))
        return
    if len(words) == 1 and words[0] in TOPICS:
        print(TOPICS[words[0]]().rstrip())
        return
    context, command = root, root.command
    for word in words:
        found = command.get_command(context, word) if isinstance(command, click.Group) else None
        if found is None:
            raise Failure("usage", f"there is no command or topic {' '.join(words)!r}", f"topics: {', '.join(TOPICS)}")
        context, command = click.Context(found, info_name=word, parent=context), found
    print(command.get_help(context))


@click.command()
def version() -> None:
    """What is installed."""
    print(f"mailstead {__version__}")
