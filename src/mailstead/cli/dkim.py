"""`mailstead dkim`."""

import click

from mailstead.cli.shell import Json, Shell, changing, common, note

_DOMAIN = click.option("--domain", required=True, help="Whose key it is.")
_SELECTOR = click.option("--selector", required=True, help="Which of its keys.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def dkim() -> None:
    """Keys that sign what leaves, and the DNS records that go with them."""


@dkim.command("generate")
@_DOMAIN
@click.option("--selector", help="Its selector; that of the domain's policy or of the configuration if not given.")
@click.option(
    "--algorithm",
    type=click.Choice(("rsa2048", "rsa4096", "ed25519", "both")),
    help="As the domain's policy has it if not given. both: RSA, and Ed25519 with a selector of its own.",
)
@changing
def generate(shell: Shell, domain: str, selector: str | None, algorithm: str | None) -> None:
    """Make a key. It signs by itself once its record is in the DNS.

    \b
    mailstead dkim generate --domain example.com --algorithm both
    """
    fallback = shell.loaded.config.dkim.selector
    args = {"domain": domain, "selector": selector, "algorithm": algorithm, "fallback": fallback}
    made = shell.change("dkim.generate", args, lambda result: f"made {_names(result)}")
    _tell_records(shell, made)


@dkim.command("rotate")
@_DOMAIN
@changing
def rotate(shell: Shell, domain: str) -> None:
    """Make a successor of each key that signs.

    It takes over by itself once its record has been in the DNS for a while; the old record may go a week later.
    """
    made = shell.change("dkim.rotate", {"domain": domain}, lambda result: f"made {_names(result)}")
    _tell_records(shell, made)


@dkim.command("list")
@click.option("--domain", help="Only of this domain.")
@common
def list_(shell: Shell, domain: str | None) -> None:
    """All keys."""
    columns = (
        ("DOMAIN", lambda row: row["domain"]),
        ("SELECTOR", lambda row: row["selector"]),
        ("ALGORITHM", lambda row: row["algorithm"]),
        ("STATE", lambda row: row["state"]),
        ("CREATED", lambda row: row["created_at"]),
        ("SIGNS SINCE", lambda row: row["activated_at"] or ""),
        ("RETIRED", lambda row: row["retired_at"] or ""),
    )
    shell.list("dkim.list", {"domain": domain}, columns, "There is no key yet: mailstead dkim generate --domain DOMAIN")


@dkim.command("show")
@_DOMAIN
@click.option("--selector", help="Only this one.")
@common
def show(shell: Shell, domain: str, selector: str | None) -> None:
    """The keys of a domain with their DNS records."""
    found = shell.ask("dkim.show", {"domain": domain, "selector": selector})
    if shell.as_json:
        shell.print_json(found)
        return
    for key in found["keys"]:
        since = key["retired_at"] or key["activated_at"] or key["created_at"]
        print(f"{key['selector']} of {key['domain']}: {key['algorithm']}, {key['state']} since {since}")
        _print_record(key)


@dkim.command("activate")
@_DOMAIN
@_SELECTOR
@changing
def activate(shell: Shell, domain: str, selector: str) -> None:
    """Sign with a key now, whatever the DNS says; its predecessor retires."""
    shell.change("dkim.activate", {"domain": domain, "selector": selector}, lambda key: f"activated {_name(key)}")


@dkim.command("retire")
@_DOMAIN
@_SELECTOR
@changing
def retire(shell: Shell, domain: str, selector: str) -> None:
    """Sign with a key no longer. Leave its record in the DNS for a week: letters are on their way."""
    shell.change("dkim.retire", {"domain": domain, "selector": selector}, lambda key: f"retired {_name(key)}")


@dkim.command("remove")
@_DOMAIN
@_SELECTOR
@click.option("--force", is_flag=True, help="Even if it signs, or its letters may be on their way.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@changing
def remove(shell: Shell, domain: str, selector: str, force: bool, yes: bool) -> None:
    """Remove a key for good."""
    args = {"domain": domain, "selector": selector, "force": force}
    plan = shell.ask("dkim.remove", {**args, "dry_run": True})
    if plan["state"] != "new":
        shell.confirm(f"Remove {_name(plan)}, which is {plan['state']}", plan["selector"], yes=yes)
    shell.change("dkim.remove", args, lambda key: f"removed {_name(key)}")


def _name(key: Json) -> str:
    return f"the key {key['selector']} of {key['domain']}"


def _names(result: Json) -> str:
    return " and ".join(_name(key) for key in result["keys"])


def _print_record(key: Json) -> None:
    record = key["record"]
    print(f"  name   {record['name']}\n  type   {record['type']}\n  value  {record['value']}")
    print("  zone   " + record["zone"].replace("\n", "\n         "))


def _tell_records(shell: Shell, made: Json) -> None:
    """What to publish. A rehearsal's key is not kept, and so its record would be of no use."""
    if shell.as_json or shell.dry_run:
        return
    for key in made["keys"]:
        _print_record(key)
    note("Publish this in the DNS; the key signs by itself once it is seen there.")
