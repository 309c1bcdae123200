"""The order of a check: the engine's own structures, then rows, then bytes. Memory does not grow with the database.

Run it in a process that serves nobody: one statement may take seconds. Servers beside it go on.
"""

from collections.abc import AsyncIterator
from typing import Final

from mailstead.store.sql.check.bytes import check_bytes
from mailstead.store.sql.check.finding import Finding, Progress, Severity
from mailstead.store.sql.check.rules import NO_FOLDER, PLACEMENTS, SWEEPS, Rule, Sweep
from mailstead.store.sql.check.view import CheckedStore, View
from mailstead.store.sql.session import Params, Row

TABLES: Final = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"

DAMAGED: Final = (
    "stop the server, copy the file, and restore from a backup; `sqlite3 mail.db .recover` saves what can be read"
)

NEXT_FOLDER: Final = "SELECT folder_id FROM placement WHERE folder_id > :after ORDER BY folder_id LIMIT 1"


async def check(store: CheckedStore, *, with_bytes: bool = True) -> AsyncIterator[Finding | Progress]:
    """All that is wrong, as it is found, and how far it has come. `with_bytes` False leaves the blobs unread."""
    view = View(store)
    if (await view.dialect()).name == "sqlite":
        async for report in _check_file(view):
            yield report
    for sweep in SWEEPS:
        total = (await view.rows(f"SELECT COUNT(*) FROM {sweep.table}"))[0][0]  # noqa: S608 - a name of ours
        async for report in _run(view, sweep, total):
            yield report
    async for report in _check_placements(view):
        yield report
    if with_bytes:
        async for report in check_bytes(view, store.blobs):
            yield report


async def _check_file(view: View) -> AsyncIterator[Finding | Progress]:
    """Pages and indexes, a table at a time so that no view lives long (SQLite, PRAGMA integrity_check)."""
    tables = [name for (name,) in await view.rows(TABLES)]
    for done, table in enumerate(tables, 1):
        for (words,) in await view.rows(f"PRAGMA integrity_check({table})"):
            if words != "ok":
                yield Finding(Severity.ERROR, words, f"table {table}", DAMAGED)
        yield Progress("file", done, len(tables))


async def _run(view: View, sweep: Sweep, total: int, **extra: int) -> AsyncIterator[Finding | Progress]:
    """Part after part: where it ends, then every rule."""
    of_folder = " AND folder_id = :folder" if extra else ""
    bounds = (
        f"SELECT MAX(part.k), COUNT(*) FROM (SELECT {sweep.key} AS k FROM {sweep.table}"  # noqa: S608 - names of ours
        f" WHERE {sweep.key} > :after{of_folder} ORDER BY {sweep.key} LIMIT {sweep.part}) part"
    )
    done, after = 0, -1
    while True:
        upto, count = (await view.rows(bounds, {"after": after, **extra}))[0]
        if not count:
            return
        for finding in await _apply(view, sweep.rules, {"after": after, "upto": upto, **extra}):
            yield finding
        done, after = done + count, upto
        yield Progress(sweep.step, done, total)


async def _check_placements(view: View) -> AsyncIterator[Finding | Progress]:
    """Folder by folder, as they lie; also of folders that have no row."""
    total, done, folder = (await view.rows("SELECT COUNT(*) FROM placement"))[0][0], 0, -1
    while found := await view.rows(NEXT_FOLDER, {"after": folder}):
        folder, so_far = found[0][0], done
        for finding in await _apply(view, (NO_FOLDER,), {"folder": folder}):
            yield finding
        async for report in _run(view, PLACEMENTS, total, folder=folder):
            if isinstance(report, Progress):
                done = so_far + report.done
                yield Progress(report.step, done, total)
            else:
                yield report


async def _apply(view: View, rules: tuple[Rule, ...], params: Params) -> list[Finding]:
    answers = await view.all_rows([rule.text for rule in rules], params)
    return [_finding(rule, row) for rule, rows in zip(rules, answers, strict=True) for row in rows]


def _finding(rule: Rule, row: Row) -> Finding:
    return Finding(rule.severity, rule.what.format(*row), rule.where.format(*row), rule.fix.format(*row))
