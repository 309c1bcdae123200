"""Who gives a command."""

import getpass
import os


def asker() -> str:
    """Who sits at the keyboard, for the audit and for stories of letters."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    behind = os.environ.get("SUDO_USER")
    return f"{behind} (as {name})" if behind and behind != name else name
