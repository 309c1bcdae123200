"""Who comes near a quota, and what was told of it."""

from dataclasses import dataclass
from typing import Protocol

from mailstead.ground.model.ids import AccountId, DomainId
from mailstead.ground.model.quota import Quota


@dataclass(frozen=True, slots=True)
class Filling:
    """An account or a domain at 80 % of its quota or more, or one of which that was told."""

    id: int
    name: str
    quota: Quota
    warned: int  # the threshold last told, in percent; 0: none


class QuotaReads(Protocol):
    """For the duty that tells."""

    async def last_account(self) -> int:
        """The greatest id; 0 if there is none."""

    async def list_filling_accounts(self, after: int, upto: int) -> list[Filling]:
        """Active ones with `after` < id <= `upto`: walk all accounts in steps."""

    async def list_filling_domains(self) -> list[Filling]: ...


class QuotaWrites(QuotaReads, Protocol):
    """One of these in the unit that writes the letter."""

    async def mark_account_warned(self, account: AccountId, before: int, now: int) -> bool:
        """Remember a threshold as told; False if it is no longer `before`."""

    async def mark_domain_warned(self, domain: DomainId, before: int, now: int) -> bool: ...
