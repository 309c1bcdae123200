"""`mailstead quarantine`."""

import base64
import sys
from collections.abc import Sequence
from typing import Final

import click

from mailstead.cli.queue_options import SPAN
from mailstead.cli.shell import Json, Shell, changing, common, printable, size_words

_HELP: Final = {"help_option_names": ["-h", "--help"]}
_IDS: Final = click.argument("ids", nargs=-1, required=True, metavar="ID...")


@click.group(context_settings=_HELP)
def quarantine() -> None:
    """Letters that were kept aside: spam where a domain wants it so, and everything that carries a virus."""


@quarantine.command("list")
@click.option("--domain", default="", help="Of this domain.")
@click.option("--recipient", default="", help="For this address.")
@click.option("--sender", default="", help="From this envelope sender.")
@click.option("--reason", default="", help="Kept for this, such as spam or 'virus found'.")
@click.option("--older-than", type=SPAN, metavar="TIME", help="Kept longer ago, such as 3d.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
@common
def list_(
    shell: Shell, domain: str, recipient: str, sender: str, reason: str, older_than: int | None, limit: int
) -> None:
    """What is kept, the latest first.

    \b
    mailstead quarantine list --recipient ann@example.com
    """
    args = {
        "domain": domain, "recipient": recipient, "sender": sender, "reason": reason, "older_than": older_than,
        "limit": limit,
    }  # fmt: skip
    columns = (
        ("ID", lambda row: row["id"]),
        ("KEPT", lambda row: row["kept_at"]),
        ("FOR", lambda row: printable(row["recipient"])),
        ("FROM", lambda row: printable(row["from"] or row["sender"])),
        ("SUBJECT", lambda row: printable(row["subject"])),
        ("REASON", lambda row: row["reason"]),
        ("SIZE", lambda row: size_words(row["size"])),
    )
    shell.list("quarantine.list", args, columns, "nothing is kept")


@quarantine.command("show")
@click.argument("number", metavar="ID")
@click.option("--raw", is_flag=True, help="Its octets as they would be filed; on a terminal without what steers it.")
@common
def show(shell: Shell, number: str, raw: bool) -> None:
    """One letter, why it is kept, and what can be done."""
    if raw:
        _show_raw(shell, number)
        return
    found = shell.ask("quarantine.show", {"id": number})
    if shell.as_json:
        shell.print_json(found)
        return
    for line in _describe(found):
        print(printable(line))


def _describe(found: Json) -> list[str]:
    hint = " (it carries a virus: release it only if you know what you do)" if found["has_virus"] else ""
    return [
        f"kept letter {found['id']}, since {found['kept_at']}",
        f"  for         {found['recipient']}{', elsewhere' if found['is_elsewhere'] else ''}",
        f"  from        {found['from'] or '-'}",
        f"  sender      {found['sender'] or '<>'}, from {found['client_ip'] or '-'}",
        f"  subject     {found['subject']}",
        f"  Message-ID  <{found['message_id']}>",
        f"  size        {size_words(found['size'])}",
        f"  kept for    {found['reason']}: {found['words']}",
        f"  release it  mailstead quarantine release {found['id']}{hint}",
        f"  look at it  mailstead quarantine show --raw {found['id']}",
    ]


def _show_raw(shell: Shell, number: str) -> None:
    is_terminal = sys.stdout.isatty()

    def write(row: Json) -> None:
        octets = base64.b64decode(row["base64"])
        if is_terminal:
            lines = octets.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
            octets = "\n".join(map(printable, lines)).encode("utf-8", "replace")
        sys.stdout.buffer.write(octets)

    shell.ask("quarantine.view", {"id": number}, row=write)
    sys.stdout.buffer.flush()


@quarantine.command("release")
@_IDS
@changing
def release(shell: Shell, ids: Sequence[str]) -> None:
    """Deliver letters after all, each once, into the inbox. Filters that learn are told that they were no spam.

    \b
    mailstead quarantine release 1829374650192837
    """
    _move(shell, "release", ids)


@quarantine.command("delete")
@_IDS
@click.option("--yes", is_flag=True, help="Do not ask.")
@changing
def delete(shell: Shell, ids: Sequence[str], yes: bool) -> None:
    """Delete letters for good."""
    shell.confirm(f"{len(ids)} kept letters will be deleted", "delete", yes=yes)
    _move(shell, "delete", ids)


def _move(shell: Shell, name: str, ids: Sequence[str]) -> None:
    args = {"ids": list(ids), "dry_run": shell.dry_run}
    if shell.as_json:
        result = shell.ask(f"quarantine.{name}", args, row=shell.print_json)
        shell.print_json({**result, **({"dry_run": True} if shell.dry_run else {})})
        return

    def tell(row: Json) -> None:
        whom = f" for {row['recipient']}: {row['subject']}" if "recipient" in row else ""
        print(printable(f"{'would have ' if shell.dry_run else ''}{row['result']} {row['id']}{whom}"))

    shell.ask(f"quarantine.{name}", args, row=tell)


@quarantine.command("digest")
@changing
def digest(shell: Shell) -> None:
    """Tell everybody now what was kept for them since their last digest; else it goes out once a day."""
    shell.change("quarantine.digest", {}, lambda result: f"filed {result['digests']} digests")
