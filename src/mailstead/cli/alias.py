"""`mailstead alias`."""

import click

from mailstead.cli.shell import Shell, changing, common, note


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def alias() -> None:
    """Addresses that mean other addresses."""


@alias.command("add")
@click.argument("address")
@click.argument("targets", nargs=-1, required=True)
@changing
def add(shell: Shell, address: str, targets: tuple[str, ...]) -> None:
    """Let mail to ADDRESS go to TARGETS, of ours or elsewhere.

    What goes elsewhere is forwarded under an address of the alias's own domain (SRS), which is signed by it too, so
    that SPF and DMARC there find nothing wrong; bounces come back that way to the sender.

    \b
    mailstead alias add info@example.com ada@example.com bob@example.com
    mailstead alias add ada.old@example.com ada@example.org
    """
    args = {"address": address, "targets": list(targets)}
    added = shell.change(
        "alias.add", args, lambda row: f"added the alias {row['address']} for {', '.join(row['targets'])}"
    )
    if added["abroad"] and not shell.as_json:
        domain = added["address"].rpartition("@")[2]
        note(f"mail for {', '.join(added['abroad'])} is forwarded: it leaves under an address of {domain} (SRS)")


@alias.command("list")
@click.argument("domain", required=False)
@common
def list_(shell: Shell, domain: str | None) -> None:
    """All aliases, or those of one domain."""
    columns = (("ALIAS", lambda row: row["address"]), ("MEANS", lambda row: ", ".join(row["targets"])))
    shell.list("alias.list", {"domain": domain}, columns, "There is no alias.")


@alias.command("remove")
@click.argument("address")
@changing
def remove(shell: Shell, address: str) -> None:
    """Remove an alias."""
    shell.change("alias.remove", {"address": address}, lambda row: f"removed the alias {row['address']}")
