"""The reference page of the configuration, and its values as YAML: made from the tree, so never out of date."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from mailstead.app.config import Config
from mailstead.app.config_env import ALIASES
from mailstead.app.config_keys import Key, keys, sections, value_of
from mailstead.app.config_notyet import not_yet

HEAD: Final = """\
# Configuration

Made by `mailstead config reference`; do not edit.

Mailstead reads the first of: the file of `--config`, that of `$MAILSTEAD_CONFIG`, and `mailstead.yaml` or
`gomailserver.yaml` in the working directory, `~/.mailstead`, `/etc/mailstead`, `~/.gomailserver`,
`/etc/gomailserver`. Without any of them it runs with its data in `~/.mailstead`, SMTP on 2525, IMAP on 2143
and 2993, on loopback only; on all addresses once `MAIL_DOMAIN` names a domain other than localhost.

Every key can also be set by its environment variable, which wins over the file; lists are separated by
commas. With `_FILE` behind its name, the variable names a file that holds the value. Names that other mail
servers use are understood too. Sizes take KB, MB, GB (steps of 1024), durations s, m, h, d; bare numbers are
bytes and seconds. Relative paths start from the working directory.

Unknown keys are errors. Keys marked *not yet in force* are accepted and do nothing so far.
"""


def reference() -> str:
    """The page, in Markdown."""
    return HEAD + "".join(_sections())


def _sections() -> Iterator[str]:
    for name, doc in sections().items():
        own = [key for key in keys().values() if key.path.rpartition(".")[0] == name]
        yield f"\n## {name}\n\n{doc}\n"
        for key in own:
            yield _entry(key)


def _entry(key: Key) -> str:
    lines = [f"\n### {key.path}\n", key.doc, ""]
    default = key.show(key.default)
    lines.append(f"- takes: {key.kind_name}{_range(key)}")
    lines.append(f"- default: {f'`{default}`' if default else 'none'}")
    aliases = sorted(alias for alias, path in ALIASES.items() if path == key.path)
    lines.append("- environment: " + ", ".join(f"`{name}`" for name in (key.variable, *aliases)))
    for _, feature in not_yet([key.path]):
        lines.append(f"- *not yet in force*: waits for {feature}")
    return "\n".join(lines) + "\n"


def _range(key: Key) -> str:
    if key.within is None:
        return ""
    return f", from {key.show(key.within.low)} to {key.show(key.within.high)}"


def as_yaml(config: Config, sources: Mapping[str, str]) -> str:
    """The values in force as a file would hold them, secrets masked; the source stands beside what is not a default."""
    lines: list[str] = []
    open_section = ""
    for key in keys().values():
        section = key.path.rpartition(".")[0]
        if section != open_section:
            lines.extend(_headers(open_section, section))
            open_section = section
        indent = "  " * key.path.count(".")
        source = f"  # {sources[key.path]}" if key.path in sources else ""
        lines.append(f"{indent}{key.path.rpartition('.')[2]}: {_scalar(key, config)}{source}")
    return "\n".join(lines) + "\n"


def _headers(before: str, section: str) -> Iterator[str]:
    """The lines that open a section, its parents included unless they are open."""
    parts, old = section.split("."), before.split(".")
    for depth, part in enumerate(parts):
        if parts[: depth + 1] != old[: depth + 1]:
            yield f"{'  ' * depth}{part}:"


def _scalar(key: Key, config: Config) -> str:
    value = value_of(config, key.path)
    if key.is_secret:
        return '"********"' if value else '""'
    if key.is_list:
        assert isinstance(value, tuple)
        return "[" + ", ".join(_quoted(key.show(element)) for element in value) + "]"
    if value is None:
        return "null"
    text = key.show(value)
    return _quoted(text) if isinstance(value, str | Path) or not text else text


def _quoted(text: str) -> str:
    """JSON's quoting is YAML's too."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def as_values(config: Config, sources: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """The same for programs: key, value as text (lists as lists), source."""
    out: dict[str, dict[str, object]] = {}
    for key in keys().values():
        value = value_of(config, key.path)
        shown: object = key.show(value)
        if key.is_list:
            assert isinstance(value, tuple)
            shown = [key.show(element) for element in value]
        if key.is_secret:
            shown = "********" if value else ""
        out[key.path] = {"value": shown, "source": sources.get(key.path, "default")}
    return out
