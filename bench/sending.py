"""`make bench`, second part: submission over TLS with a login, DKIM by RSA 2048, and on to smtp-sink.

    python -m bench.sending [--only WORD,WORD] [--rounds N] [--ours-only] [--write]

The other side is Debian's Postfix with Dovecot for logins and opendkim as milter, settings in `bench/sending_peers.py`.
A letter counts when the sink has taken it. Generator, sinks and servers share the machine.
"""

import argparse
import asyncio
import datetime
import shutil
import statistics
import tempfile
from pathlib import Path

import uvloop

from bench.run import ROOT, machine
from bench.sending_cases import CASES, Mailer, open_sink
from bench.sending_ours import OurSender
from bench.sending_peers import SendingPeers

START, END = "<!-- sending -->", "<!-- /sending -->"


async def run(arguments: argparse.Namespace, mailers: list[Mailer]) -> list[str]:
    """The table, each case on both in turn."""
    await open_sink()
    head = ["case", "unit", *(mailer.name for mailer in mailers)]
    head += ["ratio", "each round"] if len(mailers) == 2 else []
    table = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    print("\n".join(table), flush=True)
    wanted = [word for word in arguments.only.split(",") if word]
    for case in CASES:
        if wanted and not any(word in case.name for word in wanted):
            continue
        found: list[list[float]] = [[] for _ in mailers]
        for _ in range(1 if case.is_long else arguments.rounds):
            for index, mailer in enumerate(mailers):
                try:
                    found[index].append(await case.run(mailer))
                except Exception as error:
                    print(f"# {mailer.name}, {case.name}: {type(error).__name__} {str(error)[:300]}", flush=True)
                    found[index].append(float("nan"))
                await asyncio.sleep(1)
        medians = [statistics.median(figures) for figures in found]
        cells = [case.name, case.unit, *(f"{one:,.1f}" if one < 100 else f"{one:,.0f}" for one in medians)]
        if len(mailers) == 2:
            cells.append(f"{medians[0] / medians[1]:.2f}" + (" (less is better)" if case.less_is_better else ""))
            cells.append(" ".join(f"{a / b:.2f}" for a, b in zip(*found, strict=True)))
        table.append("| " + " | ".join(cells) + " |")
        print(table[-1], flush=True)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ours-only", action="store_true")
    parser.add_argument("--big", type=int, help="of the first part")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="mailstead-bench-"))
    folder.chmod(0o755)
    systems: list[OurSender | SendingPeers] = [OurSender(folder / "ours")]
    if not arguments.ours_only:
        systems.append(SendingPeers(folder / "peers"))
    mailers: list[Mailer] = []
    try:
        for system in systems:
            mailers.append(system.start())
        table = uvloop.run(run(arguments, mailers))
        if arguments.write:
            record(table, [system.versions() for system in systems])
    finally:
        for system in systems[: len(mailers) + 1]:
            system.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
