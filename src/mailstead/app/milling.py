"""Milters, made of the configuration: one round for the MX listener, one for our own people."""

from collections.abc import Sequence

from mailstead.app.config import Config
from mailstead.ground.model.milter import parse_milter
from mailstead.net.clock import Clock
from mailstead.net.dial import Dialer
from mailstead.net.sweep import Sweep
from mailstead.services.filters.line import Lines, Place
from mailstead.services.milters.milter import Milter
from mailstead.services.milters.round import MilterRound
from mailstead.store.port.blobs import Blobs


def round_of(config: Config, texts: Sequence[str], blobs: Blobs, clock: Clock, *, daemon_name: str) -> MilterRound:
    """In the order of the configuration."""
    dialer, sweep = "milter", Sweep()
    milters = []
    for rule in map(parse_milter, texts):
        place = Place(rule.path, rule.host, rule.port)
        milters.append(Milter(rule, Lines(place, Dialer(dialer, sweep), float(rule.timeout))))
    return MilterRound(
        milters, blobs, clock, hostname=config.smtp_hostname, daemon_name=daemon_name,
        size_max=config.smtp.max_message_size,
    )  # fmt: skip
