"""The keys of what is kept beside mail: records of traffic."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from mailstead.app.config_kinds import Doc, Within


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceConfig:
    """What is remembered of letters: how each was judged and where it went, and what was refused."""

    keep: Annotated[
        timedelta, Doc("At most so long; domains may want less (`trace.days`)."), Within(86_400, 315_360_000)
    ] = timedelta(days=90)
    refusals: Annotated[
        int, Doc("Refusals that are remembered, whatever comes; the latest ones."), Within(1000, 100_000_000)
    ] = 1_000_000
