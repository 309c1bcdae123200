"""`mailstead domain`."""

import click

from mailstead.cli.exits import Failure
from mailstead.cli.shell import SIZE, Json, Shell, changing, common, note, size_words

_HAND_OFF = click.option(
    "--hand-off", metavar="ROUTE", help="The store that keeps its mail, like lmtp://HOST:24; none: this one."
)
_VERIFY = click.option(
    "--verify",
    type=click.Choice(("yes", "no")),
    help="Ask that store at RCPT whether it knows the recipient; yes if not said.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def domain() -> None:
    """Domains we receive mail for."""


@domain.command("add")
@click.argument("name")
@click.option("--alias-of", metavar="DOMAIN", help="Another name for a domain that is here already.")
@click.option("--catchall", metavar="ADDRESS", help="Where mail to unknown names goes.")
@click.option("--max-users", type=click.IntRange(0), help="Most accounts; 0: no limit.")
@click.option("--quota", type=SIZE, help="Default quota of its users, like 2GB; none: no limit.")
@_HAND_OFF
@_VERIFY
@changing
def add(shell: Shell, name: str, verify: str | None, **said: str | int | None) -> None:
    """Add a domain. What is not said here it takes from the template: mailstead policy default show.

    \b
    mailstead domain add example.com
    mailstead domain add example.net --alias-of example.com
    mailstead domain add example.org --hand-off lmtp://store.example.org:24
    """
    args = {"name": name, "verify": verify != "no", **said}
    shell.change("domain.add", args, lambda domain: f"added the domain {domain['name']}")


@domain.command("list")
@common
def list_(shell: Shell) -> None:
    """All domains."""
    columns = (
        ("DOMAIN", lambda row: row["unicode"]),
        ("STATUS", lambda row: row["status"]),
        ("ALIAS OF", lambda row: row["alias_of"] or ""),
        ("CATCH-ALL", lambda row: row["catchall"] or ""),
        ("HANDED OFF TO", lambda row: row["hand_off"] or ""),
        ("MAX USERS", lambda row: str(row["max_users"] or "")),
    )
    shell.list("domain.list", {}, columns, "There is no domain yet: mailstead domain add example.com")


@domain.command("show")
@click.argument("name")
@common
def show(shell: Shell, name: str) -> None:
    """One domain and what it holds."""
    found = shell.ask("domain.show", {"name": name})
    if shell.as_json:
        shell.print_json(found)
        return
    quota = size_words(found["default_quota"]) if found["default_quota"] else "none"
    most = [size_words(found["total_quota"])] if found["total_quota"] else []
    most += [f"{found['total_messages']} messages"] if found["total_messages"] else []
    lines = (
        ("domain", found["name"] if found["name"] == found["unicode"] else f"{found['unicode']} ({found['name']})"),
        ("status", found["status"]),
        ("alias of", found["alias_of"] or "-"),
        ("catch-all", found["catchall"] or "-"),
        ("handed off to", _hand_off(found)),
        ("users", f"{found['users']}" + (f" of {found['max_users']}" if found["max_users"] else "")),
        ("shared accounts", str(found["shared"])),
        ("aliases", str(found["aliases"])),
        ("mail", f"{found['used_messages']} messages, {size_words(found['used_bytes'])}"),
        ("most together", ", ".join(most) or "no limit"),
        ("default quota", quota),
        ("since", found["created_at"]),
    )
    for head, value in lines:
        print(f"{head:<16} {value}")


@domain.command("set")
@click.argument("name")
@click.option("--quota", type=SIZE, help="Default quota of its users, like 2GB; none: no limit.")
@click.option("--total-quota", type=SIZE, help="Most mail that all its accounts hold together; none: no limit.")
@click.option("--total-messages", type=click.IntRange(0), help="Most messages of all accounts together; 0: no limit.")
@_HAND_OFF
@_VERIFY
@changing
def set_(shell: Shell, name: str, verify: str | None, **changes: int | str | None) -> None:
    """Change the limits of a domain, or where its mail is kept.

    \b
    mailstead domain set example.com --total-quota 500GB
    mailstead domain set example.com --hand-off lmtp://store.example.com:24
    """
    args = {**changes, "verify": None if verify is None else verify == "yes"}
    if all(value is None for value in args.values()):
        fix = "give --quota, --total-quota, --total-messages, --hand-off or --verify"
        raise Failure("usage", "nothing to change", fix)
    shell.change("domain.set", {"name": name, **args}, lambda changed: f"changed the domain {changed['name']}")


@domain.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@changing
def remove(shell: Shell, name: str, yes: bool) -> None:
    """Remove a domain that has no accounts, with its aliases."""
    plan: Json = shell.ask("domain.remove", {"name": name, "dry_run": True})
    if plan["aliases"]:
        note(f"{plan['aliases']} aliases of {plan['name']} go with it")
        shell.confirm(f"Remove {plan['name']} with {plan['aliases']} aliases", plan["name"], yes=yes)
    shell.change("domain.remove", {"name": name}, lambda gone: f"removed the domain {gone['name']}")


def _hand_off(found: Json) -> str:
    if not found["hand_off"]:
        return "-"
    return f"{found['hand_off']}, " + ("which is asked who is there" if found["verify"] else "for any recipient")
