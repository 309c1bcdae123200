"""`mailstead hook`."""

import click

from mailstead.cli.exits import DONE, FAILED
from mailstead.cli.passwords import read_password
from mailstead.cli.shell import Json, Shell, changing, common, note

_STAGES = ("mail", "rcpt", "message.inbound", "message.delivering", "message.delivered")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def hook() -> None:
    """Programs elsewhere that are asked, or told, about letters by HTTP."""


@hook.command("add")
@click.argument("name")
@click.argument("url")
@click.option(
    "--stage", "stages", multiple=True, required=True, type=click.Choice(_STAGES), help="When; may be given again."
)
@click.option("--domain", "domains", multiple=True, metavar="DOMAIN", help="Of recipients; all if none is given.")
@click.option("--format", "form", type=click.Choice(("eml", "jmap_metadata")), default="eml", show_default=True)
@click.option("--proof", type=click.Choice(("jwt", "api_key")), default="jwt", show_default=True)
@click.option("--secret", "secret_from", metavar="FILE|-", help="Where its secret is; else one is made.")
@click.option("--timeout", type=int, default=30, show_default=True, help="Seconds, 30 at most.")
@click.option("--at-once", type=int, default=10, show_default=True, help="Calls at once, of each worker.")
@click.option(
    "--on-trouble", type=click.Choice(("open", "closed")), default="open", show_default=True,
    help="Without an answer: pass, or have senders come again.",
)  # fmt: skip
@changing
def add(
    shell: Shell, *, name: str, url: str, stages: tuple[str, ...], domains: tuple[str, ...], form: str, proof: str,
    secret_from: str | None, timeout: int, at_once: int, on_trouble: str,
) -> None:  # fmt: skip
    """Ask URL about letters, from the next transaction on.

    \b
    mailstead hook add crm https://crm.example.com/mail --stage message.delivered --domain example.com
    mailstead hook add gate https://gate.example.com/ --stage rcpt --on-trouble closed
    """
    args = {
        "name": name, "url": url, "stages": list(stages), "domains": list(domains), "format": form, "proof": proof,
        "secret": read_password(secret_from, subject=f"hook {name}") if secret_from else "", "timeout": timeout,
        "at_once": at_once, "on_trouble": on_trouble,
    }  # fmt: skip
    done = shell.change("hook.add", args, lambda row: f"added the hook {row['name']}: {row['url']}")
    if done["secret"] and not shell.as_json:
        print(done["secret"])
        note("This is its secret. It is shown this once.")


@hook.command("list")
@common
def list_(shell: Shell) -> None:
    """All hooks."""
    columns = (
        ("NAME", lambda row: row["name"]),
        ("URL", lambda row: row["url"]),
        ("STAGES", lambda row: " ".join(row["stages"])),
        ("DOMAINS", lambda row: " ".join(row["domains"]) or "all"),
        ("FORMAT", lambda row: row["format"]),
        ("ON TROUBLE", lambda row: row["on_trouble"]),
    )
    shell.list("hook.list", {}, columns, "There is no hook.")


@hook.command("remove")
@click.argument("name")
@changing
def remove(shell: Shell, name: str) -> None:
    """Ask it no more, and forget what it was still to be told."""
    shell.change("hook.remove", {"name": name}, lambda row: f"removed the hook {row['name']}")


@hook.command("test")
@click.argument("name")
@click.option("--stage", type=click.Choice(_STAGES), help="One of its stages; the first if none is given.")
@common
def test(shell: Shell, name: str, stage: str | None) -> int:
    """Call it now with a sample letter, and say what it answers."""
    told = shell.ask("hook.test", {"name": name, "stage": stage})
    if shell.as_json:
        shell.print_json(told)
    else:
        print(_words(told))
    return DONE if told["answered"] else FAILED


def _words(told: Json) -> str:
    if not told["answered"]:
        return f"{told['name']} gives no answer at {told['stage']}: {told['why']}"
    words = f"{told['name']} answers at {told['stage']}: {told['action']}"
    words += {True: ", it is spam", False: ", it is no spam", None: ""}[told["is_spam"]]
    words += f", labels {' '.join(told['labels'])}" if told["labels"] else ""
    return words + (f" ({told['message']})" if told["message"] else "")
