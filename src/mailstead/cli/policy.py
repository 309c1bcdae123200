"""`mailstead policy`."""

from collections.abc import Sequence

import click

from mailstead.cli.shell import Json, Shell, changing, common

_HELP = {"help_option_names": ["-h", "--help"]}
_DOMAIN = click.option("--domain", required=True, help="Whose policy it is.")
_VALUES = click.argument("values", nargs=-1, required=True, metavar="GROUP.FIELD=VALUE...")
_FIELDS = click.argument("fields", nargs=-1, metavar="[GROUP | GROUP.FIELD]...")
_PROFILES = click.Choice(("gomailserver", "mu", "dev"))
_TEMPLATE = "_default"


@click.group(context_settings=_HELP)
def policy() -> None:
    """What domains want: checks, limits, actions. A change holds for the next session, without a restart."""


@policy.command("show")
@_DOMAIN
@common
def show(shell: Shell, domain: str) -> None:
    """The policy of a domain, as `policy set` would write it."""
    _show(shell, domain)


@policy.command("set")
@_DOMAIN
@_VALUES
@changing
def set_(shell: Shell, domain: str, values: Sequence[str]) -> None:
    """Change fields of a domain's policy.

    \b
    mailstead policy set --domain example.com spam.reject_score=8 greylist.enabled=off
    mailstead policy set --domain example.com rate_limit.smtp_per_ip=50/60
    """
    _change(shell, "policy.set", domain, {"values": list(values)})


@policy.command("reset")
@_DOMAIN
@_FIELDS
@changing
def reset(shell: Shell, domain: str, fields: Sequence[str]) -> None:
    """Take fields or groups, or all of them, back to what a new domain has.

    \b
    mailstead policy reset --domain example.com greylist spam.reject_score
    """
    _change(shell, "policy.reset", domain, {"fields": list(fields)})


@policy.command("profile")
@click.argument("domain")
@click.argument("profile", type=_PROFILES)
@changing
def profile(shell: Shell, domain: str, profile: str) -> None:
    """Take checks and limits from a profile.

    gomailserver is the default. mu tells what it finds and refuses nothing, but takes 10 connections an hour from an
    address and 100 letters a day from a sender. dev lets nobody wait.
    """
    _change(shell, "policy.profile", domain, {"profile": profile})


@policy.group("default", context_settings=_HELP)
def default() -> None:
    """The template that new domains are copied from; those that are here stay as they are."""


@default.command("show")
@common
def default_show(shell: Shell) -> None:
    """The template."""
    _show(shell, _TEMPLATE)


@default.command("set")
@_VALUES
@changing
def default_set(shell: Shell, values: Sequence[str]) -> None:
    """Change fields of the template.

    \b
    mailstead policy default set dkim.key_size=4096 identity.default_quota=2147483648
    """
    _change(shell, "policy.set", _TEMPLATE, {"values": list(values)})


@default.command("reset")
@_FIELDS
@changing
def default_reset(shell: Shell, fields: Sequence[str]) -> None:
    """Take fields or groups of the template, or all of them, back to what this program came with."""
    _change(shell, "policy.reset", _TEMPLATE, {"fields": list(fields)})


def _show(shell: Shell, domain: str) -> None:
    found = shell.ask("policy.show", {"domain": domain})
    if shell.as_json:
        shell.print_json(found)
        return
    for group, fields in found.items():
        for name, value in fields.items() if isinstance(fields, dict) else ():
            print(f"{group}.{name}={_word(value)}")


def _change(shell: Shell, command: str, domain: str, args: Json) -> None:
    shell.change(command, {"domain": domain, **args}, _words)


def _words(result: Json) -> str:
    if not result["changes"]:
        return f"changed nothing of {result['domain']}: it is so already"
    changes = [
        f"  {change['field']}  {_word(change['before'])} -> {_word(change['after'])}" for change in result["changes"]
    ]
    return "\n".join([f"changed the policy of {result['domain']}", *changes])


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
