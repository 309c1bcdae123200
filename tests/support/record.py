"""Figures of long runs: printed, and kept for docs/soak.md when `make soak` asks for it."""

import json
import os
from pathlib import Path


def record(what: str, **figures: float | str) -> None:
    """One line of the record."""
    line = json.dumps({"what": what, **figures})
    print(f"\n{line}")
    if path := os.environ.get("SOAK_RECORD"):
        with Path(path).open("a") as file:
            file.write(line + "\n")
