"""`mailstead guards`, `mailstead suppression`, `mailstead hold-rule`."""

import click

from mailstead.cli.shell import SIZE, Shell, changing, common

_HELP = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=_HELP)
def guards() -> None:
    """Limits of sending, and pauses of who bounces too much."""


@guards.command("status")
@click.option("--all", "is_all", is_flag=True, help="Pauses that are over, too.")
@common
def status(shell: Shell, is_all: bool) -> None:
    """Who is paused, until when, and why."""
    columns = (
        ("PAUSED", lambda row: f"{row['scope']} {row['name']}"),
        ("UNTIL", lambda row: row["until"] if row["is_open"] else f"over since {row['until']}"),
        ("WHY", lambda row: row["reason"].removeprefix("paused: ")),
    )
    shell.list("guards.status", {"all": is_all}, columns, "Nobody is paused.")


@guards.command("resume")
@click.argument("name")
@changing
def resume(shell: Shell, name: str) -> None:
    """End the pause of an account, a domain or a destination, and let go what it held."""
    shell.change("guards.resume", {"name": name}, lambda row: f"resumed {row['name']}")


@guards.command("limit")
@click.argument("name")
@click.option("--recipients", help="Recipients elsewhere, like '100/hour 1000/day'; none, or default.")
@click.option("--new-recipients", help="Those never written to before; the same.")
@changing
def limit(shell: Shell, name: str, recipients: str | None, new_recipients: str | None) -> None:
    """Set what an account, a domain, all `accounts` or all `domains` may send.

    \b
    mailstead guards limit ada@example.com --recipients '20/minute 500/day' --new-recipients 50/day
    mailstead guards limit domains --recipients 10000/day
    """
    args = {"name": name, "recipients": recipients, "newcomers": new_recipients}
    words = "set the limits of {scope} {name}: recipients {recipients}, new recipients {newcomers}"
    shell.change("guards.limit", args, words.format_map)


@guards.command("limits")
@common
def limits(shell: Shell) -> None:
    """Limits that were set here; others are those of the configuration."""
    columns = (
        ("FOR", lambda row: f"{row['scope']} {row['name']}"),
        ("RECIPIENTS", lambda row: row["recipients"]),
        ("NEW RECIPIENTS", lambda row: row["newcomers"]),
    )
    shell.list("guards.limits", {}, columns, "No limit was set here.")


@click.group(context_settings=_HELP)
def suppression() -> None:
    """Recipients that are written to no longer, since they do not exist."""


@suppression.command("list")
@click.argument("domain", required=False)
@common
def suppression_list(shell: Shell, domain: str | None) -> None:
    """All of them, or those of one domain of ours."""
    columns = (
        ("RECIPIENT", lambda row: row["address"]),
        ("FOR", lambda row: row["domain"]),
        ("SINCE", lambda row: row["added_at"]),
        ("UNTIL", lambda row: row["expires_at"] or "removed"),
        ("WHY", lambda row: row["reason"]),
    )
    shell.list("suppression.list", {"domain": domain}, columns, "Nobody is suppressed.")


@suppression.command("add")
@click.argument("address")
@click.option("--domain", default="", help="The domain of ours that writes to them no longer; the default domain.")
@click.option("--reason", default="by hand", help="Why.")
@click.option("--days", type=click.IntRange(1, 36500), help="For so long; else until it is removed.")
@changing
def suppression_add(shell: Shell, address: str, domain: str, reason: str, days: int | None) -> None:
    """Write to ADDRESS no longer."""
    args = {"address": address, "domain": domain, "reason": reason, "days": days}
    shell.change("suppression.add", args, lambda row: f"suppressed {row['address']} for {row['domain']}")


@suppression.command("remove")
@click.argument("address")
@click.option("--domain", default="", help="The domain of ours that writes to them again; the default domain.")
@changing
def suppression_remove(shell: Shell, address: str, domain: str) -> None:
    """Write to ADDRESS again."""
    args = {"address": address, "domain": domain}
    words = "removed the suppression of {address} for {domain}"
    shell.change("suppression.remove", args, words.format_map)


@click.group("hold-rule", context_settings=_HELP)
def hold_rule() -> None:
    """Letters that wait in the queue until somebody has seen them."""


@hold_rule.command("add")
@click.option("--reason", required=True, help="Why, for whoever looks at what is held.")
@click.option("--sender", default="", help="Envelope sender: an address, or @domain.")
@click.option("--recipient", default="", help="Envelope recipient: the same.")
@click.option("--domain", default="", help="The domain of ours it leaves for.")
@click.option("--destination", default="", help="The domain or route it goes to.")
@click.option("--account", default="", help="The account that sends it.")
@click.option("--min-size", type=SIZE, default=0, help="Letters of that size or larger, like 20MB.")
@changing
def hold_rule_add(shell: Shell, **conditions: str | int) -> None:
    """Hold letters for which all conditions are true.

    \b
    mailstead hold-rule add --reason 'ask the press office' --recipient @paper.example
    """
    shell.change("hold-rule.add", conditions, lambda row: f"added rule {row['id']}: {row['reason']}")


@hold_rule.command("list")
@common
def hold_rule_list(shell: Shell) -> None:
    """All rules."""
    names = ("sender", "recipient", "domain", "destination", "account", "min_size")
    columns = (
        ("RULE", lambda row: str(row["id"])),
        ("HOLDS", lambda row: ", ".join(f"{name.replace('_', ' ')} {row[name]}" for name in names if row[name])),
        ("WHY", lambda row: row["reason"]),
    )
    shell.list("hold-rule.list", {}, columns, "There is no rule.")


@hold_rule.command("remove")
@click.argument("rule", type=click.IntRange(1))
@changing
def hold_rule_remove(shell: Shell, rule: int) -> None:
    """Remove a rule; what it held stays held."""
    shell.change("hold-rule.remove", {"id": rule}, lambda row: f"removed rule {row['id']}: {row['reason']}")
