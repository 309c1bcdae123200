"""`mailstead blocklist` and `mailstead allowlist`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from mailstead.cli.exits import Failure
from mailstead.cli.queue_options import SPAN
from mailstead.cli.shell import Json, Shell, changing, common

AT_ONCE: Final = 500
FILE_MAX: Final = 64 << 20
_HELP: Final = {"help_option_names": ["-h", "--help"]}
_DOMAIN: Final = click.option("--domain", default="", help="Only for mail to this domain of ours.")
_REASON: Final = click.option("--reason", default="", help="Why, for whoever asks later.")
_FOR: Final = click.option("--for", "lasts", type=SPAN, metavar="TIME", default=0, help="So long, like 12h or 30d.")
_COLUMNS: Final = (
    ("WHO", lambda row: row["pattern"]),
    ("FOR", lambda row: row["domain"] or "all"),
    ("UNTIL", lambda row: row["expires_at"] or "removed"),
    ("SINCE", lambda row: row["added_at"]),
    ("BY", lambda row: row["who"]),
    ("WHY", lambda row: row["reason"]),
)


@click.group(context_settings=_HELP)
def blocklist() -> None:
    """Senders and clients that are not heard: 554, before anything is counted. The allow list outweighs it."""


@click.group(context_settings=_HELP)
def allowlist() -> None:
    """Senders and clients that are always heard: no block list, limit, DNS list or greylisting stops them.

    The address of a sender is easily forged: allow the address of a client where you can. What SPF, DKIM and DMARC say
    holds all the same.
    """


def _furnish_changes(group: click.Group, name: str, done: str) -> None:
    """The commands of both lists that change one entry."""

    @group.command("add")
    @click.argument("pattern")
    @_DOMAIN
    @_REASON
    @_FOR
    @changing
    def add(shell: Shell, pattern: str, **rest: Any) -> None:
        """Add a sender (an address, *@domain, *@*.domain), a client (an IP address) or a network."""
        shell.change(f"{name}.add", {"patterns": [pattern], **rest}, lambda row: f"{done} {_words(row)}")

    @group.command("remove")
    @click.argument("pattern")
    @_DOMAIN
    @changing
    def remove(shell: Shell, pattern: str, domain: str) -> None:
        """Take an entry off the list."""
        args = {"pattern": pattern, "domain": domain}
        shell.change(f"{name}.remove", args, lambda row: f"removed {_words(row)} from the {name}")


def _furnish_looks(group: click.Group, name: str) -> None:
    """Those that look."""

    @group.command("list")
    @click.option("--domain", default=None, help="Only what holds for this domain of ours alone; '' for all of them.")
    @common
    def list_(shell: Shell, domain: str | None) -> None:
        """All entries."""
        shell.list(f"{name}.list", {"domain": domain}, _COLUMNS, f"The {name} is empty.")

    @group.command("check")
    @click.argument("who", nargs=-1, required=True, metavar="IP | ADDRESS...")
    @click.option("--domain", default="", help="As this domain of ours sees it.")
    @common
    def check(shell: Shell, who: tuple[str, ...], domain: str) -> None:
        """What both lists say of a client, a sender, or a sender at a client."""
        ips, senders = [word for word in who if "@" not in word], [word for word in who if "@" in word]
        if len(ips) > 1 or len(senders) > 1:
            raise Failure("usage", "one client and one sender at most", "ask for each by itself")
        args = {"ip": "".join(ips), "sender": "".join(senders), "domain": domain}
        found = shell.ask(f"{name}.check", args)
        if shell.as_json:
            shell.print_json(found)
            return
        print(found["verdict"])
        shell.table((("LIST", lambda row: row["list"]), *_COLUMNS), found["entries"])


def _furnish_import(group: click.Group, name: str, done: str) -> None:
    """The one that adds many."""

    @group.command("import")
    @click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    @_DOMAIN
    @_REASON
    @_FOR
    @changing
    def import_(shell: Shell, file: Path, **rest: Any) -> None:
        """Add all entries of a file: one on each line (# begins a remark), or mu's blocklist.json."""
        patterns = list(_read(file))
        count = 0
        for at in range(0, len(patterns), AT_ONCE):
            some = {"patterns": patterns[at : at + AT_ONCE], **rest, "dry_run": shell.dry_run}
            count += shell.ask(f"{name}.add", some)["count"]
        if shell.as_json:
            shell.print_json({"schema": "mailstead.block-import.v1", "count": count, "dry_run": shell.dry_run})
        else:
            print(f"{'would have ' if shell.dry_run else ''}{done} {count} from {file}")


def _read(file: Path) -> Iterator[str]:
    if file.stat().st_size > FILE_MAX:
        raise Failure("usage", f"{file} is larger than {FILE_MAX >> 20} MB", "split it")
    text = file.read_text(errors="replace")
    if file.suffix == ".json":
        try:
            held = json.loads(text)
        except ValueError as error:
            raise Failure("usage", f"{file} is no JSON: {error}") from error
        lists = [value for value in held.values() if isinstance(value, list)] if isinstance(held, dict) else [held]
        yield from (str(word) for words in lists for word in words)
        return
    for line in text.splitlines():
        if word := line.partition("#")[0].strip():
            yield word


def _words(row: Json) -> str:
    return f"{row['pattern']}{' for ' + row['domain'] if row['domain'] else ''}"


for _group, _name, _done in ((blocklist, "blocklist", "blocked"), (allowlist, "allowlist", "allowed")):
    _furnish_changes(_group, _name, _done)
    _furnish_looks(_group, _name)
    _furnish_import(_group, _name, _done)
