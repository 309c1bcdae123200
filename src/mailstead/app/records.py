"""What is kept of traffic, and how it ends: made of the configuration."""

from mailstead.app.config import Config
from mailstead.app.duties import Duty
from mailstead.net.clock import Clock
from mailstead.services.policy.forgetting import Forgetting
from mailstead.store.port import Store


def record_duties(config: Config, store: Store, clock: Clock) -> tuple[Duty, ...]:
    """What one worker of all does."""
    keep_ms = round(config.trace.keep.total_seconds() * 1000)
    forgetting = Forgetting(store, clock, keep_ms=keep_ms, most=config.trace.refusals)
    return (Duty("forget-traces", 3600.0, forgetting.run),)
