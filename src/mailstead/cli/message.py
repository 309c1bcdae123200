"""`mailstead message`."""

import click

from mailstead.cli.shell import Json, Shell, common, note, printable

_GONE_FROM_QUARANTINE = "  now no longer in quarantine: released, deleted, or its time was over"
_NAME = click.argument("name", metavar="NAME")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def message() -> None:
    """Single letters, wherever they are."""


@message.command("trace")
@_NAME
@common
def trace(shell: Shell, name: str) -> None:
    """The story of a letter: when it came, every try, what was said, and what that means.

    NAME is its number in the queue, the number that our reply told (250 ... queued as), or its Message-ID; or an
    address, an IP or the number of a session, for all that came from there, or for them, and was refused too.

    \b
    mailstead message trace '<20261120.1@example.com>'
    """
    print_trace(shell, name)


@message.command("explain")
@_NAME
@common
def explain(shell: Shell, name: str) -> None:
    """Why a letter did not arrive, or is where it is: what each check and filter found, and which rule decided.

    NAME as in `message trace`; it is the same story.

    \b
    mailstead message explain ann@example.com
    """
    print_trace(shell, name)


def print_trace(shell: Shell, name: str) -> None:
    """For people or programs."""
    found = shell.ask("message.trace", {"id": name})
    if shell.as_json:
        shell.print_json(found)
        return
    blocks = [_refused(one) for one in found["refused"]]
    blocks += [_filed(one) for one in found["filed"]] + [_letter(one) for one in found["letters"]]
    print("\n\n".join("\n".join(map(printable, block)) for block in blocks))
    if found.get("is_cut"):
        note("there is more, or there may be: this is the latest; ask by a Message-ID or a number")


def _came(at: str, told: Json) -> str:
    by = " ".join(str(told[name]) for name in ("helo", "ip") if told.get(name))
    how = ", ".join(str(told[name]) for name in ("with", "tls", "login") if told.get(name))
    recipient = f" for {told['to']}" if told.get("to") else ""
    return f"  {at} came from {told.get('from')}{recipient}{' by ' + by if by else ''}{' (' + how + ')' if how else ''}"


def _refused(one: Json) -> list[str]:
    told = one["detail"]
    name = f", Message-ID <{told['message_id']}>" if told.get("message_id") else ""
    head, *rest = one["words"]
    return [head, f"  in session {told.get('session')}{name}", _came(one["at"], told), *(f"  {line}" for line in rest)]


def _filed(one: Json) -> list[str]:
    told = one["detail"]
    head, *rest = one["words"]
    now = [f"  now in {place['folder']}, since {place['since']}" for place in one["folders"]]
    return [
        f"filed here, number {told['id']}, Message-ID <{one['message_id']}>",
        _came(one["at"], told),
        f"  {one['at']} {head}",
        *(f"  {line}" for line in rest),
        *(
            now
            or [_GONE_FROM_QUARANTINE if told.get("folder") == "quarantine" else "  now in no folder: deleted since"]
        ),
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
