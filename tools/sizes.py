"""Fails when a source file or a function has outgrown the house: 400 lines a file, 40 lines a function."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE_MAX = 400
FUNCTION_MAX = 40

EXCEPTIONS: dict[str, str] = {}
"""`path` or `path:function` -> the reason why it may be longer."""


def too_long() -> list[str]:
    """Every place over a limit that has no reason."""
    found = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        name = str(path.relative_to(ROOT / "src" / "mailstead"))
        text = path.read_text()
        lines = text.count("\n")
        if lines > FILE_MAX and name not in EXCEPTIONS:
            found.append(f"{name}: {lines} lines (at most {FILE_MAX})")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
                length = node.end_lineno - node.lineno + 1
                if length > FUNCTION_MAX and f"{name}:{node.name}" not in EXCEPTIONS:
                    found.append(f"{name}:{node.lineno} {node.name}: {length} lines (at most {FUNCTION_MAX})")
    return found


if __name__ == "__main__":
    problems = too_long()
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    sys.exit(bool(problems))
