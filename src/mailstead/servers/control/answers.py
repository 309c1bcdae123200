"""What the answers of many operations share: lists told row by row, and command lines to paste."""

import shlex
from collections.abc import Iterable, Mapping

from mailstead.servers.control import shapes
from mailstead.servers.control.desk import Json, Say


def command_line(*words: str) -> str:
    """As a shell takes it; what undoes a change is told so."""
    return shlex.join(("mailstead", *words))


async def say_rows(say: Say, rows: Iterable[Mapping[str, object]]) -> Json:
    """Each row by itself; the answer proper is their number."""
    count = 0
    for row in rows:
        await say({"row": row})
        count += 1
    return {"schema": shapes.LIST, "count": count}
