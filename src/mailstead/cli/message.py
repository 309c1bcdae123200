"""`mailstead message`."""

import click

from mailstead.cli.shell import Json, Shell, common


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def message() -> None:
    """Single letters, wherever they are."""


@message.command("trace")
@click.argument("name", metavar="ID")
@common
def trace(shell: Shell, name: str) -> None:
    """The story of a letter: when it came, every try, what was said, and what that means.

    ID is its number in the queue, the number that our reply told (250 ... queued as), or its Message-ID.

    \b
    mailstead message trace '<20261120.1@example.com>'
    """
    print_trace(shell, name)


def print_trace(shell: Shell, name: str) -> None:
    """For people or programs."""
    found = shell.ask("message.trace", {"id": name})
    if shell.as_json:
        shell.print_json(found)
        return
    blocks = [_filed(one) for one in found["filed"]] + [_letter(one) for one in found["letters"]]
    print("\n\n".join("\n".join(block) for block in blocks))


def _filed(one: Json) -> list[str]:
    told = one["detail"]
    came = f"{one['at']} came from {told.get('from')} for {told.get('to')}"
    by = " ".join(str(told[name]) for name in ("helo", "ip") if told.get(name))
    how = ", ".join(str(told[name]) for name in ("with", "tls", "login") if told.get(name))
    return [
        f"filed here, number {told['id']}, Message-ID <{one['message_id']}>",
        f"  {came}{' by ' + by if by else ''}{' (' + how + ')' if how else ''}",
        f"  {one['at']} filed in {told.get('folder')} of {one['account'] or 'an account that is gone'}",
    ]


def _letter(letter: Json) -> list[str]:
    who = f"{letter['origin']}, from {letter['from'] or '<>'}"
    lines = [
        f"letter {letter['id']}, Message-ID <{letter['message_id']}>: {who}",
        f"  {letter['created_at']} spooled for {', '.join(one['address'] for one in letter['recipients'])}",
    ]
    for chapter in letter["chapters"]:
        first, *rest = chapter["words"] or [chapter["kind"]]
        lines += [f"  {chapter['at']} {first}", *(f"  {line}" for line in rest)]
    for one in letter["recipients"]:
        now = one["state"] + (f" for: {one['hold_reason']}" if one["hold_reason"] else "")
        then = f", tried next at {one['next_retry']}" if one["next_retry"] else ""
        lines.append(f"  now: {one['address']} is {now}{then}")
        if one["hint"]:
            lines.append(f"    {one['status']}: {one['hint']}")
    return lines
