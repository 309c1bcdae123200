"""The configuration tree seen as a flat table of keys: `smtp.relay_port` and what is known of it."""

import dataclasses
import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from mailstead.app.config import Config
from mailstead.app.config_kinds import (
    LIST_MAX,
    NAMES,
    READERS,
    BadValue,
    Doc,
    Network,
    Pem,
    Secret,
    Size,
    Within,
    show_size,
    show_span,
)

ENV_PREFIX = "MAILSTEAD_"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: where it is, what it takes and what it says of itself."""

    path: str
    kind: object
    is_list: bool
    choices: tuple[str, ...]
    doc: str
    within: Within | None
    default: object

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return ENV_PREFIX + self.path.upper().replace(".", "_")

    @property
    def is_secret(self) -> bool:
        """True if its value is never shown."""
        return self.kind in (Secret, Pem)

    @property
    def kind_name(self) -> str:
        """For people."""
        if self.choices:
            return " or ".join(self.choices)
        return f"list of {NAMES[self.kind]}" if self.is_list else NAMES[self.kind]

    def read(self, text: str) -> object:
        """One value (or one element of the list) from text; BadValue."""
        if self.choices:
            return self._choose(text)
        value = READERS[self.kind](text)
        self._measure(value)
        return value

    def read_list(self, texts: list[str]) -> tuple[object, ...]:
        """The whole list; BadValue."""
        if len(texts) > LIST_MAX:
            raise BadValue(f"has more than {LIST_MAX} entries", "shorten the list")
        return tuple(self.read(text) for text in texts)

    def _choose(self, text: str) -> str:
        word = text.strip().lower()
        word = {"warning": "warn", "console": "text", "tls1.2": "1.2", "tls1.3": "1.3"}.get(word, word)
        if word not in self.choices:
            raise BadValue(f"{text!r} is not known here", f"write {' or '.join(self.choices)}")
        return word

    def _measure(self, value: object) -> None:
        if self.within is None:
            return
        number = value.total_seconds() if isinstance(value, timedelta) else value
        assert isinstance(number, int | float)
        if not self.within.low <= number <= self.within.high:
            low, high = self.show(self.within.low), self.show(self.within.high)
            raise BadValue(f"{self.show(value)} is out of range", f"write a value from {low} to {high}")

    def show(self, value: object) -> str:
        """Back to text, as a file would hold it; secrets as they are (mask them with `is_secret`)."""
        match value:
            case None:
                return ""
            case tuple():
                return ", ".join(self.show(element) for element in value)
            case bool():
                return "true" if value else "false"
            case timedelta():
                return show_span(value)
            case int() if self.kind is timedelta:
                return show_span(timedelta(seconds=value))
            case int() if self.kind is Size:
                return show_size(value)
        return str(value)


def _unwrap(hint: object) -> tuple[object, bool, tuple[str, ...]]:
    """Kind, is it a list, choices."""
    origin, args = get_origin(hint), get_args(hint)
    if hint == Network:
        return Network, False, ()
    if origin is tuple:
        return _unwrap(args[0])[0], True, ()
    if origin is Literal:
        return str, False, tuple(str(choice) for choice in args)
    if origin in (Union, types.UnionType):
        return _unwrap(next(arg for arg in args if arg is not type(None)))
    return hint, False, ()


def _default(field: "dataclasses.Field[Any]") -> object:
    return field.default if field.default is not dataclasses.MISSING else None


def _walk(section: type[Any], prefix: str) -> Iterator[Key]:
    hints = get_type_hints(section, include_extras=True)
    for field in dataclasses.fields(section):
        hint, path = hints[field.name], prefix + field.name
        if dataclasses.is_dataclass(hint):
            yield from _walk(hint, path + ".")  # type: ignore[arg-type]
            continue
        assert get_origin(hint) is Annotated, f"{path} has no Doc"
        bare, *notes = get_args(hint)
        kind, is_list, choices = _unwrap(bare)
        doc = next(note.text for note in notes if isinstance(note, Doc))
        within = next((note for note in notes if isinstance(note, Within)), None)
        yield Key(path, kind, is_list, choices, doc, within, _default(field))


@cache
def keys() -> Mapping[str, Key]:
    """Every key by its path, in the order of the tree."""
    return {key.path: key for key in _walk(Config, "")}


@cache
def sections() -> Mapping[str, str]:
    """Every section's path with its sentence."""
    found: dict[str, str] = {}

    def walk(section: type[Any], prefix: str) -> None:
        hints = get_type_hints(section)
        for field in dataclasses.fields(section):
            if dataclasses.is_dataclass(hints[field.name]):
                found[prefix + field.name] = (hints[field.name].__doc__ or "").strip()
                walk(hints[field.name], prefix + field.name + ".")

    walk(Config, "")
    return found


def build(values: Mapping[str, object]) -> Config:
    """A Config in which these keys have these values and the others their defaults."""
    return _build(Config, "", values)  # type: ignore[no-any-return]


def _build(section: type[Any], prefix: str, values: Mapping[str, object]) -> Any:
    hints = get_type_hints(section)
    given: dict[str, object] = {}
    for field in dataclasses.fields(section):
        path = prefix + field.name
        if dataclasses.is_dataclass(hints[field.name]):
            given[field.name] = _build(hints[field.name], path + ".", values)
        elif path in values:
            given[field.name] = values[path]
    return section(**given)


def value_of(config: Config, path: str) -> object:
    """What a key is set to."""
    value: object = config
    for name in path.split("."):
        value = getattr(value, name)
    return value


def pack_config(config: Config) -> bytes:
    """For the way to another process of ours: every key as text."""
    return json.dumps({path: _as_texts(key, value_of(config, path)) for path, key in keys().items()}).encode()


def unpack_config(data: bytes) -> Config:
    """As it was."""
    texts = json.loads(data)
    return build({path: _from_texts(keys()[path], text) for path, text in texts.items() if text is not None})


def _from_texts(key: Key, text: list[str] | str) -> object:
    """Without the checks of a file: what is set by a program may be outside of a key's range."""
    read = str if key.choices else READERS[key.kind]
    return tuple(map(read, text)) if isinstance(text, list) else read(text)


def _as_texts(key: Key, value: object) -> list[str] | str | None:
    match value:
        case None:
            return None
        case tuple():
            return [str(element) for element in value]
        case timedelta():
            return f"{value.total_seconds():.6f}"
        case _:
            return key.show(value) if isinstance(value, bool) else str(value)
