"""What the rooms of sending are made of, by the configuration."""

from collections.abc import Callable
from datetime import timedelta

from mailstead.app.config_sending import QueueConfig
from mailstead.net.clock import Clock
from mailstead.net.ids import IdSource
from mailstead.services.dispatch.routes import parse_route
from mailstead.services.spool.hand import Hand, Returning
from mailstead.services.spool.terms import Schedule, Terms
from mailstead.store.port import Store


def terms_of(queue: QueueConfig) -> Terms:
    """Invalid if the schedule cannot be read."""
    return Terms(
        schedule=Schedule.parse(queue.schedule, queue.jitter),
        life=_ms(queue.life),
        notice_life=_ms(queue.notice_life),
        warn_after=_ms(queue.warn_after),
        failed_kept=_ms(queue.failed_kept),
        history=_ms(queue.history),
    )


def hand_of(
    queue: QueueConfig,
    store: Store,
    clock: Clock,
    ids: IdSource,
    returning: Returning | None,
    wake: Callable[[], None] = lambda: None,
) -> Hand:
    """The queue for an operator. `wake`: the dispatcher of this worker looks at once; the others within a second."""
    return Hand(store, clock, ids, terms_of(queue), returning=returning, check_route=parse_route, wake=wake)


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
