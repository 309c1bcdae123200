"""`mailstead queue`: what waits to leave."""

import base64
import sys
from typing import Any, Final

import click

from mailstead.cli import queue_moves as moves
from mailstead.cli.message import print_trace
from mailstead.cli.queue_options import QUEUES, filtered
from mailstead.cli.shell import Json, Shell, common, size_words

_AGES: Final = ("5m", "15m", "1h", "4h", "1d", "3d")
_COLUMNS: Final = (
    ("ID", lambda row: row["id"]),
    ("QUEUE", lambda row: row["queue_type"]),
    ("SINCE", lambda row: row["created_at"]),
    ("SIZE", lambda row: size_words(row["size"])),
    ("FROM", lambda row: row["from"] or "<>"),
    ("TO", lambda row: _names(row["to"])),
    ("TRIES", lambda row: str(row["retry_count"])),
    ("NEXT", lambda row: row["next_retry"] or "-"),
    ("WHY", lambda row: row["hold_reason"] or row["last_error"]),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def queue() -> None:
    """What waits to leave, and what becomes of it.

    The words of Elemta are taken too: delete is drop, flush is process (it tries, and deletes nothing), content is
    view, and retry-all, hold-all, release-all, delete-all mean --all.
    """


@queue.command("list")
@click.argument("which", required=False, type=click.Choice(QUEUES), metavar="[QUEUE]")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="Most rows.")
@filtered
@common
def list_(shell: Shell, wish: Json, which: str | None, limit: int) -> None:
    """What is in the queue, the oldest first.

    \b
    mailstead queue list deferred --destination example.com
    """
    args = {**wish, "limit": limit} | ({"queue": which} if which else {})
    shell.list("queue.list", args, _COLUMNS, "The queue is empty.")


@queue.command("show")
@click.argument("number", metavar="ID")
@common
def show(shell: Shell, number: str) -> None:
    """One letter, each of its recipients, and what was heard of them."""
    letter = shell.ask("queue.show", {"id": number})
    if shell.as_json:
        shell.print_json(letter)
        return
    print_letter(letter)


def print_letter(letter: Json) -> None:
    """For people."""
    lines = (
        ("letter", letter["id"]),
        ("from", letter["from"] or "<>"),
        ("login", letter["login"]),
        ("came as", letter["origin"]),
        ("subject", letter["subject"]),
        ("message id", letter["message_id"]),
        ("size", size_words(letter["size"])),
        ("since", letter["created_at"]),
        ("until", letter["expires_at"]),
        ("settled", letter["settled_at"]),
    )
    for head, value in lines:
        if value:
            print(f"{head:<12} {value}")
    for one in letter["recipients"]:
        print(f"\n{one['address']}: {one['state']}{', being tried' if one['is_being_tried'] else ''}")
        facts = (
            ("held for", one["hold_reason"]),
            ("route", one["route"]),
            ("tries", str(one["attempts"])),
            ("next try", one["next_retry"]),
            ("heard", f"{one['last_reply']} ({one['host'] or 'here'}, {one['last_at']})" if one["last_at"] else ""),
            ("which means", one["hint"]),
        )
        for head, value in facts:
            if value:
                print(f"  {head:<12} {value}")


@queue.command("stats")
@filtered
@common
def stats(shell: Shell, wish: Json) -> None:
    """How much waits in each queue, how large it is, and since when."""
    found = shell.ask("queue.stats", wish)
    if shell.as_json:
        shell.print_json(found)
        return
    rows = [{"queue": name, **tally} for name, tally in found["queues"].items()]
    rows.append({"queue": "together", **found["total"]})
    columns = (
        ("QUEUE", lambda row: row["queue"]),
        ("LETTERS", lambda row: str(row["letters"])),
        ("RECIPIENTS", lambda row: str(row["recipients"])),
        ("SIZE", lambda row: size_words(row["bytes"])),
        ("OLDEST", lambda row: row["oldest"] or "-"),
    )
    shell.table(columns, rows)


@queue.command("shape")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Most destinations.")
@filtered
@common
def shape(shell: Shell, wish: Json, limit: int) -> None:
    """Recipients by destination and age: where it is that mail does not go."""
    heads = (*(f"<{age}" for age in _AGES), f">{_AGES[-1]}")
    columns: list[Any] = [("DESTINATION", lambda row: row["destination"]), ("ALL", lambda row: str(row["total"]))]
    columns += [(head, lambda row, place=place: str(row["ages"][place])) for place, head in enumerate(heads)]
    shell.list("queue.shape", {**wish, "limit": limit}, columns, "The queue is empty.")


@queue.command("lanes")
@click.option("--all", "every", is_flag=True, help="Those that are not left alone too.")
@common
def lanes(shell: Shell, every: bool) -> None:
    """Destinations that are left alone for a while, because nobody could be reached there."""
    columns = (
        ("DESTINATION", lambda row: row["destination"]),
        ("PAUSED UNTIL", lambda row: row["paused_until"] or "-"),
        ("FAILURES", lambda row: str(row["failures"])),
        ("WHY", lambda row: row["reason"]),
    )
    shell.list("queue.lanes", {"all": every}, columns, "No destination is left alone.")


@queue.command("view")
@click.argument("number", metavar="ID")
@common
def view(shell: Shell, number: str) -> None:
    """The letter itself, as it will leave but for what signing adds."""

    def hear(row: Json) -> None:
        sys.stdout.buffer.write(base64.b64decode(row["base64"]))

    if shell.as_json:
        shell.print_json(shell.ask("queue.view", {"id": number}, row=shell.print_json))
        return
    shell.ask("queue.view", {"id": number}, row=hear)
    sys.stdout.buffer.flush()


@queue.command("trace")
@click.argument("name", metavar="ID")
@common
def trace(shell: Shell, name: str) -> None:
    """The same as `mailstead message trace`."""
    print_trace(shell, name)


for command in (*moves.COMMANDS, *moves.ALIASES):
    queue.add_command(command)
queue.add_command(moves.alias_of(view, "content"))


def _names(addresses: list[str]) -> str:
    return addresses[0] if len(addresses) == 1 else f"{addresses[0]} and {len(addresses) - 1} more"
