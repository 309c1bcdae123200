"""The letters a spam filter is measured by: a tar archive with `ham/` and `spam/`, each in the order of time.

The archive is not part of the project: CORPUS_ARCHIVE or `--corpus` names it.
"""

import tarfile
from dataclasses import dataclass
from typing import Final

EARLIER: Final = 2 / 3
"""Of each kind, in the order of time: what is learned from; the rest is judged."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One of them."""

    name: str
    is_spam: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Corpus:
    """In the order of time. `odd`: curiosities that nobody sent as spam, of other people and other years."""

    ham: tuple[Letter, ...]
    spam: tuple[Letter, ...]
    odd: tuple[Letter, ...]

    def split(self) -> tuple[list[Letter], list[Letter]]:
        """The earlier and the later ones; the kinds take turns as they would in a mailbox."""
        earlier: list[Letter] = []
        later: list[Letter] = []
        for kind in (self.ham, self.spam):
            cut = int(len(kind) * EARLIER)
            earlier += kind[:cut]
            later += kind[cut:]
        return mix(earlier), mix(later)

    def folds(self, count: int) -> list[tuple[list[Letter], list[Letter]]]:
        """Each stretch of time judged by what was learned from all others."""
        parts = []
        for number in range(count):
            rest: list[Letter] = []
            part: list[Letter] = []
            for kind in (self.ham, self.spam):
                begin, end = len(kind) * number // count, len(kind) * (number + 1) // count
                part += kind[begin:end]
                rest += kind[:begin] + kind[end:]
            parts.append((mix(rest), mix(part)))
        return parts


def mix(letters: list[Letter]) -> list[Letter]:
    """Both kinds spread evenly, each in its order."""
    kinds = [[one for one in letters if one.is_spam is wanted] for wanted in (False, True)]
    placed = [(index / len(kind), one) for kind in kinds for index, one in enumerate(kind)]
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


def read_corpus(archive: str) -> Corpus:
    """All of it."""
    kinds: dict[str, list[Letter]] = {"ham": [], "spam": [], "odd": []}
    with tarfile.open(archive) as tar:
        for member in tar:
            kind = member.name.removeprefix("./").partition("/")[0]
            stream = tar.extractfile(member) if member.isfile() and kind in kinds else None
            if stream is not None:
                kinds[kind].append(Letter(member.name.removeprefix("./"), kind == "spam", stream.read()))
    return Corpus(*(tuple(sorted(kinds[kind], key=lambda one: one.name)) for kind in ("ham", "spam", "odd")))
