"""Reports about mail as such: what is counted for ours, which of them were written, and what others sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from mailstead.ground.formats.feedback.aggregate import Counted, Published, Record
from mailstead.ground.model.ids import AccountId, Instant, ModSeq

DAY_MS: Final = 86_400_000


class ReportKind(Enum):
    """What it is about: who letters are from, the lines they came by, or one letter that failed."""

    DMARC = "dmarc"
    TLS = "tls"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class DmarcPolicy:
    """As it was seen last on a day; `addresses` are what its `rua` names."""

    day: int  # since 1970-01-01, UTC
    published: Published
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DmarcCount:
    """Letters of one day to one domain of ours that are alike."""

    day: int
    receiver: str
    domain: str  # whose policy it was
    record: Record
    letters: int = 1


@dataclass(frozen=True, slots=True)
class ReportKey:
    """There is one report of each."""

    kind: ReportKind
    day: int
    receiver: str  # in whose name
    domain: str  # about whom


@dataclass(frozen=True, slots=True, kw_only=True)
class SentReport:
    """One that was written. `letter` None: nobody was there to send it to, as `note` says."""

    key: ReportKey
    report_id: str
    letter: int | None
    addresses: tuple[str, ...]
    note: str = ""
    written_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedReport:
    """One that others sent. `about` is JSON: what it says of itself and of the policy."""

    id: int
    kind: ReportKind
    organization: str
    report_id: str
    domain: str
    begin: Instant
    end: Instant
    received_at: Instant
    sender: str  # domain of the letter's author
    is_verified: bool  # DMARC vouched for it
    good: int
    bad: int
    about: bytes


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of a received report; `detail` is JSON."""

    source: str
    is_good: bool
    count: int
    detail: bytes


@dataclass(frozen=True, slots=True)
class SourceSum:
    """What all reports about a domain say of one source together."""

    domain: str
    source: str
    good: int
    bad: int


class ReportReads(Protocol):
    """Domains are canonical."""

    async def list_dmarc_domains(
        self, day: int, after: tuple[str, str] = ("", ""), limit: int = 500
    ) -> list[tuple[str, str]]:
        """Pairs of receiver and policy domain with letters of a day past `after`, in order."""

    async def find_dmarc_policy(self, day: int, domain: str) -> DmarcPolicy | None: ...

    async def list_dmarc_counts(
        self, day: int, receiver: str, domain: str, after: str = "", limit: int = 500
    ) -> list[tuple[str, Counted]]:
        """In the order of marks, each with its own, past one."""

    async def find_sent_report(self, key: ReportKey) -> SentReport | None: ...

    async def list_sent_reports(self, kind: ReportKind, since_day: int, limit: int = 500) -> list[SentReport]:
        """The latest days first."""

    async def find_report_cursor(self, account: AccountId) -> ModSeq:
        """0 if nothing was read yet."""

    async def has_received_report(self, kind: ReportKind, domain: str, organization: str, report_id: str) -> bool: ...

    async def count_received_reports(self, domain: str, since: Instant, *, is_verified: bool) -> int:
        """About a domain and those below it, of these or the others."""

    async def list_received_reports(
        self,
        kind: ReportKind,
        domain: str,
        since: Instant,
        limit: int = 500,
    ) -> list[ReceivedReport]:
        """Of one domain, or of all (""), the latest first."""

    async def get_received_report(self, report: int) -> ReceivedReport:
        """NotFound."""

    async def list_report_rows(self, report: int, after: int = -1, limit: int = 500) -> list[ReportRow]:
        """In their order, past a number."""

    async def sum_sources(self, kind: ReportKind, domain: str, since: Instant, limit: int = 500) -> list[SourceSum]:
        """Of one domain, or of all ("": each by itself), the largest first."""


class ReportWrites(ReportReads, Protocol):
    """No account is touched."""

    async def add_dmarc_counts(self, policies: Sequence[DmarcPolicy], counts: Sequence[DmarcCount]) -> None:
        """Add letters to those counted, and keep the policies in place of those of the same day; at most 500 rows."""

    async def put_sent_report(self, report: SentReport) -> bool:
        """False if there is one of its key."""

    async def count_failure_report(self, day: int, receiver: str, domain: str, limit: int) -> bool:
        """One more of a day; False if there were `limit` of them."""

    async def put_report_rows(self, report: int, first: int, rows: Sequence[ReportRow]) -> None:
        """At most 500, numbered from `first`; the report itself comes last."""

    async def put_received_report(self, report: ReceivedReport) -> bool:
        """False if it is known by its id."""

    async def put_report_cursor(self, account: AccountId, modseq: ModSeq) -> None:
        """What lies before it has been read."""

    async def forget_reports(
        self, *, counted_before: int, sent_before: int, received_before: Instant, strays_before: int, limit: int
    ) -> int:
        """Old counts and marks by their day, old reports of others, and rows of reports with a lower id that never
        came; gives how many rows went, 0 when done."""
