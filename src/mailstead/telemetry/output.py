"""Where events go: the standard library's logging, one line each, to one place."""

import logging
import sys
from pathlib import Path
from typing import Any, Final, Literal

from mailstead.telemetry.event import Event
from mailstead.telemetry.recent import RECENT
from mailstead.telemetry.render import JsonLines, PeopleLines, Privacy

LOGGER: Final = logging.getLogger("mailstead")
LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

Format = Literal["json", "text", "console"]


class _Threshold:
    """The level below which an event is only counted."""

    __slots__ = ("level",)

    def __init__(self) -> None:
        self.level = logging.WARNING


THRESHOLD: Final = _Threshold()


def configure(
    level: str = "info",
    format: Format = "json",  # noqa: A002 - it is the key of the configuration
    output: str = "stdout",
    *,
    hash_addresses: bytes = b"",
) -> None:
    """Send events from `level` up to `output`: stdout, stderr or a file's path.

    `hash_addresses` is a key: given, addresses, IPs and logins are shown as keyed hashes, the same in all processes
    that were given the same key.
    """
    number = LEVELS.get(level.lower())
    if number is None:
        raise ValueError(f"logger.level: {level!r} is none of {', '.join(LEVELS)}")
    handler = _handler(output)
    privacy = Privacy(hash_addresses)
    handler.setFormatter(JsonLines(privacy) if format == "json" else PeopleLines(privacy, color=_is_terminal(handler)))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    RECENT.privacy = privacy
    root.addHandler(RECENT)
    # other people's libraries: only what they find worth a warning
    root.setLevel(max(number, logging.WARNING))
    LOGGER.setLevel(number)
    THRESHOLD.level = number


def _handler(output: str) -> logging.Handler:
    match output:
        case "stdout" | "":
            return logging.StreamHandler(sys.stdout)
        case "stderr":
            return logging.StreamHandler(sys.stderr)
        case _:
            Path(output).parent.mkdir(parents=True, exist_ok=True)
            # WatchedFileHandler reopens the file after logrotate moved it
            from logging.handlers import WatchedFileHandler

            return WatchedFileHandler(output, encoding="utf-8")


def _is_terminal(handler: logging.Handler) -> bool:
    stream = getattr(handler, "stream", None)
    return bool(stream is not None and stream.isatty())


def log(event: Event, fields: dict[str, Any]) -> None:
    """Hand an event to logging."""
    record = logging.LogRecord(LOGGER.name, event.level, "", 0, event.message, (), None)
    record.event = event
    record.fields = fields
    LOGGER.handle(record)
