"""`mailstead init`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailstead.cli.exits import Failure
from mailstead.cli.passwords import get_password
from mailstead.cli.shell import Shell, note

if TYPE_CHECKING:
    from mailstead.app.config_init import NewServer


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--domain", required=True, help="The first domain to receive mail for.")
@click.option("--hostname", required=True, help="The name of this machine in the world.")
@click.option("--admin", required=True, metavar="ADDRESS", help="The first user, who may administer the server.")
@click.option("--dir", "directory", type=click.Path(path_type=Path, file_okay=False), default=Path(),
              help="Where mailstead.yaml and data/ go. Default: here.")  # fmt: skip
@click.option("--user", default="", help="The user the server becomes once its ports are bound.")
@click.option("--password-stdin", is_flag=True, help="The password is the first line of standard input.")
@click.option("--json", "as_json", is_flag=True, help="JSON for programs.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
def init(password_stdin: bool, as_json: bool, dry_run: bool, **words: Any) -> None:
    """Write the configuration of a new server and its first user.

    \b
    mailstead init --domain example.com --hostname mail.example.com --admin you@example.com
    """
    from mailstead.app.config_init import next_steps

    server = _plan(**words)
    if dry_run:
        print(f"would write {server.config} (0600) and {server.data} (0700)")
        print(f"would add the domain {server.domain} and the user {server.admin}")
        return
    given = get_password(from_stdin=password_stdin, subject=str(server.admin))
    _check_password(given.text)
    shell = Shell(server.config, as_json)
    _make(server, shell, given.text)
    password = {"password": given.text} if given.is_new else {}
    if as_json:
        report = {"config": str(server.config), "data_dir": str(server.data), "admin": str(server.admin)}
        shell.print_json({"schema": "mailstead.init.v1", **report, **password})
        return
    print(f"wrote {server.config} and {server.data}")
    print(f"added the domain {server.domain} and the user {server.admin}, who gets the mail to postmaster and abuse")
    if given.is_new:
        print(f"password: {given.text}")
        note("It is shown this once and kept only as a hash.")
    for line in next_steps(server):
        note(line)


def _plan(directory: Path, domain: str, hostname: str, admin: str, user: str) -> "NewServer":
    """Everything that can be wrong is told before anything is written."""
    from mailstead.app.config_check import check_identity
    from mailstead.app.config_init import NewServer
    from mailstead.app.config_keys import build
    from mailstead.ground.model.errors import Invalid

    try:
        server = NewServer.of(directory, domain, hostname, admin, user)
    except Invalid as error:
        raise Failure("usage", str(error)) from error
    for problem in check_identity(build({"server.user": user})):
        raise Failure("usage", problem.what, problem.fix)
    if (occupied := server.occupied()) is not None:
        raise Failure("exists", f"{occupied} is here already", "choose another --dir, or move it away")
    return server


def _check_password(password: str) -> None:
    from mailstead.app.config import Config
    from mailstead.ground.model.errors import Invalid
    from mailstead.services.accounts.passwords import prepare_password

    least = Config().security.min_password_length
    try:
        prepared = prepare_password(password)
    except Invalid as error:
        raise Failure("usage", str(error)) from error
    if len(prepared) < least:
        raise Failure("usage", f"the password is shorter than {least} characters")


def _make(server: "NewServer", shell: Shell, password: str) -> None:
    from mailstead.app.config_init import make_home
    from mailstead.app.settings import ensure_certificate

    try:
        make_home(server)
        ensure_certificate(shell.loaded.config)
        if server.user and os.geteuid() == 0:
            _give_to(server, server.user)
    except PermissionError as error:
        raise Failure("denied", f"{error.filename} cannot be written", "choose another --dir, or be root") from error
    except OSError as error:
        raise Failure("fault", f"{error.filename}: {error.strerror}") from error
    admin = str(server.admin)
    shell.ask("domain.add", {"name": server.domain})
    shell.ask("user.add", {"address": admin, "password": password, "is_admin": True})
    for name in ("postmaster", "abuse"):  # RFC 5321 §4.5.1, RFC 2142 §2
        if server.admin.local.lower() != name:
            shell.ask("alias.add", {"address": f"{name}@{server.domain}", "targets": [admin]})


def _give_to(server: "NewServer", user: str) -> None:
    """The server will be that user when it opens its data; the configuration it may read and not change."""
    import pwd

    entry = pwd.getpwnam(user)
    for path in (server.data, *server.data.rglob("*")):
        os.chown(path, entry.pw_uid, entry.pw_gid)
    os.chown(server.config, 0, entry.pw_gid)
    server.config.chmod(0o640)
