"""`make bench`, third part: strangers' letters, judged by SPF, DKIM, DMARC; here by limits, greylist and filter too.

    python -m bench.judging [--rounds N] [--letters N] [--ours-only] [--write]

The other side is Debian's Postfix with policyd-spf, opendkim, opendmarc and Dovecot (`bench/judging_peers.py`). Names
come from BIND on this machine; it all runs in a network of its own, with a resolv.conf of its own, so it needs root.
A letter counts when it is visible over IMAP.
"""

import argparse
import asyncio
import datetime
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench.cases import _messages
from bench.imap import Imap, Target
from bench.judged_letters import Names, bring, make_load
from bench.judging_peers import JudgingPeers
from bench.ours import Ours
from bench.run import ROOT, machine, settle

START, END = "<!-- judging -->", "<!-- /judging -->"
BOXES = [f"u{10 + number}@example.test" for number in range(20)]
INSIDE = "--inside"

OURS = """
  exempt_loopback: false
outbound:
  resolvers: [127.0.0.1]
"""
"""The first line goes on with the section of security."""

ALL_ON = (
    "spf.enabled=on", "dkim.verify_enabled=on", "dmarc.enabled=on", "spam.enabled=on", "greylist.enabled=on",
    "greylist.delay_minutes=0", "rate_limit.enabled=on", "rate_limit.smtp_per_ip=10000000/60",
    "rate_limit.smtp_per_domain=10000000/60", "rate_limit.smtp_per_sender=10000000/60",
)  # fmt: skip
ALL_OFF = (
    "spf.enabled=off", "dkim.verify_enabled=off", "dmarc.enabled=off", "spam.enabled=off", "greylist.enabled=off",
    "rate_limit.enabled=off",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table. `before`: what is done first."""

    name: str
    target: Target
    before: Callable[[], None] = lambda: None


async def judged(target: Target, letters: int) -> float:
    """Letters a second, from the first MAIL until all are seen."""
    watchers = [await Imap.open(target, box) for box in BOXES]
    load = make_load(BOXES, letters)
    wanted = letters + sum([await _messages(client) for client in watchers])
    began = time.perf_counter()
    if refused := await bring(target, load):
        raise RuntimeError(f"{len(refused)} refused, the first: {refused[0].decode()}")
    while (missing := wanted - sum([await _messages(client) for client in watchers])) > 0:
        if time.perf_counter() - began > 300:
            raise TimeoutError(f"{missing} letters not seen")
        await asyncio.sleep(0.2 if missing > 50 else 0.02)
    rate = letters / (time.perf_counter() - began)
    for client in watchers:
        client.close()
    return rate


async def run(arguments: argparse.Namespace, cases: list[Case]) -> list[str]:
    """The table: each case in turn, in every round."""
    found: list[list[float]] = [[] for _ in cases]
    for number in range(arguments.rounds + 1):
        for index, case in enumerate(cases):
            case.before()
            if number == 0:  # strangers come again: greylisting knows them from then on, and names are in the caches
                await bring(case.target, make_load(BOXES, 2 * len(BOXES)))
                await bring(case.target, make_load(BOXES, 2 * len(BOXES)))
                continue
            found[index].append(await judged(case.target, arguments.letters))
            await settle(case.target)
    table = ["| case | letters/s | each round |", "|---|---|---|"]
    medians = [statistics.median(figures) for figures in found]
    for case, median, figures in zip(cases, medians, found, strict=True):
        table.append(f"| {case.name} | {median:,.0f} | {' '.join(f'{one:,.0f}' for one in figures)} |")
    table.append(f"| checks on, in percent of checks off | {100 * medians[0] / medians[1]:.0f} | |")
    if len(cases) > 2:
        table.append(f"| checks on, against Postfix with its checks | {medians[0] / medians[2]:.2f} | |")
    print("\n".join(table), flush=True)
    return table


def record(table: list[str], versions: list[str]) -> None:
    """Put the table into the page."""
    page = ROOT / "docs/benchmarks.md"
    before, rest = page.read_text().split(START)
    after = rest.split(END)[1]
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    page.write_text(
        f"{before}{START}\n{today}, {machine()}; {', '.join(versions)}.\n\n" + "\n".join(table) + f"\n{END}{after}"
    )


def go_inside() -> None:
    """Again, in a network and a view of the files of our own."""
    command = ["unshare", "-m", "-n", sys.executable, "-m", "bench.judging", INSIDE, *sys.argv[1:]]
    sys.exit(subprocess.run(command, check=False).returncode)


def furnish(folder: Path) -> None:
    """The loop-back device, and who answers for names."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    resolv = folder / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "--bind", str(resolv), "/etc/resolv.conf"], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--letters", type=int, default=3000)
    parser.add_argument("--ours-only", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("bench.judging makes a network of its own: run it as root")
    if not arguments.inside:
        go_inside()
    folder = Path(tempfile.mkdtemp(prefix="mailstead-bench-"))
    folder.chmod(0o755)
    furnish(folder)
    names = Names(folder / "names")
    ours, peers = Ours(folder / "ours", smtp="examine_neighbours: true", more=OURS), JudgingPeers(folder / "peers")
    systems: list[Ours | JudgingPeers] = [ours] if arguments.ours_only else [ours, peers]
    started = 0
    try:
        names.start()
        targets = []
        for system in systems:
            started += 1
            targets.append(system.start())
        cases = [
            Case("Mailstead, all checks on", targets[0], lambda: ours.set_policy(ALL_ON)),
            Case("Mailstead, all checks off", targets[0], lambda: ours.set_policy(ALL_OFF)),
            *(Case(target.name, target) for target in targets[1:]),
        ]
        table = uvloop.run(run(arguments, cases))
        if arguments.write:
            record(table, [system.versions() for system in systems])
    finally:
        for system in systems[:started]:
            system.stop()
        names.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
