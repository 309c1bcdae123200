"""Many people at once: each reads new mail, looks at lists, sets flags, files a letter now and then."""

import asyncio
import random
import statistics
import time

from bench.imap import Imap, Target, letter

CLIENTS = 20
SECONDS = 8.0

STEPS = (
    (30, "FETCH {last20} (UID FLAGS ENVELOPE)"),
    (20, "NOOP"),
    (15, "UID STORE {one} +FLAGS (\\Seen)"),
    (10, "UID STORE {one} -FLAGS (\\Seen)"),
    (10, "UID FETCH {one} (BODY.PEEK[])"),
    (5, "SEARCH UNSEEN"),
    (5, "STATUS Trash (MESSAGES UNSEEN)"),
    (5, "APPEND"),
)


async def _person(target: Target, number: int, until: float, waits: list[float]) -> None:
    chance = random.Random(number)
    client = await Imap.open(target, f"u{50 + number}@example.test")
    await client.command("SELECT INBOX")
    for step in range(30):
        await client.command("APPEND INBOX", letter(step))
    await client.command("SELECT INBOX")
    lines = [line for weight, line in STEPS for _ in range(weight)]
    while time.perf_counter() < until:
        line = chance.choice(lines)
        began = time.perf_counter()
        if line == "APPEND":
            await client.command("APPEND INBOX", letter(chance.randrange(1000)))
        else:
            await client.command(line.format(last20="10:30", one=chance.randrange(1, 30)))
        waits.append(time.perf_counter() - began)
    client.close()


async def run(target: Target) -> tuple[float, float]:
    """Commands a second, and the 99th percentile of their times in milliseconds."""
    waits: list[float] = []
    until = time.perf_counter() + SECONDS
    await asyncio.gather(*(_person(target, number, until, waits) for number in range(CLIENTS)))
    return len(waits) / SECONDS, statistics.quantiles(waits, n=100)[98] * 1000


async def rate(target: Target) -> float:
    """Commands a second."""
    return (await run(target))[0]


async def slowest(target: Target) -> float:
    """The 99th percentile in milliseconds."""
    return (await run(target))[1]
