"""What a kind of report has to know to be written by `Reporter`."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.formats.dmarc_destinations import Destinations
from mailstead.ground.model.address import Address
from mailstead.store.port.reports import ReportKey, ReportKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Who it is from and who wants it; the report itself is made once somebody does. `uploads`: URLs beside letters."""

    key: ReportKey
    report_id: str
    author: Address
    destinations: Destinations
    uploads: tuple[str, ...] = ()

    @property
    def is_wanted(self) -> bool:
        """By anybody."""
        return bool(self.destinations.agreed or self.uploads)


@dataclass(frozen=True, slots=True)
class Written:
    """A report in both its forms."""

    letter: bytes
    packed: bytes
    media: str


class Source(Protocol):
    """One kind of report."""

    @property
    def kind(self) -> ReportKind: ...

    def list_keys(self, day: int) -> AsyncIterator[ReportKey]:
        """Of all that could be written about a day."""

    async def draft(self, key: ReportKey) -> Draft | None:
        """None: it is not wanted by us."""

    async def render(self, draft: Draft, end: int) -> Written:
        """`end` is the last second it tells of."""
