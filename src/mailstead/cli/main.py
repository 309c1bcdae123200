"""`mailstead`: the command line. Nothing is imported before it is needed."""

import os
import sys
from typing import Final

import click

from mailstead.cli.exits import DONE, FAILED, INTERRUPTED, USAGE, Failure
from mailstead.cli.lazy import LazyGroup, Row

EPILOG: Final = """\
\b
A first letter in ten seconds:      mailstead dev
A server of your own:               mailstead init --domain example.com \\
                                        --hostname mail.example.com --admin you@example.com
                                    mailstead run
Another user:                       mailstead user add ada@example.com
"""

root = LazyGroup(
    "mailstead",
    {
        "dev": Row("mailstead.cli.dev:dev", "A sandbox with sample mail; nothing leaves this machine."),
        "init": Row("mailstead.cli.init:init", "Write the configuration of a new server and its first user."),
        "run": Row("mailstead.cli.run:run", "Serve, until told to stop."),
        "serve": Row("mailstead.cli.run:run", ""),
        "status": Row("mailstead.cli.run:status", "How the running server is."),
        "stop": Row("mailstead.cli.run:stop", "Ask it to finish what it does and end."),
        "domain": Row("mailstead.cli.domain:domain", "Domains we receive mail for."),
        "user": Row("mailstead.cli.user:user", "People, their accounts, and accounts they share."),
        "app-password": Row("mailstead.cli.credentials:app_password", "Passwords for one program each."),
        "token": Row("mailstead.cli.credentials:token", "Bearer tokens for programs (OAUTHBEARER, XOAUTH2)."),
        "alias": Row("mailstead.cli.alias:alias", "Addresses that mean other addresses."),
        "dkim": Row("mailstead.cli.dkim:dkim", "Keys that sign what leaves, and their DNS records."),
        "guards": Row("mailstead.cli.guards:guards", "Limits of sending, and pauses of who bounces too much."),
        "suppression": Row("mailstead.cli.guards:suppression", "Recipients that are written to no longer."),
        "hold-rule": Row("mailstead.cli.guards:hold_rule", "Letters that wait until somebody has seen them."),
        "queue": Row("mailstead.cli.queue:queue", "What waits to leave, and what becomes of it."),
        "quarantine": Row("mailstead.cli.quarantine:quarantine", "Letters that were kept aside."),
        "message": Row("mailstead.cli.message:message", "Single letters, wherever they are."),
        "send": Row("mailstead.cli.send:send", "Hand in a letter from standard input."),
        "auth": Row("mailstead.cli.auth:auth", "Whether a login would be let in."),
        "route": Row("mailstead.cli.route:route", "Ways out: relays for single domains and senders."),
        "tls-rule": Row("mailstead.cli.tls_rule:tls_rule", "What the lines to single domains must be."),
        "outbound": Row("mailstead.cli.outbound:outbound", "The way to other servers."),
        "filter": Row("mailstead.cli.filter:filter_", "Virus scanners and spam filters that are other programs."),
        "hook": Row("mailstead.cli.hook:hook", "Programs elsewhere that are asked, or told, about letters."),
        "policy": Row("mailstead.cli.policy:policy", "What domains want: checks, limits, actions."),
        "limits": Row("mailstead.cli.login_blocks:limits", "How much of each limit somebody has used."),
        "blocks": Row("mailstead.cli.login_blocks:blocks", "Addresses that are not heard after failed logins."),
        "audit": Row("mailstead.cli.audit:audit", "Who changed what, and whether that is still as it was told."),
        "blocklist": Row("mailstead.cli.blocks:blocklist", "Senders and clients that are not heard."),
        "allowlist": Row("mailstead.cli.blocks:allowlist", "Senders and clients that are always heard."),
        "spam": Row("mailstead.cli.spam:spam", "Our own spam filter: what it says of a letter, and teaching it."),
        "report": Row("mailstead.cli.report:report", "Reports of DMARC and TLS, of others and of ours."),
        "greylist": Row("mailstead.cli.greylist:greylist", "Strangers who are asked to come again."),
        "db": Row("mailstead.cli.db:db", "The store."),
        "config": Row("mailstead.cli.config:config", "Look at the configuration, check it, explain it."),
        "version": Row("mailstead.cli.help:version", "What is installed."),
        "help": Row("mailstead.cli.help:help_", "Help on a command or a topic, such as exit-codes."),
    },
    help="Your own mail, from MX to inbox, in one program.",
    epilog=EPILOG,
)


def main(args: list[str] | None = None) -> None:
    """Run a command and end with its exit code."""
    sys.exit(run(sys.argv[1:] if args is None else args))


def run(args: list[str]) -> int:
    """The exit code of a command line."""
    try:
        code = root.main(args, prog_name="mailstead", standalone_mode=False)
        sys.stdout.flush()
    except Failure as failure:
        return tell(failure, as_json="--json" in args)
    except click.UsageError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        error.show()
        return FAILED
    except (click.Abort, KeyboardInterrupt):
        print("\nmailstead: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read our output has seen enough; keep the interpreter from complaining at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code if isinstance(code, int) else DONE


def tell(failure: Failure, *, as_json: bool) -> int:
    """Say what happened: to people on standard error, to programs on standard output."""
    print(f"mailstead: {failure.message}", file=sys.stderr)
    if failure.fix:
        print(f"    fix: {failure.fix}", file=sys.stderr)
    if as_json:
        import json

        error = {"kind": failure.kind, "message": failure.message, "fix": failure.fix}
        print(json.dumps({"schema": "mailstead.error.v1", "error": error}, ensure_ascii=False))
    return failure.code


if __name__ == "__main__":
    main()
