"""Pages of `mailstead help`."""

from collections.abc import Callable, Mapping
from typing import Final

from mailstead.cli.exits import EXITS


def exit_codes() -> str:
    """From the table itself."""
    return "Exit codes\n\n" + "\n".join(f"  {code:>3}  {words}" for code, words in EXITS.items())


def configuration() -> str:
    """Where it comes from."""
    return """\
Configuration

The first of these files is read: that of --config, that of $MAILSTEAD_CONFIG, mailstead.yaml or gomailserver.yaml
in the working directory, ~/.mailstead, /etc/mailstead, ~/.gomailserver, /etc/gomailserver. Environment variables
win over the file: MAILSTEAD_SMTP_RELAY_PORT for smtp.relay_port; _FILE behind a name names a file with the value.

Without a file the server keeps its data in ~/.mailstead and serves MAIL_DOMAIN (localhost) on MAIL_PORT (2525): on
loopback for localhost, on all addresses for any other domain.

  mailstead config validate      everything that is wrong, with file, line and cure
  mailstead config show          what is in force, and where each value comes from
  mailstead config reference     every key
"""


def passwords() -> str:
    """Where they come from, how they are kept."""
    return """\
Passwords

Commands take a password from a prompt, or from the first line of standard input with --password-stdin; without a
terminal they make one and show it once. They never take one as an argument, where everyone on the machine could
read it.

Passwords are kept as argon2id. Hashes of other servers may be imported: argon2, bcrypt ($2a$, $2b$, $2y$),
SHA512-CRYPT ($6$), {SSHA}, {SSHA256}, {SSHA512}, also with Dovecot's prefixes. They are replaced at the next login.
"""


def importing() -> str:
    """The CSV file."""
    return """\
Importing users

  mailstead user import FILE.csv

Columns: address,password[,name,quota,hash], or others named by a first row such as "address,hash". One of password and
hash is needed (or --generate, which prints what it made); quota is like 2GB; name is read and not kept yet.

All rows are checked before the first is added, and all problems are told with their lines. Users that are there already
are skipped: after an interruption run the same command again. --dry-run only checks.
"""


TOPICS: Final[Mapping[str, Callable[[], str]]] = {
    "exit-codes": exit_codes,
    "configuration": configuration,
    "passwords": passwords,
    "import": importing,
}
