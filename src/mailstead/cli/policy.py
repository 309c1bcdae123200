"""`mailstead policy`."""

from collections.abc import Sequence

import click

from mailstead.cli.shell import Json, Shell, changing, common, printable

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


@policy.command("what-if")
@_DOMAIN
@click.option("--set", "values", multiple=True, metavar="GROUP.FIELD=VALUE", help="What would be changed; repeat it.")
@click.option("--profile", type=_PROFILES, default=None, help="A whole profile, before what --set changes.")
@click.option("--days", type=click.IntRange(1, 3650), default=7, show_default=True, help="How far to look back.")
@click.option("--limit", type=click.IntRange(0, 10_000), default=100, show_default=True, help="Letters to list.")
@common
def what_if(shell: Shell, domain: str, values: Sequence[str], profile: str | None, days: int, limit: int) -> None:
    """Which letters of the last days would have met another verdict. Nothing is changed.

    \b
    mailstead policy what-if --domain example.com --set spam.reject_score=8 --days 7
    """
    if not values and profile is None:
        raise click.UsageError("say what would be changed: --set GROUP.FIELD=VALUE or --profile")
    args: Json = {"domain": domain, "values": list(values), "profile": profile or "", "days": days, "limit": limit}
    if shell.as_json:
        shell.print_json(shell.ask("policy.what-if", args, row=shell.print_json))
        return
    found = shell.ask("policy.what-if", args, row=_print_flip)
    print(f"{found['flipped']} of {found['letters']} letters since {found['since']} would have met another verdict")
    for way, count in found["counts"].items():
        print(f"  {count} {way}")
    if found["left_out"]:
        print(f"  {found['left_out']} more were decided before their content came, or without checks: left out")
    if found["is_cut"]:
        print("  older ones were not looked at: there are too many")


def _print_flip(flip: Json) -> None:
    name = f" <{flip['message_id']}>" if flip["message_id"] else ""
    print(printable(f"{flip['at']} {flip['from']} -> {flip['to']}{name}"))
    print(printable(f"  {flip['before']} -> {flip['after']}: {flip['reasons_after'] or 'nothing against it'}"))
    if flip["is_open"]:
        print("  its origin alone had it refused: what filters think of it nobody asked")


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
