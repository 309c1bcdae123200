"""The arguments of `report.*`."""

from typing import Annotated, Literal

import msgspec

from mailstead.servers.control.args import Args, Change, Text

ReportWord = Literal["dmarc", "tls", "failure"]
Days = Annotated[int, msgspec.Meta(ge=1, le=3660)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class ReportSummary(Args, frozen=True, kw_only=True):
    """`report.summary`."""

    kind: ReportWord = "dmarc"
    domain: Text | None = None
    days: Days = 30
    limit: Limit = 500


class ReportList(ReportSummary, frozen=True, kw_only=True):
    """`report.list`."""

    sent: bool = False


class ReportShow(Args, frozen=True, kw_only=True):
    """`report.show`."""

    id: Annotated[int, msgspec.Meta(ge=1)]


class ReportSend(Change, frozen=True, kw_only=True):
    """`report.send`."""

    day: Text
    kind: Literal["dmarc", "tls"] | None = None
    domain: Text | None = None
    early: bool = False
