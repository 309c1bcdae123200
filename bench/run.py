"""`make bench`: runs every case on both systems in turn, three rounds, prints medians and ratios.

    python -m bench.run [--only WORD,WORD] [--rounds N] [--big N] [--ours-only] [--write]

`--write` puts the table into docs/benchmarks.md with the machine, the versions and the date. Only ratios within one
run count: the machine
may be shared and noisy.
"""

import argparse
import asyncio
import datetime
import os
import platform
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import uvloop

from bench.cases import BIG_USER, SMALL_USER, STORE_USER, Row, fill, rows, seconds
from bench.imap import Target
from bench.memory import cpu_ticks, pss_kib
from bench.ours import Ours
from bench.peers import Peers

ROOT = Path(__file__).resolve().parent.parent
START, END = "<!-- table -->", "<!-- /table -->"


async def prepare(target: Target, big: int) -> None:
    """Folders of the right size, warm."""
    await fill(target, BIG_USER, big)
    for user in (SMALL_USER, STORE_USER):
        await fill(target, user, 100)
    headers = "BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE)]"
    await seconds(target, BIG_USER, f"FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE {headers})")
    await settle(target)


async def settle(target: Target, limit: float = 120) -> None:
    """Wait until a system has done what it does afterwards (queues, indexes): it must not cost the other's turn."""
    until = time.monotonic() + limit
    while time.monotonic() < until:
        before = cpu_ticks(target.pids)
        await asyncio.sleep(0.5)
        if cpu_ticks(target.pids) - before <= 5:
            return


async def measure(row: Row, targets: list[Target], rounds: int) -> list[list[float]]:
    """One list of figures for each target, the targets taking turns."""
    found: list[list[float]] = [[] for _ in targets]
    for _ in range(rounds):
        for index, target in enumerate(targets):
            try:
                found[index].append(await row.run(target))
            except Exception as error:
                print(f"# {target.name}, {row.name}: {type(error).__name__} {str(error)[:200]}", flush=True)
                found[index].append(float("nan"))
            await settle(target)
    return found


def line(row: Row, found: list[list[float]]) -> str:
    """One row of the table, as Markdown."""
    medians = [statistics.median(figures) for figures in found]
    cells = [row.name, row.unit, *(f"{median:,.1f}" if median < 100 else f"{median:,.0f}" for median in medians)]
    if len(found) == 2:
        cells.append(f"{medians[0] / medians[1]:.2f}" + (" (less is better)" if row.less_is_better else ""))
        cells.append(" ".join(f"{a / b:.2f}" for a, b in zip(*found, strict=True)))
    return "| " + " | ".join(cells) + " |"


async def run(arguments: argparse.Namespace, targets: list[Target]) -> list[str]:
    """The whole table."""
    for target in targets:
        print(f"# {target.name}: idle {pss_kib(target.pids) / 1024:.0f} MiB PSS", flush=True)
        await prepare(target, arguments.big)
    names = [target.name for target in targets]
    head = ["case", "unit", *names, *(["ratio", "each round"] if len(names) == 2 else [])]
    table = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    print("\n".join(table), flush=True)
    wanted = [word for word in arguments.only.split(",") if word]
    for row in rows(arguments.big):
        if wanted and not any(word in row.name for word in wanted):
            continue
        table.append(line(row, await measure(row, targets, arguments.rounds)))
        print(table[-1], flush=True)
    return table


def machine() -> str:
    """Where it ran."""
    cpu = next(
        (x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x), "?"
    )
    return (
        f"{os.cpu_count()} cores ({cpu}), {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def record(table: list[str], versions: list[str], big: int) -> None:
    """Put the table into the page."""
    page = ROOT / "docs/benchmarks.md"
    before, rest = page.read_text().split(START)
    after = rest.split(END)[1]
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    heading = f"{today}, {machine()}; {', '.join(versions)}; big folder {big:,} messages."
    page.write_text(f"{before}{START}\n{heading}\n\n" + "\n".join(table) + f"\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--big", type=int, default=50_000)
    parser.add_argument("--ours-only", action="store_true")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mailstead-bench-"))
    folder.chmod(0o755)
    systems: list[Ours | Peers] = [Ours(folder / "ours")]
    if not arguments.ours_only:
        systems.append(Peers(folder / "peers"))
    targets = []
    try:
        for system in systems:
            targets.append(system.start())
        table = uvloop.run(run(arguments, targets))
        if arguments.write:
            record(table, [system.versions() for system in systems], arguments.big)
    finally:
        for system in systems[: len(targets) + 1]:
            system.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
