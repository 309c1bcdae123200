"""Events as lines: JSON for machines, one line of key=value for people. Nothing a peer said can begin a new line."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from hashlib import blake2b
from typing import Any, Final

import msgspec

from mailstead.telemetry.event import Event
from mailstead.telemetry.fields import FIELDS, PERSONAL
from mailstead.telemetry.metrics import word

LONGEST_VALUE: Final = 4096
_COLORS: Final[Mapping[int, str]] = {
    logging.DEBUG: "\x1b[2m",
    logging.WARNING: "\x1b[33m",
    logging.ERROR: "\x1b[31m",
    logging.CRITICAL: "\x1b[31m",
}
_PLAIN: Final = "\x1b[0m"
_PERSONAL_NAMES: Final = frozenset(name for name, field in FIELDS.items() if field.kind in PERSONAL)
_SHOWN: Final[Mapping[str, str]] = {name: field.shown or name for name, field in FIELDS.items()}


class Privacy:
    """Shows fields; with a key, those that name a person as 16 hex digits of their keyed hash."""

    def __init__(self, key: bytes = b"") -> None:
        self._key = key[:64]

    def show(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields under their public names, cut to a bearable length."""
        shown: dict[str, Any] = {}
        for name, value in fields.items():
            shown[_SHOWN.get(name, name)] = self._hash(value) if self._hides(name, value) else _plain(value)
        return shown

    def _hides(self, name: str, value: object) -> bool:
        return bool(self._key) and name in _PERSONAL_NAMES and value not in (None, "")

    def _hash(self, value: object) -> str:
        return blake2b(str(value).encode("utf-8", "surrogateescape"), digest_size=8, key=self._key).hexdigest()


def _plain(value: object) -> Any:
    match value:
        case Enum():
            return word(value)
        case bool() | int() | None:
            return value
        case float():
            return round(value, 6)
        case bytes():
            return _cut(value.decode("utf-8", "backslashreplace"))
        case _:
            # a lone surrogate is no UTF-8; both renderings must be
            return _cut(word(value).encode("utf-8", "backslashreplace").decode())


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def tell(record: logging.LogRecord, privacy: Privacy) -> tuple[str, str, str, dict[str, Any]]:
    """Name, type, phrase and fields; of other people's records what there is."""
    event = getattr(record, "event", None)
    if isinstance(event, Event):
        fields = privacy.show(getattr(record, "fields", {}))
        phrase = event.message.format_map(fields) if "{" in event.message else event.message
        return event.value, event.event_type.value, phrase, fields
    fields = {"logger": record.name}
    if record.exc_info:
        fields["trace"] = _cut(logging.Formatter().formatException(record.exc_info))
    return "library.message.logged", "system", _plain(record.getMessage()), fields


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


class JsonLines(logging.Formatter):
    """One JSON object each line."""

    def __init__(self, privacy: Privacy) -> None:
        super().__init__()
        self._privacy = privacy
        self._encode = msgspec.json.Encoder(enc_hook=str).encode

    def format(self, record: logging.LogRecord) -> str:
        """The line without its end."""
        name, event_type, phrase, fields = tell(record, self._privacy)
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "msg": phrase,
            "event": name,
            "event_type": event_type,
        }
        return self._encode(line | fields).decode()


class PeopleLines(logging.Formatter):
    """Time, level, phrase, then key=value; colour only where a person looks."""

    def __init__(self, privacy: Privacy, *, color: bool) -> None:
        super().__init__()
        self._privacy = privacy
        self._color = color

    def format(self, record: logging.LogRecord) -> str:
        """The line without its end."""
        name, _, phrase, fields = tell(record, self._privacy)
        words = [_time(record), f"{record.levelname.lower():<7}", one_line(phrase)]
        if phrase != name:
            words.append(f"event={name}")
        words += [f"{key}={_value(value)}" for key, value in fields.items()]
        line = " ".join(words)
        color = _COLORS.get(record.levelno, "") if self._color else ""
        return f"{color}{line}{_PLAIN}" if color else line


def one_line(text: str) -> str:
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")


def _value(value: object) -> str:
    text = str(value) if not isinstance(value, bool) else str(value).lower()
    if text and text.isprintable() and not any(mark in text for mark in ' "='):
        return text
    return msgspec.json.encode(text).decode()
