"""Runs the supervisor with toy servers: `python -m tests.support.toy_main FOLDER WORKERS SETTINGS`."""

import json
import sys
from pathlib import Path

from mailstead import telemetry
from mailstead.app.sockets import Endpoint
from mailstead.app.supervisor import Plan, run


def lock_holder(folder: Path) -> tuple[int, float] | None:
    """The test says who holds the lock."""
    try:
        pid, since = (folder / "holder").read_text().split()
    except FileNotFoundError:
        return None
    return int(pid), float(since)


def main() -> int:
    folder, workers, settings = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
    telemetry.configure("debug", "json", "stderr")
    plan = Plan(
        endpoints=[Endpoint("toy", "127.0.0.1", 0), Endpoint("side", path=folder / "run" / "side.sock")],
        run_dir=folder / "run",
        settings=settings,
        workers=workers,
        wiring="tests.support.toy:build",
        has_hasher=len(sys.argv) > 4,
        grace=5.0,
        migrate=(folder / "migrated").touch,
        lock_holder=lambda: lock_holder(folder),
        on_ready=lambda ports: print(json.dumps(ports), flush=True),
        reload=(folder / "settings").read_bytes,
    )
    return run(plan)


if __name__ == "__main__":
    sys.exit(main())
