"""What the calls are answered from."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from mailstead.servers.web.login import Gatekeeper
from mailstead.servers.web.v1.counts import Counts
from mailstead.services.accounts.directory import Directory
from mailstead.services.quarantine.quarantine import Quarantine
from mailstead.services.spool.hand import Hand
from mailstead.services.spool.tracing import Tracing
from mailstead.telemetry.recent import Told, Wanted

Numbers = Callable[[], Awaitable[Mapping[str, float]]]
"""Counters of all workers since the program started, by name."""
Logs = Callable[[Wanted], Awaitable[list[Told]]]
"""Recent events of this node, the latest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One for a worker."""

    directory: Directory
    gatekeeper: Gatekeeper
    hand: Hand
    tracing: Tracing
    quarantine: Quarantine
    numbers: Numbers
    logs: Logs
    counts: Counts
    selector: str  # of a new key, if its domain's policy names none
