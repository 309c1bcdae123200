"""What another program said, for a log, a trace or a header."""

from typing import Final

SAID_MAX: Final = 120


def tame(text: str) -> str:
    """One line, nothing that cannot be shown, not endless."""
    shown = "".join(char if char.isprintable() else " " for char in text[: 4 * SAID_MAX])
    return " ".join(shown.split())[:SAID_MAX]
