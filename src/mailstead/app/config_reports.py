"""The keys of reports: what servers tell each other about mail as such."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from mailstead.app.config_kinds import Doc, Within


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsConfig:
    """Reports to others and of others. DMARC reports are wished for by domain (`dmarc.report_enabled` of a policy)."""

    tls: Annotated[
        bool, Doc("Tell domains that ask for it how the lines to them were (RFC 8460), in the name of server.domain.")
    ] = True
    keep: Annotated[
        timedelta, Doc("How long reports about our domains are kept."), Within(86_400, 315_360_000)
    ] = timedelta(days=400)  # fmt: skip
