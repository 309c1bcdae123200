"""Letters that are kept aside until somebody releases or deletes them, or their time is over."""

from dataclasses import dataclass

from mailstead.ground.model.envelope import BodyType
from mailstead.ground.model.ids import AccountId, BlobId, Instant
from mailstead.ground.model.verdict import Reason

KEPT_IN = "quarantine"
"""In place of a folder, in traces."""
NOBODY = AccountId(0)
"""In place of an account: the copy is for addresses elsewhere."""


@dataclass(frozen=True, slots=True)
class Custody:
    """Why a letter is to be kept. `is_full`: there is no room, and what it carries must not be filed."""

    reason: Reason
    words: str
    has_virus: bool
    is_full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetter:
    """One copy, with all that is needed to deliver it after all."""

    id: int
    recipient: str
    account_id: AccountId
    kept_at: Instant
    sender: str
    client_ip: str
    body: BodyType
    smtputf8: bool
    blob_id: BlobId
    prefix: bytes
    size: int
    message_id: str
    author: str
    subject: str
    reason: str
    words: str
    has_virus: bool
    is_told: bool = False

    @property
    def domain(self) -> str:
        """Whose policy kept it."""
        return self.recipient.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFilter:
    """Which copies are meant: all of these hold. `domains`: None means any; the texts: "" means any."""

    domains: tuple[str, ...] | None = None
    recipient: str = ""
    sender: str = ""
    reason: str = ""
    before: Instant | None = None  # kept before it
