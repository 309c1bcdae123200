"""`mailstead report`: what servers tell each other about mail as such."""

from typing import Final

import click

from mailstead.cli.shell import Column, Json, Shell, changing, common, note

_KINDS = click.Choice(("dmarc", "tls", "failure"))
_KIND = click.argument("kind", type=_KINDS, default="dmarc", metavar="[dmarc|tls|failure]")
_DOMAIN = click.option("--domain", default="", help="Only about this domain.")
_DAYS = click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="Of so many days.")
_LIMIT = click.option("--limit", type=click.IntRange(1, 10_000), default=500, show_default=True, help="Most rows.")


_SENT: Final[tuple[Column, ...]] = (
    ("DAY", lambda row: row["day"]),
    ("FROM", lambda row: row["receiver"]),
    ("ABOUT", lambda row: row["domain"]),
    ("TO", lambda row: ", ".join(row["to"]) or "nobody"),
    ("LETTER", lambda row: str(row["letter"] or "-")),
    ("NOTE", lambda row: row["note"]),
)
_RECEIVED: Final[tuple[Column, ...]] = (
    ("ID", lambda row: str(row["id"])),
    ("BEGIN", lambda row: row["begin"]),
    ("ABOUT", lambda row: row["domain"]),
    ("FROM", lambda row: row["organization"]),
    ("VERIFIED", lambda row: "yes" if row["verified"] else "no"),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def report() -> None:
    """Reports of DMARC and TLS: those of others about our domains, and ours to them."""


@report.command("list")
@_KIND
@_DOMAIN
@_DAYS
@_LIMIT
@click.option("--sent", is_flag=True, help="Ours, in place of those of others.")
@common
def list_(shell: Shell, kind: str, domain: str, days: int, limit: int, sent: bool) -> None:
    """Reports, the latest first.

    \b
    mailstead report list dmarc --domain example.com
    mailstead report list tls --sent
    """
    args = {"kind": kind, "domain": domain, "days": days, "limit": limit, "sent": sent}
    if sent:
        shell.list("report.list", args, _SENT, "No report was written.")
    else:
        shell.list("report.list", args, (*_RECEIVED, *_results(kind)), "No report came.")


@report.command("show")
@click.argument("number", type=click.IntRange(1), metavar="ID")
@common
def show(shell: Shell, number: int) -> None:
    """One report of others with its rows."""
    rows: list[Json] = []
    found = shell.ask("report.show", {"id": number}, row=rows.append)
    if shell.as_json:
        shell.print_json({**found, "rows": rows})
        return
    verified = "DMARC vouches for it" if found["verified"] else "nobody vouches for it"
    print(f"report {found['report_id']} of {found['organization']} about {found['domain']}")
    print(f"  from {found['begin']} to {found['end']}, came from {found['sender'] or 'nobody'} ({verified})")
    for row in rows:
        result = "good" if row["good"] else "bad"
        print(f"  {row['count']:>8}  {result:<4}  {row['source']}  {_tell(row['detail'])}".rstrip())


@report.command("summary")
@_KIND
@_DOMAIN
@_DAYS
@_LIMIT
@common
def summary(shell: Shell, kind: str, domain: str, days: int, limit: int) -> None:
    """What all reports say together: who sends in the name of our domains, or how the lines to us were.

    \b
    mailstead report summary dmarc --domain example.com --days 7
    """
    source = "POLICY" if kind == "tls" else "SOURCE"
    columns = (("DOMAIN", lambda row: row["domain"]), (source, lambda row: row["source"]), *_results(kind))
    args = {"kind": kind, "domain": domain, "days": days, "limit": limit}
    shell.list("report.summary", args, columns, "No report came.")


@report.command("send")
@click.option("--day", required=True, help="The day (UTC), like 2026-05-31.")
@click.option("--kind", type=click.Choice(("dmarc", "tls")), help="Only of this kind.")
@_DOMAIN
@click.option("--early", is_flag=True, help="Though that day is not over: what still comes will be in no report.")
@changing
def send(shell: Shell, day: str, kind: str | None, domain: str, early: bool) -> None:
    """Write the reports of a day now, and not when they are due. What was written is not written again.

    \b
    mailstead report send --day 2026-05-31 --dry-run
    """
    columns = (
        ("KIND", lambda row: row["kind"]),
        ("FROM", lambda row: row["receiver"]),
        ("ABOUT", lambda row: row["domain"]),
        ("FATE", lambda row: row["fate"]),
        ("TO", lambda row: ", ".join(row["to"])),
        ("NOTE", lambda row: row["note"]),
    )
    args = {"day": day, "kind": kind, "domain": domain, "early": early, "dry_run": shell.dry_run}
    shell.list("report.send", args, columns, f"There is nothing to tell of {day}.")
    if shell.dry_run and not shell.as_json:
        note("nothing was written")


def _results(kind: str) -> tuple[Column, ...]:
    good = "GOOD" if kind == "tls" else "PASSED"
    return (good, lambda row: str(row["good"])), ("FAILED", lambda row: str(row["bad"]))


def _tell(detail: Json) -> str:
    """Of DMARC: who and what; of the others: what failed."""
    if "header_from" in detail:
        words = [f"from {detail['header_from']}", f"disposition {detail['disposition']}"]
        words += [f"dkim {one['domain']} {one['result']}" for one in detail["dkim"]]
        words += [f"spf {detail['spf']['domain']} {detail['spf']['result']}"] if detail["spf"] else []
        return ", ".join(words)
    return " ".join(str(value) for value in detail.values() if value)
