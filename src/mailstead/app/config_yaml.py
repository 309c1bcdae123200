"""YAML as a tree of nodes with lines, made from libyaml's events: bounded in size, depth and number; no types guessed.

Values stay text (the key knows what it wants); a mapping tells its doubles; an alias stands for its anchor's node.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import yaml

BYTES_MAX: Final = 1 << 20
DEPTH_MAX: Final = 12
NODES_MAX: Final = 20_000


class BadYaml(Exception):  # noqa: N818 - a fact about the file
    """The file cannot be read at all: line, what is wrong, and how to mend it."""

    def __init__(self, line: int, what: str, fix: str) -> None:
        super().__init__(what)
        self.line = line
        self.what = what
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as text; `is_null` for nothing, ~ and null without quotes."""

    line: int
    text: str
    is_null: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A sequence."""

    line: int
    items: "list[Node]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Entries in order, doubles included: (line of the key, key, value)."""

    line: int
    entries: "list[tuple[int, str, Node]]" = field(default_factory=list)


Node = Scalar | Listing | Mapping


def parse_yaml(data: bytes) -> Node | None:
    """The one document of a file; None if it is empty; BadYaml."""
    if len(data) > BYTES_MAX:
        raise BadYaml(
            1, f"the file is larger than {BYTES_MAX} bytes", "a configuration is a few KB: is it the right file?"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadYaml(line, "the file is not UTF-8 text", "save it as UTF-8") from error
    try:
        return _Reader(text).document()
    except yaml.YAMLError as error:
        raise _explain(error) from error


def _explain(error: yaml.YAMLError) -> BadYaml:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    line = mark.line + 1 if mark is not None else 1
    fix = (
        "use spaces, not tabs"
        if "\\t" in what or "tab" in what
        else "look at the indentation and the quotes around here"
    )
    return BadYaml(line, f"not YAML: {what}", fix)


class _Reader:
    """Takes events one by one."""

    def __init__(self, text: str) -> None:
        self._events = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def document(self) -> Node | None:
        """The first document; a second one is an error."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise BadYaml(_line(event), "a second document begins here", "keep one document, without ---")
                root = self._node(next(self._events), 0)
        return None if isinstance(root, Scalar) and root.is_null else root

    def _node(self, event: Any, depth: int) -> Node:
        self._count += 1
        if self._count > NODES_MAX or depth > DEPTH_MAX:
            raise BadYaml(
                _line(event), "too deep or too many values", "a configuration has a few hundred: make it simpler"
            )
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        node = self._fresh(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _fresh(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            is_plain = event.style in (None, "")
            is_null = is_plain and event.value.lower() in {"", "~", "null"}
            return Scalar(_line(event), event.value, is_null)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._listing(event, depth)
        return self._mapping(event, depth)

    def _listing(self, start: Any, depth: int) -> Listing:
        listing = Listing(_line(start))
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            listing.items.append(self._node(event, depth + 1))
        return listing

    def _mapping(self, start: Any, depth: int) -> Mapping:
        mapping = Mapping(_line(start))
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise BadYaml(key.line, "a key is not a word", "write section: and below it, indented, key: value")
            mapping.entries.append((key.line, key.text, self._node(next(self._events), depth + 1)))
        return mapping

    def _alias(self, event: Any) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:  # a node inside itself is not there yet either
            raise BadYaml(
                _line(event), f"*{event.anchor} stands for nothing", f"put &{event.anchor} before it, or the value"
            )
        return node


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
