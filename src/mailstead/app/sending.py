"""What the rooms of sending are made of, by the configuration."""

from datetime import timedelta

from mailstead.app.config_sending import QueueConfig
from mailstead.services.spool.terms import Schedule, Terms


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


def _ms(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)
