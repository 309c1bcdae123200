"""`mailstead user`."""

from pathlib import Path
from typing import Any

import click

from mailstead.cli.exits import Failure
from mailstead.cli.passwords import get_password
from mailstead.cli.shell import SIZE, Json, Shell, changing, common, note, size_words
from mailstead.cli.totp import totp

ROLES = ("viewer", "editor", "sender", "admin")
USER_ROLES = ("user", "readonly", "operator", "domain-admin", "admin")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def user() -> None:
    """People, their accounts, and accounts they share."""


user.add_command(totp)


@user.command("add")
@click.argument("address")
@click.option("--password-stdin", is_flag=True, help="The password is the first line of standard input.")
@click.option("--hash-stdin", is_flag=True, help="Its hash is (argon2, bcrypt, SHA512-CRYPT, {SSHA}).")
@click.option("--quota", type=SIZE, help="Most mail it may hold, like 2GB; none: no limit. Default: the domain's.")
@click.option("--admin", is_flag=True, help="May administer this server.")
@click.option("--shared", is_flag=True, help="An account without a user of its own, for --member.")
@click.option("--member", "members", multiple=True, metavar="USER[=ROLE]", help="viewer, editor, sender, admin.")
@changing
def add(shell: Shell, address: str, shared: bool, members: tuple[str, ...], quota: int | None, **rest: Any) -> None:
    """Add a user with an account, or an account that users share.

    Without --password-stdin the password is asked for; without a terminal one is made and shown once.

    \b
    mailstead user add ada@example.com
    pass show mail/ada | mailstead user add ada@example.com --password-stdin
    mailstead user add team@example.com --shared --member ada@example.com=admin
    """
    if shared:
        _add_shared(shell, address, members, quota, is_personal=any(rest.values()))
        return
    if members:
        raise Failure("usage", "--member is for shared accounts", "add --shared")
    _add_user(shell, address, quota, **rest)


def _add_shared(shell: Shell, address: str, members: tuple[str, ...], quota: int | None, *, is_personal: bool) -> None:
    if is_personal:
        raise Failure("usage", "a shared account has no password and no rights of its own", "leave these options out")
    roles = {}
    for member in members:
        name, _, role = member.partition("=")
        if role and role not in ROLES:
            raise Failure("usage", f"there is no role {role!r}", f"one of {', '.join(ROLES)}")
        roles[name] = role or "editor"
    args = {"address": address, "members": roles, "quota": quota}
    shell.change("shared.add", args, lambda account: f"added the shared account {account['address']}")


def _add_user(
    shell: Shell, address: str, quota: int | None, *, password_stdin: bool, hash_stdin: bool, admin: bool
) -> None:
    args: Json = {"address": address, "quota": quota, "is_admin": admin}
    if hash_stdin:
        if password_stdin:
            raise Failure("usage", "--password-stdin and --hash-stdin exclude each other", "give one of them")
        args["hash"] = get_password(from_stdin=True, subject=address).text
        shell.change("user.add", args, lambda account: f"added the user {account['address']}")
        return
    given = get_password(from_stdin=password_stdin, subject=address)
    args["password"] = given.text
    _change_and_show(shell, "user.add", args, "added the user", given.text if given.is_new else None)


def _change_and_show(shell: Shell, command: str, args: Json, words: str, password: str | None) -> None:
    """A change that made a password: show it once."""
    if password is None or shell.dry_run:
        shell.change(command, args, lambda row: f"{words} {row.get('address') or row['login']}")
        return
    result = shell.ask(command, args)
    subject = result.get("address") or result["login"]
    if shell.as_json:
        shell.print_json({**result, "password": password})
        return
    print(f"{words} {subject}")
    print(f"password: {password}")
    note("It is shown this once and kept only as a hash.")
    if result.get("undo"):
        note(f"undo: {result['undo']}")


@user.command("passwd")
@click.argument("address")
@click.option("--password-stdin", is_flag=True, help="The password is the first line of standard input.")
@changing
def passwd(shell: Shell, address: str, password_stdin: bool) -> None:
    """Give a user a new password; the old one is worthless at once."""
    given = get_password(from_stdin=password_stdin, subject=address)
    args = {"name": address, "password": given.text}
    _change_and_show(shell, "user.passwd", args, "changed the password of", given.text if given.is_new else None)


@user.command("list")
@click.argument("domain", required=False)
@common
def list_(shell: Shell, domain: str | None) -> None:
    """All accounts, or those of one domain."""
    columns = (
        ("ADDRESS", lambda row: row["address"]),
        ("KIND", lambda row: row["kind"]),
        ("STATUS", lambda row: row["status"]),
        ("MESSAGES", lambda row: str(row["used_messages"])),
        ("USED", lambda row: size_words(row["used_bytes"])),
        ("QUOTA", lambda row: size_words(row["quota"]) if row["quota"] else "none"),
    )
    shell.list("user.list", {"domain": domain}, columns, "There is no user yet: mailstead user add ada@example.com")


@user.command("show")
@click.argument("address")
@common
def show(shell: Shell, address: str) -> None:
    """One user with their accounts, or a shared account with its members."""
    found = shell.ask("user.show", {"name": address})
    if shell.as_json:
        shell.print_json(found)
        return
    if "login" in found:
        role = "" if found["role"] == "user" else f" ({found['role']})"
        print(f"{'login':<12} {found['login']}{role}")
        if found["domains"]:
            print(f"{'looks after':<12} {', '.join(found['domains'])}")
        print(f"{'status':<12} {found['status']}")
        print(f"{'since':<12} {found['created_at']}")
    for account in found.get("accounts", [found]):
        quota = size_words(account["quota"]) if account["quota"] else "no limit"
        most = f" of {account['quota_messages']}" if account["quota_messages"] else ""
        use = f"{account['used_messages']}{most} messages, {size_words(account['used_bytes'])} of {quota}"
        role = f" as {account['role']}" if "role" in account else ""
        print(f"{'account':<12} {account['address']} ({account['kind']}){role}: {use}")
    for member in found.get("members", []):
        print(f"{'member':<12} {member['login']} as {member['role']}")


@user.command("set")
@click.argument("address")
@click.option("--quota", type=SIZE, help="Most mail it may hold; none: no limit.")
@click.option("--quota-messages", type=click.IntRange(0), help="Most messages it may hold; 0: no limit.")
@click.option("--status", type=click.Choice(["active", "inactive", "suspended"]), help="Only active ones log in.")
@click.option("--admin/--no-admin", "is_admin", default=None, help="May administer this server.")
@click.option("--role", type=click.Choice(USER_ROLES), help="What they may do here beside their own mail.")
@click.option("--domain", "domains", multiple=True, help="That a domain-admin looks after; may be repeated.")
@changing
def set_(shell: Shell, address: str, **changes: Any) -> None:
    """Change quota, status or rights of a user."""
    changes["domains"] = list(changes["domains"]) or None
    if all(value is None for value in changes.values()):
        raise Failure("usage", "nothing to change", "give --quota, --quota-messages, --status or --role")
    shell.change("user.set", {"name": address, **changes}, lambda row: f"changed {row.get('login') or row['address']}")


@user.command("share")
@click.argument("address")
@click.argument("member")
@click.argument("role", type=click.Choice([*ROLES, "none"]))
@changing
def share(shell: Shell, address: str, member: str, role: str) -> None:
    """Let MEMBER into the account ADDRESS as ROLE; none: no longer.

    \b
    mailstead user share team@example.com bob@example.com editor
    """
    args = {"address": address, "user": member, "role": None if role == "none" else role}
    shell.change("shared.grant", args, lambda row: f"made {member} {row['role'] or 'a stranger'} of {address}")


@user.command("remove")
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@changing
def remove(shell: Shell, address: str, yes: bool) -> None:
    """Remove a user with their account and all its mail, or a shared account."""
    plan = shell.ask("user.remove", {"name": address, "dry_run": True})
    mail = f"{plan['used_messages']} messages ({size_words(plan['used_bytes'])})"
    shell.confirm(f"Remove {plan['address']} with {mail}", plan["address"], yes=yes)
    gone = shell.change("user.remove", {"name": address}, lambda row: f"removed {row['address']} with {mail}")
    if gone["stray_aliases"]:
        note(f"aliases that still name it: {', '.join(gone['stray_aliases'])}")


@user.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--generate", is_flag=True, help="Make passwords for rows that have none, and print them.")
@changing
def import_(shell: Shell, file: Path, generate: bool) -> None:
    """Add the users of a CSV file: address,password[,name,quota,hash].

    Every row is checked before the first is added. Users that are there already are skipped, so after an
    interruption the same command does the rest. A first row with these words names the columns. - is standard input.
    """
    from mailstead.cli.importing import import_users

    import_users(shell, file, generate=generate)
