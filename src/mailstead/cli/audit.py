"""`mailstead audit`."""

import json
from typing import Any

import click

from mailstead.cli.exits import Failure
from mailstead.cli.queue_options import SPAN
from mailstead.cli.shell import Json, Shell, common, note

_HELP = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=_HELP)
def audit() -> None:
    """Who changed what, through what, and what it was before."""


@audit.command("list")
@click.option("--who", metavar="NAME", help="Only what they changed: a login, or the user who gave commands.")
@click.option("--action", metavar="WORD", help="Only that, such as user.created, or all of a kind, such as policy.")
@click.option("--subject", metavar="NAME", help="Only changes of that: an address, a domain, a letter.")
@click.option("--domain", metavar="DOMAIN", help="Only what belongs to that domain.")
@click.option("--within", type=SPAN, metavar="TIME", help="Only the last hours or days, like 7d.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many.")
@common
def list_(shell: Shell, **wish: Any) -> None:
    """Changes, the latest first.

    \b
    mailstead audit list --action policy --domain example.com --within 7d
    """
    columns = (
        ("NUMBER", lambda row: str(row["number"])),
        ("WHEN", lambda row: row["at"]),
        ("WHO", lambda row: f"{row['who']} ({row['through']})"),
        ("WHAT", lambda row: row["action"]),
        ("OF", lambda row: row["subject"]),
        ("BEFORE", lambda row: _facts(row["before"])),
        ("AFTER", lambda row: _facts(row["after"])),
    )
    said = {name: value for name, value in wish.items() if value is not None}
    shell.list("audit.list", said, columns, "Nothing was changed.")


@audit.command("verify")
@click.option("--known", metavar="NUMBER:HASH", help="A head noted earlier: what was rewritten since then is found.")
@common
def verify(shell: Shell, known: str | None) -> None:
    """Whether all that was written down is still there as it was.

    Each entry carries a hash over itself and the one before it. Keep the head that this command says at another place:
    with --known even somebody who rewrote the whole chain is found out.
    """
    found = shell.ask("audit.verify", {"known": known or ""})
    if shell.as_json:
        shell.print_json(found)
    if not found["whole"]:
        raise Failure("problems", f"the audit is broken at {found['broken_at']}: {found['reason']}", _FIX)
    if not shell.as_json:
        print(f"The audit is whole: {found['entries']} entries.")
        note(f"head: {found['head']}")


_FIX = "entries before that one can be trusted; compare with a backup of the store"


def _facts(facts: Json | None) -> str:
    if facts is None:
        return "-"
    return " ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in facts.items())
