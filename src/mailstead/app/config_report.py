"""What is wrong with a configuration: all of it at once, each with its place and its cure."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`place` is file:line or the name of a variable."""

    place: str
    key: str
    what: str
    fix: str

    def __str__(self) -> str:
        subject = f"{self.place} {self.key}".strip()
        return f"{subject}: {self.what}\n    fix: {self.fix}"


class ConfigError(Exception):
    """The configuration cannot be used."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def nearest_key(path: str, known: Iterable[str]) -> str | None:
    """The key that was probably meant: one of the same name elsewhere, else one spelled alike."""
    paths = list(known)
    name = path.rpartition(".")[2]
    namesakes = [candidate for candidate in paths if candidate.rpartition(".")[2] == name]
    if namesakes:
        return namesakes[0] if path == name else nearest(path, namesakes) or namesakes[0]
    return nearest(path, paths)
