"""`mailstead tls-rule`."""

import click

from mailstead.cli.shell import Shell, changing, common

DEMANDS = ("none", "may", "encrypt", "secure", "dane-only")


@click.group("tls-rule", context_settings={"help_option_names": ["-h", "--help"]})
def tls_rule() -> None:
    """What the lines to single domains must be, whatever these publish."""


@tls_rule.command("add")
@click.argument("domain")
@click.argument("demand", type=click.Choice(DEMANDS))
@click.option("--note", "remark", default="", help="For people.")
@changing
def add(shell: Shell, domain: str, demand: str, remark: str) -> None:
    """Demand something of the lines to DOMAIN, at once. A rule for the same domain is replaced.

    none: no TLS, even if it is offered. may: TLS if it is offered. encrypt: TLS, whoever it is. secure: TLS with a
    certificate that CAs vouch for. dane-only: only where TLSA records say who it is. What cannot be had so waits.

    \b
    mailstead tls-rule add bank.example secure
    """
    args = {"domain": domain, "demand": demand, "note": remark}
    shell.change("tls-rule.add", args, lambda rule: f"set the TLS rule of {rule['domain']}: {rule['demand']}")


@tls_rule.command("list")
@common
def list_(shell: Shell) -> None:
    """All rules."""
    columns = (
        ("DOMAIN", lambda row: row["domain"]),
        ("DEMAND", lambda row: row["demand"]),
        ("SINCE", lambda row: row["created_at"]),
        ("NOTE", lambda row: row["note"]),
    )
    shell.list("tls-rule.list", {}, columns, "There is no rule: each domain's own policies hold.")


@tls_rule.command("remove")
@click.argument("domain")
@changing
def remove(shell: Shell, domain: str) -> None:
    """Let a domain's own policies hold again."""
    shell.change("tls-rule.remove", {"domain": domain}, lambda rule: f"removed the TLS rule of {rule['domain']}")
