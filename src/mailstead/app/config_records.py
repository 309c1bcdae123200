"""The keys of what is kept beside mail: records of traffic, and letters that were set aside."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from mailstead.app.config_kinds import Doc, Size, Within


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceConfig:
    """What is remembered of letters: how each was judged and where it went, and what was refused."""

    keep: Annotated[
        timedelta, Doc("At most so long; domains may want less (`trace.days`)."), Within(86_400, 315_360_000)
    ] = timedelta(days=90)
    refusals: Annotated[
        int, Doc("Refusals that are remembered, whatever comes; the latest ones."), Within(1000, 100_000_000)
    ] = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineConfig:
    """Letters that are kept aside. Which ones, and for how long, is for each domain's policy."""

    url: Annotated[
        str,
        Doc(
            "Where recipients reach the HTTP port, like https://mail.example.com: digests then have links to release a "
            "letter. Without it they have none."
        ),
    ] = ""
    language: Annotated[Literal["en", "fr", "de"], Doc("Of digests and of the page that links lead to.")] = "en"
    domain_size: Annotated[
        Size,
        Doc("Room of each domain for kept letters; past it they are filed as junk, and viruses refused."),
        Within(0, 1 << 50),
    ] = Size(1 << 30)
