"""Users from a CSV file: read, check all of it, then add, in parts the server takes."""

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mailstead.app.config_kinds import BadValue, read_size
from mailstead.cli.exits import Failure
from mailstead.cli.progress import Progress
from mailstead.cli.shell import Shell, note

Json = dict[str, Any]
Problems = list[tuple[int, str]]
"""What is wrong, by the line of the file."""
COLUMNS: Final = ("address", "password", "name", "quota", "hash")
FILE_MAX: Final = 256 << 20
PART: Final = 200
SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file, ready for the server."""

    number: int
    row: Json
    is_new_password: bool


def import_users(shell: Shell, file: Path, *, generate: bool) -> None:
    """The whole command."""
    problems: Problems = []
    lines = list(_read(file, problems, generate=generate))
    present = _check(shell, lines, problems)
    if problems:
        for number, problem in sorted(problems)[:SHOWN]:
            note(f"{file}:{number}: {problem}")
        if len(problems) > SHOWN:
            note(f"... and {len(problems) - SHOWN} more")
        raise Failure("problems", f"{len(problems)} problems in {file}; nobody was added", "mend them and run it again")
    todo = [line for line in lines if line.number not in present]
    if shell.dry_run:
        _report(shell, added=len(todo), skipped=len(present))
        return
    added = _add(shell, todo)
    _report(shell, added=added, skipped=len(lines) - added)


def _report(shell: Shell, *, added: int, skipped: int) -> None:
    if shell.as_json:
        report = {"schema": "mailstead.import.v1", "added": added, "skipped": skipped}
        shell.print_json({**report, **({"dry_run": True} if shell.dry_run else {})})
    else:
        print(f"{'would add' if shell.dry_run else 'added'} {added} users, {skipped} were there already")


def _read(file: Path, problems: Problems, *, generate: bool) -> Iterator[Line]:
    """The rows; what is wrong with them goes to `problems`."""
    reader = csv.reader(io.StringIO(_text(file), newline=""))
    columns: tuple[str, ...] = COLUMNS
    try:
        for cells in reader:
            if not cells or (len(cells) == 1 and not cells[0].strip()):
                continue
            if reader.line_num == 1 and cells[0].strip().lower() == "address":
                columns = tuple(cell.strip().lower() for cell in cells)
                if unknown := [column for column in columns if column not in COLUMNS]:
                    fix = f"the columns are {', '.join(COLUMNS)}"
                    raise Failure("problems", f"{file}:1: unknown column {unknown[0]!r}", fix)
                continue
            line = _line(reader.line_num, columns, cells, problems, generate=generate)
            if line is not None:
                yield line
    except csv.Error as error:
        problems.append((reader.line_num, f"not CSV: {error}"))


def _text(file: Path) -> str:
    try:
        data = sys.stdin.buffer.read(FILE_MAX + 1) if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Failure("not_found", f"{file} cannot be read: {error.strerror}") from error
    if len(data) > FILE_MAX:
        raise Failure("usage", f"{file} is larger than {FILE_MAX} bytes", "cut it in parts")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = data.count(b"\n", 0, error.start) + 1
        raise Failure("problems", f"{file}:{where}: not UTF-8 text", "save it as UTF-8") from error


def _line(
    number: int, columns: tuple[str, ...], cells: list[str], problems: Problems, *, generate: bool
) -> Line | None:
    if len(cells) > len(columns):
        problems.append((number, f"{len(cells)} columns where {len(columns)} are known"))
        return None
    values = {column: cell for column, cell in zip(columns, cells, strict=False) if cell}
    row: Json = {"address": values.get("address", "").strip()}
    if "quota" in values:
        try:
            row["quota"] = int(read_size(values["quota"]))
        except BadValue as bad:
            problems.append((number, f"quota {bad.what}"))
            return None
    if "hash" in values:
        row["hash"] = values["hash"].strip()
    if "password" in values:
        row["password"] = values["password"]
    is_new = generate and "hash" not in row and "password" not in row
    if is_new:
        from mailstead.cli.passwords import make_password

        row["password"] = make_password().text
    return Line(number, row, is_new)


def _parts(lines: list[Line]) -> Iterator[list[Line]]:
    for start in range(0, len(lines), PART):
        yield lines[start : start + PART]


def _check(shell: Shell, lines: list[Line], problems: Problems) -> set[int]:
    """Let the server look at all rows; the numbers of those that are there already."""
    present: set[int] = set()
    for part in _parts(lines):

        def hear(row: Json, part: list[Line] = part) -> None:
            problems.append((part[row["row"]].number, row["problem"]))

        result = shell.ask("user.import", {"rows": [line.row for line in part], "dry_run": True}, row=hear)
        present.update(part[number].number for number in result["present"])
    problems.extend(_doubles(lines))
    return present


def _doubles(lines: list[Line]) -> Iterator[tuple[int, str]]:
    """Rows of one address in different parts; those of one part the server sees."""
    seen: dict[str, int] = {}
    for index, line in enumerate(lines):
        first = seen.setdefault(line.row["address"].casefold(), index)
        if first // PART != index // PART:
            yield line.number, f"{line.row['address']} stands in line {lines[first].number} too"


def _add(shell: Shell, lines: list[Line]) -> int:
    added = 0
    progress = Progress(len(lines), "users")
    for done, part in enumerate(_parts(lines)):

        def hear(news: Json, before: int = done * PART) -> None:
            progress.at(before + news["done"])

        added += shell.ask("user.import", {"rows": [line.row for line in part]}, progress=hear)["added"]
        for line in part:
            if line.is_new_password:
                _show_password(shell, line)
    progress.end()
    return added


def _show_password(shell: Shell, line: Line) -> None:
    if shell.as_json:
        row = {"schema": "mailstead.password.v1", "address": line.row["address"], "password": line.row["password"]}
        shell.print_json(row)
    else:
        print(f"{line.row['address']}\t{line.row['password']}")
