"""What is measured. Each case takes a target and gives one number; accounts u0..u99@example.test exist on it."""

import asyncio
import re
import smtplib
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench import mixed
from bench.imap import Imap, Target, letter
from bench.memory import pss_kib

BIG_USER, SMALL_USER, STORE_USER = "u40@example.test", "u41@example.test", "u42@example.test"
SMTP_SOURCE = "/usr/sbin/smtp-source"

Case = Callable[[Target], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    unit: str
    run: Case
    less_is_better: bool = False


async def _messages(client: Imap) -> int:
    found = re.search(rb"MESSAGES (\d+)", await client.command("STATUS INBOX (MESSAGES)"))
    assert found
    return int(found[1])


async def deliver(target: Target, *, connections: int, letters: int, size: int, boxes: int) -> float:
    """SMTP in to visible over IMAP:

    Letters a second, end to end. One smtp-source and one mailbox for each of `boxes`.
    """
    users = [f"u{10 + i}@example.test" for i in range(boxes)]
    watchers = [await Imap.open(target, user) for user in users]
    before = sum([await _messages(client) for client in watchers])
    each = letters // boxes
    began = time.perf_counter()
    # one shell starts them all: a driver that is busy starting processes would be what is measured
    sources = " & ".join(
        f"{SMTP_SOURCE} -s {connections} -m {each} -l {size} -f a@elsewhere.test -t {user} {target.host}:{target.smtp}"
        for user in users
    )
    load = await asyncio.create_subprocess_shell(f"{sources} & wait")
    if await load.wait():
        raise RuntimeError("smtp-source failed")
    wanted = before + each * boxes
    while (missing := wanted - sum([await _messages(client) for client in watchers])) > 0:
        if time.perf_counter() - began > 300:
            raise TimeoutError(f"{missing} letters not seen")
        await asyncio.sleep(0.2 if missing > 50 else 0.02)
    rate = each * boxes / (time.perf_counter() - began)
    for client in watchers:
        client.close()
    return rate


async def fill(target: Target, user: str, count: int) -> None:
    """Bring an INBOX to `count` letters by pipelined APPENDs."""
    client = await Imap.open(target, user)
    found = re.search(rb"(\d+) EXISTS", await client.command("SELECT INBOX"))
    have = int(found[1]) if found else 0
    for start in range(have, count, 100):
        tag = b""
        for number in range(start, min(start + 100, count)):
            tag = client.send("APPEND INBOX (\\Seen)", letter(number))
        await client.until(tag)
    client.close()


async def append(target: Target, count: int = 500) -> float:
    """APPENDs one after the other on one connection."""
    client = await Imap.open(target, "u30@example.test")
    await client.command("SELECT INBOX")
    began = time.perf_counter()
    for number in range(count):
        await client.command("APPEND INBOX (\\Seen)", letter(number))
    rate = count / (time.perf_counter() - began)
    client.close()
    return rate


async def seconds(target: Target, user: str, line: str, *, times: int = 1, select: bool = True) -> float:
    """How long `times` repetitions of a command take."""
    client = await Imap.open(target, user)
    if select:
        await client.command("SELECT INBOX")
    began = time.perf_counter()
    for _ in range(times):
        await client.command(line)
    spent = time.perf_counter() - began
    client.close()
    return spent


def fetch(line: str, count: int) -> Case:
    """Messages a second of one FETCH over the big folder."""

    async def run(target: Target) -> float:
        return count / await seconds(target, BIG_USER, line)

    return run


async def select_big(target: Target) -> float:
    return 10 / await seconds(target, BIG_USER, "SELECT INBOX", times=10, select=False)


async def noop(target: Target, times: int = 3000) -> float:
    return times / await seconds(target, SMALL_USER, "NOOP", times=times)


async def search_body(target: Target) -> float:
    return 1 / await seconds(target, BIG_USER, 'SEARCH BODY "number 77003"')


async def store(target: Target, times: int = 1000) -> float:
    """Single flag changes that really change something."""
    client = await Imap.open(target, STORE_USER)
    await client.command("SELECT INBOX")
    began = time.perf_counter()
    for i in range(times):
        await client.command(f"UID STORE {i % 100 + 1} {'-' if i // 100 % 2 else '+'}FLAGS (\\Flagged)")
    rate = times / (time.perf_counter() - began)
    client.close()
    return rate


async def login(target: Target, times: int = 300) -> float:
    """Connect and LOGIN, ten at a time."""
    began = time.perf_counter()

    async def one(number: int) -> None:
        (await Imap.open(target, f"u{number % 100}@example.test")).close()

    for start in range(0, times, 10):
        await asyncio.gather(*(one(start + i) for i in range(10)))
    return times / (time.perf_counter() - began)


async def push(target: Target, times: int = 30) -> float:
    """Median milliseconds from the SMTP 250 to the IDLE client's EXISTS."""
    client = await Imap.open(target, "u43@example.test")
    await client.command("SELECT INBOX")
    client.writer.write(b"z IDLE\r\n")
    await client.reader.readuntil(b"+")
    await client.reader.readuntil(b"\r\n")
    sender = await asyncio.to_thread(smtplib.SMTP, target.host, target.smtp)
    waits: list[float] = []

    def send(number: int) -> float:
        sender.sendmail("a@elsewhere.test", ["u43@example.test"], letter(number, 500))
        return time.perf_counter()

    async def seen() -> float:
        while b"EXISTS" not in await client.reader.readuntil(b"\r\n"):
            pass
        return time.perf_counter()

    for number in range(times):
        sent = asyncio.create_task(asyncio.to_thread(send, number))
        arrived = await asyncio.wait_for(seen(), 10)
        waits.append((arrived - await sent) * 1000)
    sender.close()
    client.close()
    return statistics.median(waits)


async def idle_memory(target: Target, count: int = 1000) -> float:
    """KiB of proportional memory for each idle, logged-in connection."""
    before = pss_kib(target.pids)
    clients: list[Imap] = []
    for start in range(0, count, 20):
        clients += await asyncio.gather(*(Imap.open(target, f"u{(start + i) % 100}@example.test") for i in range(20)))
    for client in clients:
        await client.command("SELECT INBOX")
        client.writer.write(b"z IDLE\r\n")
    await asyncio.sleep(2)
    after = pss_kib(target.pids)
    for client in clients:
        client.close()
    await asyncio.sleep(1)
    return (after - before) / count


def rows(big: int) -> list[Row]:
    """All of them; `big` is the size of the big folder."""

    def mail(**how: int) -> Case:
        async def run(target: Target) -> float:
            return await deliver(target, **how)

        return run

    headers = "BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE)]"
    return [
        Row("deliver 4 KB, 20 connections, 20 mailboxes", "letters/s",
            mail(connections=1, letters=4000, size=4000, boxes=20)),
        Row("deliver 4 KB, 20 connections, 2 mailboxes", "letters/s",
            mail(connections=10, letters=4000, size=4000, boxes=2)),
        Row("deliver 4 KB, 100 connections, 20 mailboxes", "letters/s",
            mail(connections=5, letters=4000, size=4000, boxes=20)),
        Row("deliver 100 KB, 20 connections, 20 mailboxes", "letters/s",
            mail(connections=1, letters=800, size=100000, boxes=20)),
        Row("APPEND 4 KB", "letters/s", append),
        Row("SELECT the big folder", "/s", select_big),
        Row("FETCH flags", "messages/s", fetch("FETCH 1:* (UID FLAGS)", big)),
        Row("FETCH envelope", "messages/s", fetch("FETCH 1:* (UID ENVELOPE)", big)),
        Row("FETCH bodystructure", "messages/s", fetch("FETCH 1:* (UID BODYSTRUCTURE)", big)),
        Row("FETCH four header fields", "messages/s", fetch(f"FETCH 1:* (UID {headers})", big)),
        Row("FETCH 4 KB bodies", "messages/s", fetch("FETCH 1:* (UID BODY.PEEK[])", big)),
        Row("SEARCH BODY", "/s", search_body),
        Row("NOOP", "commands/s", noop),
        Row("STORE one flag", "commands/s", store),
        Row("connect and LOGIN again", "/s", login),
        Row("mixed load of 20 people", "commands/s", mixed.rate),
        Row("mixed load, 99th percentile", "ms", mixed.slowest, less_is_better=True),
        Row("250 to the IDLE client's EXISTS", "ms", push, less_is_better=True),
        Row("idle connection", "KiB", idle_memory, less_is_better=True),
    ]  # fmt: skip
