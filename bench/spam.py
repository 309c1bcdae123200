"""Our own spam filter and SpamAssassin over the same real letters: learned from the earlier, judged on the later.

    python -m bench.spam [--corpus TAR] [--cache DIR] [--folds N] [--write]

The archive is not part of the project (see `bench.spam_letters`). SpamAssassin's scores are kept in the cache, for a
run takes many minutes. `--write` puts tables and curves into docs/benchmarks.md.
"""

import argparse
import asyncio
import datetime
import os
import resource
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.stores import sqlite_engine

from bench.roc import Curve, draw, points_of
from bench.run import ROOT, machine
from bench.spam_letters import Corpus, Letter, read_corpus
from bench.spam_peers import spamassassin
from mailstead.net.clock import SystemClock
from mailstead.services.filters.own.learning import Learner, Lesson
from mailstead.services.filters.own.memory import Memory
from mailstead.services.filters.own.own import conclude, look_at
from mailstead.services.filters.own.recollection import base_of, settle_phrases, weigh
from mailstead.store.port.learning import EVERYBODY

START, END = "<!-- spam -->", "<!-- /spam -->"
THRESHOLD = 5.0
PASSES = 5
CHUNK = 50


@dataclass(frozen=True, slots=True)
class Judged:
    """Scores of both kinds."""

    name: str
    ham: list[float]
    spam: list[float]
    milliseconds: float = 0.0  # of CPU for each letter

    def wrong(self, threshold: float = THRESHOLD) -> int:
        return sum(score >= threshold for score in self.ham)

    def caught(self, threshold: float = THRESHOLD) -> float:
        return sum(score >= threshold for score in self.spam) / len(self.spam)

    def caught_at(self, wrong: int) -> float:
        """The most that a threshold catches which takes no more wanted letters than this for spam."""
        highest = sorted(self.ham, reverse=True)
        edge = highest[wrong] if wrong < len(highest) else float("-inf")
        return sum(score > edge for score in self.spam) / len(self.spam)

    @property
    def row(self) -> str:
        wrong, caught = self.wrong(), self.caught()
        taken = caught * len(self.spam)
        cells = [
            self.name, f"{wrong} of {len(self.ham):,} ({100 * wrong / len(self.ham):.2f} %)", f"{100 * caught:.1f} %",
            f"{100 * taken / max(1, taken + wrong):.1f} %", f"{self.milliseconds:.2f}" if self.milliseconds else "",
        ]  # fmt: skip
        return "| " + " | ".join(cells) + " |"


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def ours(teach: Sequence[Letter], letters: Sequence[Letter], name: str) -> Judged:
    """As `mailstead spam learn` teaches it, and as a worker judges."""
    with tempfile.TemporaryDirectory() as folder:
        async with sqlite_engine(Path(folder)) as engine:
            store = await engine.open()
            memory = Memory(store)
            learner = Learner(store, SystemClock(), memory)
            lessons = [_lesson(letter) for letter in teach]
            for turn in range(PASSES):
                for begin in range(0, len(lessons), CHUNK):
                    await learner.learn(EVERYBODY, lessons[begin : begin + CHUNK], again=turn > 0)
            await memory.recall((EVERYBODY,))
            began = cpu()
            scores = [(await _judge(letter, memory), letter.is_spam) for letter in letters]
            used = cpu() - began
            await engine.close()
    ham = [score for score, is_spam in scores if not is_spam]
    spam = [score for score, is_spam in scores if is_spam]
    return Judged(name, ham, spam, used / len(letters) * 1000)


def _lesson(letter: Letter) -> Lesson:
    weighed = look_at(letter.data)
    return Lesson(letter.name, weighed.tokens, base_of(weighed.symptoms), letter.is_spam)


async def _judge(letter: Letter, memory: Memory) -> float:
    weighed = look_at(letter.data)
    lores = await memory.recall((EVERYBODY,))
    settled = settle_phrases(weighed.symptoms, lores.get(EVERYBODY))
    return conclude([*settled, *weigh(weighed.tokens, lores, None)]).score


def theirs(teach: Sequence[Letter], letters: Sequence[Letter], name: str, cache: Path, key: str) -> Judged:
    found = spamassassin(teach, letters, cache, key)
    ham = [found.scores[letter.name] for letter in letters if not letter.is_spam]
    spam = [found.scores[letter.name] for letter in letters if letter.is_spam]
    return Judged(name, ham, spam, found.cpu_seconds / len(found.scores) * 1000)


def curves(judged: Sequence[Judged]) -> list[str]:
    """How much each catches for so many wanted letters taken for spam."""
    marks = (0, 1, 2, 4, 8, 16, 32)
    lines = ["| wanted letters taken for spam | " + " | ".join(map(str, marks)) + " |", "|---|" + "---|" * len(marks)]
    for one in judged:
        lines.append(f"| {one.name} | " + " | ".join(f"{100 * one.caught_at(mark):.1f} %" for mark in marks) + " |")
    return lines


def picture(judged: Sequence[Judged]) -> str:
    """The curves as SVG: ours and theirs by colour, untaught ones broken."""
    looks = [("#0b6", ""), ("#c33", ""), ("#0b6", "6 4"), ("#c33", "6 4")]
    found = [
        Curve(one.name, colour, dashes, points_of(one.ham, one.spam))
        for one, (colour, dashes) in zip(judged, looks, strict=True)
    ]
    return draw(found, "Spam caught, later letters")


async def measure(corpus: Corpus, cache: Path, folds: int) -> tuple[list[str], str]:
    earlier, later = corpus.split()
    trained = [
        await ours(earlier, later, "Mailstead, taught"),
        theirs(earlier, later, "SpamAssassin, taught", cache, "trained"),
    ]
    fresh = [
        await ours([], later, "Mailstead, untaught"),
        theirs([], later, "SpamAssassin, untaught", cache, "untrained"),
    ]
    all_of_them = [*trained, *fresh]
    day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    lines = [
        f"{day}, {machine()}.",
        "",
        "| later letters, threshold 5.0 | wanted taken for spam | spam caught | of what was taken, spam | ms CPU |",
    ]
    lines += ["|---|---|---|---|---|", *(one.row for one in all_of_them), ""]
    lines += ["Spam caught, by how many wanted letters one would give for it:", "", *curves(all_of_them), ""]
    if folds:
        parts = [await ours(rest, part, "") for rest, part in corpus.folds(folds)]
        whole = Judged(
            f"Mailstead, each of {folds} stretches of time judged by the others",
            [score for part in parts for score in part.ham], [score for part in parts for score in part.spam],
            sum(part.milliseconds for part in parts) / len(parts),
        )  # fmt: skip
        lines += ["| all letters | wanted taken for spam | spam caught | of what was taken, spam | ms CPU |"]
        lines += ["|---|---|---|---|---|", whole.row, ""]
    return lines, picture(all_of_them)


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", default=os.environ.get("CORPUS_ARCHIVE", ""))
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "mailstead-spam-bench")
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if not arguments.corpus:
        parser.error("name an archive of letters: --corpus, or CORPUS_ARCHIVE")
    lines, drawn = asyncio.run(measure(read_corpus(arguments.corpus), arguments.cache, arguments.folds))
    print("\n".join(lines))
    if arguments.write:
        page = ROOT / "docs" / "benchmarks.md"
        text = page.read_text()
        head, _, rest = text.partition(START)
        tail = rest.partition(END)[2]
        (ROOT / "docs" / "spam-curves.svg").write_text(drawn)
        page.write_text(f"{head}{START}\n" + "\n".join(lines).rstrip() + f"\n{END}{tail}")


if __name__ == "__main__":
    main()
