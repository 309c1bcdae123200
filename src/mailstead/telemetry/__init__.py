"""Events and the metrics counted from them: `emit(Event.X, field=value)`; below the configured level it only counts."""

import traceback
from secrets import token_hex
from typing import Any

from mailstead.telemetry.event import Event
from mailstead.telemetry.event_type import EventType
from mailstead.telemetry.metrics import REGISTRY, Gauge
from mailstead.telemetry.output import THRESHOLD, configure, log

__all__ = ["Event", "EventType", "Gauge", "configure", "emit", "incident", "set_gauge"]


def emit(event: Event, **fields: Any) -> None:
    """Count an event and, if its level is wanted, log it. Only fields of its row (a test reads every call)."""
    observe = event.observe
    if observe is not None:
        observe(fields)
    if event.level >= THRESHOLD.level:
        log(event, fields)


def incident(error: BaseException, *, subsystem: str, session: int = 0) -> str:
    """Log a fault of ours with its stack; the id returned is all a stranger may be told."""
    name = token_hex(6)
    trace = "".join(traceback.format_exception(error))
    emit(
        Event.SYSTEM_INCIDENT,
        incident=name,
        subsystem=subsystem,
        session=session,
        error=f"{type(error).__name__}: {error}",
        trace=trace,
    )
    return name


def set_gauge(gauge: Gauge, value: float, *labels: str) -> None:
    """Set a gauge of this process; label values in the order of its row."""
    REGISTRY.set_gauge(gauge, value, *labels)
