"""`mailstead spam`."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from mailstead.cli.exits import Failure
from mailstead.cli.shell import Json, Shell, changing, common

_HELP: Final = {"help_option_names": ["-h", "--help"]}
_ACCOUNT: Final = click.option("--account", default="", help="Of one account; without it: of everybody.")
_FILES: Final = click.Path(path_type=Path, exists=True)
AT_ONCE: Final = 50
FILE_MAX: Final = 1 << 30
_FROM: Final = re.compile(rb"\n(?=From [^\n]{1,300}\n)")


@click.group(context_settings=_HELP)
def spam() -> None:
    """Our own spam filter: what it says of a letter, and teaching it.

    It learns by itself from what people move into Junk and out of it.
    """


@spam.command("learn")
@click.option("--spam", "spams", multiple=True, type=_FILES, help="Letters that are spam: a letter, an mbox, a folder.")
@click.option("--ham", "hams", multiple=True, type=_FILES, help="Letters that are wanted.")
@_ACCOUNT
@click.option("--passes", default=5, type=click.IntRange(1, 20), help="How often all of them are gone through.")
@changing
def learn(shell: Shell, spams: tuple[Path, ...], hams: tuple[Path, ...], account: str, passes: int) -> None:
    """Teach it. Give spam and wanted letters together: it learns what tells them apart.

    \b
    mailstead spam learn --spam junk.mbox --ham inbox.mbox
    """
    lessons = _mix(_lessons(spams, is_spam=True), _lessons(hams, is_spam=False))
    if not lessons:
        raise Failure("usage", "there is nothing to learn", "give --spam FILE, --ham FILE, or both")
    learned = 0
    for turn in range(1 if shell.dry_run else passes):
        for some in _some(lessons):
            args = {**_with(account, some), "again": turn > 0, "dry_run": shell.dry_run}
            count = shell.ask("spam.learn", args)["learned"]
            learned += count if turn == 0 else 0
    _say(shell, {"schema": "mailstead.spam-learn.v1", "letters": len(lessons), "learned": learned})


@spam.command("unlearn")
@click.argument("files", nargs=-1, required=True, type=_FILES)
@_ACCOUNT
@changing
def unlearn(shell: Shell, files: tuple[Path, ...], account: str) -> None:
    """Take back what was learned of letters."""
    lessons = _lessons(files, is_spam=False)
    count = sum(
        shell.ask("spam.unlearn", {**_with(account, some), "dry_run": shell.dry_run})["unlearned"]
        for some in _some(lessons)
    )
    _say(shell, {"schema": "mailstead.spam-unlearn.v1", "letters": len(lessons), "unlearned": count})


@spam.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_ACCOUNT
@common
def check(shell: Shell, file: Path, account: str) -> None:
    """What it says of a letter, and why. Where the letter came from is not looked into: only its bytes are here."""
    from mailstead.ground.formats.spam.tokens import VERSION
    from mailstead.services.filters.own.own import conclude, look_at
    from mailstead.services.filters.own.recollection import settle_taught

    weighed = look_at(_read(file))
    args = {"account": account, "version": VERSION, "tokens": sorted(weighed.tokens)}
    said = shell.ask("spam.weigh", args)
    symptoms = settle_taught(weighed.symptoms, said["spam"], said["ham"])
    opinion = conclude(symptoms)
    score = round(opinion.score + said["score"], 1)
    rows = [{"name": one.name, "weight": one.weight, "words": one.words} for one in opinion.symptoms]
    if said["score"]:
        rows.insert(0, {"name": "LEARNED", "weight": said["score"], "words": said["words"]})
    if shell.as_json:
        shell.print_json({"schema": "mailstead.spam-check.v1", "score": score, "is_spam": score >= 5, "reasons": rows})
        return
    print(f"{score:.1f} of 5: {'spam' if score >= 5 else 'no spam'}")
    columns = (
        ("WEIGHT", lambda row: f"{row['weight']:+.1f}"), ("RULE", lambda row: row["name"]),
        ("WHY", lambda row: row["words"]),
    )  # fmt: skip
    shell.table(columns, rows)


@spam.command("stats")
@_ACCOUNT
@common
def stats(shell: Shell, account: str) -> None:
    """How many letters it was taught."""
    found = shell.ask("spam.stats", {"account": account})
    if shell.as_json:
        shell.print_json(found)
    else:
        print(f"{account or 'everybody'}: {found['spam']} spam, {found['ham']} wanted")


@spam.command("forget")
@_ACCOUNT
@click.option("--yes", is_flag=True, help="Do not ask.")
@changing
def forget(shell: Shell, account: str, yes: bool) -> None:
    """Forget all that was learned of one account, or what everybody shares."""
    shell.confirm(f"forget all that was learned of {account or 'everybody'}", "forget", yes=yes)
    words = "forgot {spam} spam and {ham} wanted letters"
    shell.change("spam.forget", {"account": account}, lambda result: words.format(**result))


def _say(shell: Shell, result: Json) -> None:
    if shell.as_json:
        shell.print_json({**result, "dry_run": shell.dry_run})
        return
    verb, count = list(result.items())[-1]
    print(f"{'would go through' if shell.dry_run else verb} {result['letters'] if shell.dry_run else count} letters")


def _with(account: str, lessons: Sequence[Json]) -> Json:
    from mailstead.ground.formats.spam.tokens import VERSION

    return {"account": account, "version": VERSION, "lessons": list(lessons)}


def _some(lessons: Sequence[Json]) -> Iterator[Sequence[Json]]:
    for begin in range(0, len(lessons), AT_ONCE):
        yield lessons[begin : begin + AT_ONCE]


def _mix(spams: list[Json], hams: list[Json]) -> list[Json]:
    """Both kinds spread evenly: to learn all of one first would be forgotten over the other."""
    placed = [(index / len(kind), one) for kind in (spams, hams) for index, one in enumerate(kind)]
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


def _lessons(files: Sequence[Path], *, is_spam: bool) -> list[Json]:
    from mailstead.services.filters.own.own import look_at
    from mailstead.services.filters.own.recollection import base_of

    lessons: list[Any] = []
    for data in (letter for file in files for letter in _letters(file)):
        weighed = look_at(data)
        name = "h" + hashlib.blake2b(data, digest_size=12).hexdigest()
        base = round(base_of(weighed.symptoms), 3)
        lessons.append({"letter": name, "tokens": sorted(weighed.tokens), "base": base, "is_spam": is_spam})
    return lessons


def _letters(file: Path) -> Iterator[bytes]:
    """Of a file, of an mbox, or of all files of a folder."""
    if file.is_dir():
        for path in sorted(path for path in file.rglob("*") if path.is_file()):
            yield from _letters(path)
        return
    data = _read(file)
    if not data.startswith(b"From "):
        yield data
        return
    for letter in _FROM.split(data):
        body = letter.partition(b"\n")[2]
        if body.strip():
            yield body.replace(b"\n>From ", b"\nFrom ")


def _read(file: Path) -> bytes:
    if file.stat().st_size > FILE_MAX:
        raise Failure("usage", f"{file} is larger than {FILE_MAX >> 20} MB", "split it")
    return file.read_bytes()
