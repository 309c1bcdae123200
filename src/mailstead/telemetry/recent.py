"""The last events of this process, for those who look without a shell: a bounded buffer, written where the log is.

Only what the log gets is kept, as the log shows it: under the same level, and hashed where names are hashed there.
"""

import logging
from collections import deque
from collections.abc import Iterable
from copy import copy
from datetime import UTC, datetime
from typing import Final

import msgspec

from mailstead.telemetry.render import Privacy, one_line, tell

KEPT: Final = 2000
LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it was logged; `at` is in milliseconds since 1970."""

    at: int
    level: str
    event: str
    message: str
    fields: dict[str, str | int | float | bool | None]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events: all that is given must hold. `text` stands anywhere in it, in whatever case."""

    level: str = "debug"
    event: str = ""
    since: int = 0
    until: int = 1 << 62
    text: str = ""
    limit: int = 100


class Recent(logging.Handler):
    """Keeps the last events. What it keeps is rendered only when somebody looks."""

    def __init__(self) -> None:
        super().__init__()
        self.privacy = Privacy()
        self._kept: deque[logging.LogRecord] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """One more. A failure's stack would keep alive all that its frames hold: it is in the log."""
        if record.exc_info:
            record = copy(record)
            record.exc_info = None
        self._kept.append(record)

    def find(self, wanted: Wanted) -> list[Told]:
        """The latest first."""
        found: list[Told] = []
        level = LEVELS.get(wanted.level, logging.DEBUG)
        for record in reversed(list(self._kept)):
            if len(found) >= wanted.limit:
                break
            at = int(record.created * 1000)
            if record.levelno < level or not wanted.since <= at < wanted.until:
                continue
            told = self._tell(record, at)
            if _is_meant(told, wanted):
                found.append(told)
        return found

    def _tell(self, record: logging.LogRecord, at: int) -> Told:
        name, _, phrase, fields = tell(record, self.privacy)
        return Told(
            at=at, level=record.levelname.lower(), event=name, message=one_line(phrase),
            fields={key: value if isinstance(value, str | int | float | bool | None) else str(value)
                    for key, value in fields.items()},
        )  # fmt: skip


RECENT: Final = Recent()


def latest(parts: Iterable[list[Told]], limit: int) -> list[Told]:
    """Of several processes as one."""
    together = sorted((told for part in parts for told in part), key=lambda told: -told.at)
    return together[:limit]


def moment(at: int) -> str:
    """As in the log."""
    time = datetime.fromtimestamp(at / 1000, UTC)
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


def _is_meant(told: Told, wanted: Wanted) -> bool:
    if wanted.event and told.event != wanted.event and not told.event.startswith(f"{wanted.event}."):
        return False
    if not wanted.text:
        return True
    needle = wanted.text.casefold()
    return needle in told.message.casefold() or any(needle in str(one).casefold() for one in told.fields.values())
