"""Every `emit` of the program is read here: a registered event, and only its fields."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import mailstead
from mailstead.telemetry import Event
from mailstead.telemetry.fields import FIELDS

SOURCE = Path(mailstead.__file__).parent


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted(SOURCE.rglob("*.py")):
        if path.parent.name == "telemetry":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "emit":
                yield f"{path.relative_to(SOURCE)}:{node.lineno}", node


def events_of(node: ast.expr) -> list[Event]:
    """`Event.X`, or a choice between such."""
    match node:
        case ast.Attribute(value=ast.Name(id="Event" | "LogEvent"), attr=name):
            return [Event[name]]
        case ast.IfExp(body=body, orelse=other):
            return [*events_of(body), *events_of(other)]
        case _:
            raise AssertionError(f"name the event itself, not {ast.unparse(node)}")


ALL = list(calls())


def test_there_are_some() -> None:
    assert len(ALL) > 10


@pytest.mark.parametrize(("place", "call"), ALL, ids=[place for place, _ in ALL])
def test_emit_uses_a_registered_event_and_its_fields(place: str, call: ast.Call) -> None:
    assert len(call.args) == 1, f"{place}: fields go by name"
    used = {keyword.arg for keyword in call.keywords}
    assert None not in used, f"{place}: ** hides which fields are told"
    for event in events_of(call.args[0]):
        assert used <= event.fields, f"{place}: {event.name} has no {used - event.fields}"
        needed = {label for metric in event.metrics for label in metric.by}
        assert needed <= used, f"{place}: {event.name} is counted by {needed - used}"


@pytest.mark.parametrize("event", Event)
def test_rows_hold_to_the_rules(event: Event) -> None:
    subsystem, thing, outcome = event.value.split(".")
    assert subsystem.isalnum()
    assert thing.isalnum()
    assert outcome.isalnum()
    assert event.fields <= FIELDS.keys()
    for metric in event.metrics:
        assert set(metric.by) <= event.fields
        assert (
            getattr(metric, "amount", "") or getattr(metric, "value", "") or next(iter(event.fields))
        ) in event.fields


@pytest.mark.parametrize("phrase", ["authentication failed", "rate_limit_exceeded", "virus_detected"])
def test_phrases_that_people_search_for(phrase: str) -> None:
    assert phrase in {event.message for event in Event}
