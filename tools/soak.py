"""`make soak`: the long runs, all or those named; their dated figures go into docs/soak.md."""

import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "soak.md"
HEAD = """# Long runs

What takes too long for every change is run by `make soak`; this is what the last run of each said.
`make test` holds a short form of each.

| what | figures | when and where |
|---|---|---|
"""


def machine() -> str:
    """Where it ran."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def rows(page: Path) -> dict[str, str]:
    """The table as it stands, by the first column."""
    if not page.exists():
        return {}
    lines = [line for line in page.read_text().splitlines() if line.startswith("| ") and not line.startswith("| what ")]
    return {line.split(" | ")[0][2:]: line for line in lines}


def main() -> int:
    """Run, then renew the rows of what ran."""
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "record"
        environment = {**os.environ, "SOAK_RECORD": str(record)}
        command = [sys.executable, "-m", "pytest", "-m", "soak", "-s", *(sys.argv[1:] or ["tests"])]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        table = rows(PAGE)
        today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        for line in record.read_text().splitlines() if record.exists() else ():
            figures = json.loads(line)
            what = figures.pop("what")
            words = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())
            table[what] = f"| {what} | {words} | {today}, {machine()} |"
    PAGE.write_text(HEAD + "".join(f"{table[what]}\n" for what in sorted(table)))
    return code


if __name__ == "__main__":
    sys.exit(main())
