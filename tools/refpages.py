"""Writes the reference pages of docs/reference from the code; with --check only tells which are out of date."""

import json
import sys
from collections.abc import Callable, Iterator
from logging import getLevelName
from pathlib import Path
from typing import Any

import click

from mailstead.app.config_reference import reference
from mailstead.cli.main import root as cli
from mailstead.ground.model.policy import PROFILES, Sheet
from mailstead.ground.model.policy_columns import COLUMNS
from mailstead.ground.wire.smtp.reply import Status
from mailstead.servers.web import blocklist, domains, users
from mailstead.servers.web.queue import CALLS
from mailstead.servers.web.refusals import STATUSES
from mailstead.servers.web.v1.openapi import describe
from mailstead.servers.web.v1.problems import PROBLEMS
from mailstead.servers.web.v1.table import ENDPOINTS
from mailstead.telemetry.event import Event
from mailstead.telemetry.fields import FIELDS
from mailstead.telemetry.metrics import Gauge

PAGES = Path(__file__).resolve().parent.parent / "docs" / "reference"
MADE = "Made from the code by `make docs`; do not edit.\n"


def events() -> str:
    """Every event with its level, type and fields; every field; every metric."""
    rows = [
        f"| `{event.value}` | {getLevelName(event.level).lower()} | {event.event_type.value} "
        f"| {' '.join(sorted(event.fields))} |"
        for event in Event
    ]
    fields = [
        f"| `{field.shown or name}` | {field.kind.name.lower()} | {field.sentence} |"
        for name, field in sorted(FIELDS.items())
    ]
    return (
        f"# Events\n\n{MADE}\nLevel, type (`event_type` in JSON) and fields of everything the program tells.\n\n"
        "| event | level | type | fields |\n|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        "## Fields\n\nFields of the kinds address, ip and login are hashed where a privacy setting asks for it.\n\n"
        "| field | kind | is |\n|---|---|---|\n" + "\n".join(fields) + "\n"
    )


def metrics() -> str:
    """Every metric: counted from events, and gauges."""
    seen: dict[str, str] = {}
    for event in Event:
        for metric in event.metrics:
            names = ", ".join(f"`{alias}`" for alias in metric.aliases)
            labels = " ".join(metric.by)
            seen[metric.name] = f"| `mailstead_{metric.name}` | {metric.sentence} | {labels} | {names} |"
    for gauge in Gauge:
        names = ", ".join(f"`{alias}`" for alias in gauge.aliases)
        seen[gauge.title] = f"| `mailstead_{gauge.title}` | {gauge.sentence} | {' '.join(gauge.by)} | {names} |"
    return (
        f"# Metrics\n\n{MADE}\nCounted from events or set by workers, summed over all workers, at `/metrics`.\n\n"
        "| metric | is | labels | also as |\n|---|---|---|---|\n"
        + "\n".join(seen[name] for name in sorted(seen))
        + "\n"
    )


def replies() -> str:
    """Every SMTP reply."""
    rows = [f"| {status.code} | {status.enhanced} | {status.text} |" for status in Status]
    return f"# SMTP and LMTP replies\n\n{MADE}\n| code | enhanced | text |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def commands() -> str:
    """The command line."""
    return f"# Commands\n\n{MADE}" + "".join(_command(cli, "mailstead", click.Context(cli, info_name="mailstead")))


def _command(command: click.Command, name: str, context: click.Context) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield f"\n## {name}\n\n```\n{command.get_help(context)}\n```\n"
        return
    for part in command.list_commands(context):
        child = command.get_command(context, part)
        if child is not None and not child.hidden:
            yield from _command(child, f"{name} {part}", click.Context(child, info_name=part, parent=context))


def queue_api() -> str:
    """Every call of the queue's API."""
    rows = [f"| `{call.method}` | `{call.path}` | {call.words} |" for call in CALLS]
    errors = [f"| {status} | {what} | {fix or '-'} |" for status, what, fix in sorted(set(STATUSES.values()))]
    return (
        f"# HTTP API of the queue\n\n{MADE}\n"
        "Every call shows a token: `Authorization: Bearer TOKEN` or `X-API-Key: TOKEN`. It is the one of "
        "`api.admin_token`, or one made with\n`mailstead token create` for a user who is an administrator. Answers are "
        "JSON; the names of the fields are those of Elemta's API. A body is JSON\nof at most 64 KiB; "
        '`{"dry_run": true}` says what a call would do.\n\n'
        "| method | path | does |\n|---|---|---|\n" + "\n".join(rows) + "\n\n"
        '## Refusals\n\nAll are `{"error": what, "why": why, "fix": what to do}`; 401 without a good token.\n\n'
        "| status | what | what to do |\n|---|---|---|\n" + "\n".join(errors) + "\n"
    )


def policy() -> str:
    """Every column of a policy."""
    profiles = {profile: Sheet(policy=chosen) for profile, chosen in PROFILES.items()}
    rows = []
    for column in COLUMNS:
        default = column.of(Sheet())
        others = [
            f"{one.value} {_code(column.of(sheet))}" for one, sheet in profiles.items() if column.of(sheet) != default
        ]
        cells = (f"`{column.dotted}`", f"`{column.flat}`", _code(default), ", ".join(others))
        rows.append(f"| {' | '.join(cells)} | {column.kind.allowed} |")
    return (
        f"# What a domain may want\n\n{MADE}\n"
        "The first name is that of `mailstead policy` and of `/security`, the second that of `/api/domains`.\n"
        "What they mean stands in [policy.md](../policy.md).\n\n"
        "| field | column | default | in other profiles | allowed |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _code(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`" if text else ""


def admin_api() -> str:
    """Every call of the admin API."""
    rows = [f"| `{call.method}` | `{call.path}` | {call.words} |" for call in domains.CALLS]
    rows.append(f"| `POST` | `{users.PATH}` | {users.WORDS} |")
    rows.append(f"| `GET`, `POST` | `{blocklist.PATH}` | {blocklist.WORDS} |")
    return (
        f"# HTTP API of domains and their policies\n\n{MADE}\n"
        "In the words of gomailserver's admin API. Every call shows `Authorization: Bearer TOKEN`, the token of "
        "`api.admin_token` or one of\na user who is an administrator. A body is a JSON object of at most 64 KiB. "
        'Refusals are `{"error": words, "status": number}`.\nThe columns are those of [policy.md](policy.md).\n\n'
        "| method | path | does |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def api() -> str:
    """Every call of `/api/v1`, from its OpenAPI description."""
    found = describe(ENDPOINTS)
    calls = [_call(path, method, one) for path, item in found["paths"].items() for method, one in item.items()]
    errors = [f"| {status} | {what} | {fix} |" for status, what, fix in sorted(set(PROBLEMS.values()))]
    return (
        f"# HTTP API, version 1\n\n{MADE}\n"
        "How to use it stands in [api.md](../api.md). The same as OpenAPI 3.1 is served at `/api/v1/openapi.json`.\n"
        + "".join(calls)
        + "\n# What bodies and answers hold\n"
        + "".join(_schema(name, schema) for name, schema in found["components"]["schemas"].items())
        + '\n# Refusals\n\nAll are `{"error": what, "why": why, "fix": what to do, "status": number}`.\n\n'
        "| status | what | what to do |\n|---|---|---|\n" + "\n".join(errors) + "\n"
    )


def _call(path: str, method: str, one: dict[str, Any]) -> str:
    scopes = [scope for row in one["security"][:1] for scope in row["bearer"]]
    needs = f"scope `{scopes[0]}`" if scopes else "a token" if one["security"] else "no token"
    lines = [f"\n## {method.upper()} {path}\n\n{one['summary']} Needs {needs}.\n"]
    for wanted, words in (("query", "parameters"), ("header", "headers")):
        names = [f"`{p['name']}`" + ("" if p.get("required") else "?") for p in one["parameters"] if p["in"] == wanted]
        lines += [f"- {words}: {', '.join(names)}\n"] if names else []
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    lines += [f"- body: {_kind(body)}\n"] if body else []
    for status, answer in one["responses"].items():
        if status.startswith("2"):
            schema = answer.get("content", {}).get("application/json", {}).get("schema")
            lines.append(f"- answer: {status}" + (f", {_kind(schema)}" if schema else "") + "\n")
    lines.append(f"- refusals: {', '.join(status for status in one['responses'] if status >= '400')}\n")
    return "".join(lines)


def _schema(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    fields = [
        f"| `{field}` | {_kind(kind)} | {'' if field in required or 'default' not in kind else _default(kind)} |"
        for field, kind in schema.get("properties", {}).items()
    ]
    words = schema.get("description", "").replace("\n", " ")
    return f"\n## {name}\n\n{words}\n\n| field | is | default |\n|---|---|---|\n" + "\n".join(fields) + "\n"


def _default(kind: dict[str, Any]) -> str:
    text = json.dumps(kind["default"])
    return f"`{text}`" if text not in ("null", '""') else ""


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"] if one is not None)
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    bounds = [f"{words} {schema[key]}" for key, words in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([schema.get("type", "anything"), *bounds])


WRITERS: dict[str, Callable[[], str]] = {
    "config.md": reference,
    "events.md": events,
    "metrics.md": metrics,
    "replies.md": replies,
    "commands.md": commands,
    "queue-api.md": queue_api,
    "policy.md": policy,
    "admin-api.md": admin_api,
    "api.md": api,
}


def main() -> int:
    """Write or compare."""
    PAGES.mkdir(parents=True, exist_ok=True)
    stale = []
    for name, write in WRITERS.items():
        page, text = PAGES / name, write()
        if not page.exists() or page.read_text() != text:
            stale.append(name)
            if "--check" not in sys.argv:
                page.write_text(text)
    if stale and "--check" in sys.argv:
        print(f"out of date: {', '.join(stale)}; run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
