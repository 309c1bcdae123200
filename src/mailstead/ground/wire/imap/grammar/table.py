"""The table of commands: name to parser. An extension adds a row."""

from mailstead.ground.wire.imap.command import Command
from mailstead.ground.wire.imap.event import CommandReady


def parse_command(ready: CommandReady, *, utf8: bool = False) -> Command:
    """The value of a command, or `Syntax`. `utf8`: IMAP4rev2 or UTF8=ACCEPT is enabled: names are not modified UTF-7.

    An unknown name is `Syntax` too: look it up before if that matters.
    """
    raise NotImplementedError
