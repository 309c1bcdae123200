"""Finding the configuration and making a `Config` of it: defaults, then the file, then the environment.

Nothing is half accepted: every problem is found and told at once (`ConfigError`).
"""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mailstead.app import config_yaml
from mailstead.app.config import Config
from mailstead.app.config_check import check
from mailstead.app.config_env import PATH_VARIABLES, Setting, read_environment
from mailstead.app.config_keys import Key, build, keys, sections
from mailstead.app.config_kinds import BadValue
from mailstead.app.config_notyet import not_yet
from mailstead.app.config_report import ConfigError, Problem, nearest_key

FILE_NAMES: Final = ("mailstead.yaml", "gomailserver.yaml")
PRESET: Final = "no configuration file"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and where it comes from."""

    config: Config
    path: Path | None  # None: there is no file, the preset below is used
    sources: Mapping[str, str]  # key: file:line, variable or PRESET; keys at their default are absent
    notes: tuple[str, ...] = ()  # for the operator to read, nothing that stops us
    waiting: tuple[tuple[str, str], ...] = ()  # keys set but not yet in force, with the feature they wait for


@dataclass(slots=True)
class _Found:
    values: dict[str, object] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def load(
    explicit: Path | None = None, environ: Mapping[str, str] | None = None, *, directory: Path | None = None
) -> Loaded:
    """Read everything; ConfigError tells all that is wrong. `directory` is the working directory."""
    environ = os.environ if environ is None else environ
    home = Path(environ.get("HOME") or "/")
    settings, problems = read_environment(environ)
    found = _Found(problems=problems)
    path = find_file(explicit, environ, directory or Path(), home)
    if path is None:
        _preset(found, home, settings)
    else:
        _file(found, path)
    for name, setting in settings.items():
        found.values[name], found.sources[name] = setting.value, setting.variable
    if found.problems:
        raise ConfigError(found.problems)
    config = build(found.values)
    if problems := check(config, found.sources):
        raise ConfigError(problems)
    chosen = [name for name, source in found.sources.items() if source != PRESET]
    return Loaded(config, path, found.sources, tuple(found.notes), tuple(not_yet(chosen)))


def find_file(explicit: Path | None, environ: Mapping[str, str], directory: Path, home: Path) -> Path | None:
    """The file to read: the one named, or the first there is in the usual places, or None."""
    if explicit is not None:
        return explicit
    for variable in PATH_VARIABLES:
        if environ.get(variable):
            return Path(environ[variable]).expanduser()
    places = (directory, home / ".mailstead", Path("/etc/mailstead"), home / ".gomailserver", Path("/etc/gomailserver"))
    candidates = (place / name for place in places for name in FILE_NAMES)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def is_local(domain: str) -> bool:
    """True for names that mean this machine (RFC 6761 §6.3)."""
    return domain == "localhost" or domain.endswith(".localhost")


def _preset(found: _Found, home: Path, settings: Mapping[str, Setting]) -> None:
    """What holds without any file: high ports, data in the home directory, loopback unless the domain is a real one."""
    base = home / ".mailstead"
    preset = {
        "database.path": str(base / "mailstead.db"),
        "smtp.relay_port": "2525",
        "smtp.submission_port": "2587",
        "smtp.smtps_port": "2465",
        "imap.port": "2143",
        "imap.imaps_port": "2993",
        "imap.plain_login": "loopback",
        "pop3.port": "2110",
        "pop3.pop3s_port": "2995",
        "pop3.plain_login": "loopback",
        "logger.format": "text",
    }
    domain = settings.get("server.domain")
    if domain is None or is_local(str(domain.value)):
        preset["server.listen"] = "127.0.0.1, ::1"
    for name, text in preset.items():
        key = keys()[name]
        found.values[name] = (
            key.read_list([part.strip() for part in text.split(",")]) if key.is_list else key.read(text)
        )
        found.sources[name] = PRESET
    found.notes.append(f"no configuration file: data in {base}; `mailstead init` writes a file for a real server")


def _file(found: _Found, path: Path) -> None:
    try:
        data = _read(path, found)
        root = config_yaml.parse_yaml(data)
    except config_yaml.BadYaml as bad:
        place = f"{path}:{bad.line}" if bad.line else str(path)
        found.problems.append(Problem(place, "", bad.what, bad.fix))
        return
    if isinstance(root, config_yaml.Mapping):
        _section(found, path, "", root)
    elif root is not None:
        found.problems.append(
            Problem(f"{path}:{root.line}", "", "not sections with keys", "begin with a line like server:")
        )
    else:
        found.notes.append(f"{path} is empty: all keys have their defaults")


def _read(path: Path, found: _Found) -> bytes:
    """The bytes of the file; tells what its permissions give away."""
    if path.suffix == ".toml":
        raise config_yaml.BadYaml(0, "this is TOML", "Mailstead reads YAML; `mailstead config reference` has the keys")
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(config_yaml.BYTES_MAX + 1)
    except OSError as error:
        fix = (
            "run `mailstead init`, or name another file"
            if isinstance(error, FileNotFoundError)
            else "make it readable for us"
        )
        raise config_yaml.BadYaml(0, f"cannot be read: {os.strerror(error.errno or 0)}", fix) from error
    if mode & stat.S_IWOTH:
        raise config_yaml.BadYaml(0, "can be changed by everyone on this machine", f"chmod 600 {path}")
    if mode & (stat.S_IRWXO | stat.S_IWGRP):  # its group may read it: that of the user the server becomes
        found.notes.append(f"{path} is open to others and may hold secrets; fix: chmod 600 {path}")
    return data


def _section(found: _Found, path: Path, prefix: str, section: config_yaml.Mapping) -> None:
    seen: dict[str, int] = {}
    for line, word, node in section.entries:
        name, place = prefix + word, f"{path}:{line}"
        if name in seen:
            found.problems.append(Problem(place, name, f"set before in line {seen[name]}", "keep one of the two"))
            continue
        seen[name] = line
        if name in sections():
            _subsection(found, path, name, node)
        elif name in keys():
            _value(found, place, keys()[name], node)
        else:
            found.problems.append(_unknown(place, name))


def _subsection(found: _Found, path: Path, name: str, node: config_yaml.Node) -> None:
    if isinstance(node, config_yaml.Mapping):
        _section(found, path, name + ".", node)
    elif not (isinstance(node, config_yaml.Scalar) and node.is_null):
        fix = f"put its keys below it, indented, like {next(key for key in keys() if key.startswith(name + '.'))}"
        found.problems.append(Problem(f"{path}:{node.line}", name, "is a section, not a value", fix))


def _value(found: _Found, place: str, key: Key, node: config_yaml.Node) -> None:
    if isinstance(node, config_yaml.Scalar) and node.is_null:
        return
    try:
        found.values[key.path] = _read_node(key, node)
        found.sources[key.path] = place
    except BadValue as bad:
        found.problems.append(Problem(place, key.path, bad.what, bad.fix))


def _read_node(key: Key, node: config_yaml.Node) -> object:
    match node:
        case config_yaml.Scalar(text=text):
            if not key.is_list:
                return key.read(text)
            return key.read_list([part.strip() for part in text.split(",") if part.strip()])
        case config_yaml.Listing(items=items) if key.is_list:
            texts = [item.text for item in items if isinstance(item, config_yaml.Scalar)]
            if len(texts) != len(items):
                raise BadValue("holds more than plain values", f"write a {key.kind_name}, like [a, b]")
            return key.read_list(texts)
        case _:
            raise BadValue("is not a single value", f"write one {key.kind_name}")


def _unknown(place: str, name: str) -> Problem:
    near = nearest_key(name, [*keys(), *sections()])
    fix = f"did you mean {near}?" if near else "remove it; `mailstead config reference` lists all keys"
    return Problem(place, name, "no such key", fix)
