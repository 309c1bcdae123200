"""Who had room, and who is owed a bounce."""

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account
from mailstead.ground.model.envelope import Recipient
from mailstead.ground.model.ids import AccountId, DomainId
from mailstead.ground.model.verdict import Reason
from mailstead.services.accounts.resolve import Target
from mailstead.services.delivery.filing import has_room, left_out
from mailstead.services.delivery.plan import Accepted, Fate

RECIPIENT = Recipient(Address("team", "a.test"))


def target(number: int, *, quota: int = 0, used: int = 0) -> Target:
    return Target(
        Account(
            id=AccountId(number), domain_id=DomainId(1), address=Address(f"u{number}", "a.test"),
            quota_bytes=quota, used_bytes=used,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("quota", "used", "size", "fits"),
    [(0, 10**12, 5, True), (10, 5, 5, True), (10, 5, 6, False), (10, 10, 0, True), (10, 11, 0, False)],
)
def test_room(quota: int, used: int, size: int, fits: bool) -> None:
    assert has_room(target(1, quota=quota, used=used).account, size) is fits


@pytest.mark.parametrize(
    ("fates", "full", "may_refuse", "reason"),
    [
        ([Fate.FILED, Fate.FILED], False, False, None),
        ([Fate.FILED, Fate.GONE], False, False, Reason.USER_UNKNOWN),
        ([Fate.FILED, Fate.GONE], False, True, Reason.USER_UNKNOWN),
        ([Fate.GONE, Fate.GONE], False, False, Reason.USER_UNKNOWN),
        ([Fate.GONE, Fate.GONE], False, True, None),
        ([Fate.FILED, Fate.FULL], False, True, Reason.MAILBOX_FULL),
        ([Fate.FULL, Fate.FULL], False, True, None),
        ([Fate.FILED, Fate.FILED], True, False, Reason.MAILBOX_FULL),
    ],
)
def test_left_out(fates: list[Fate], full: bool, may_refuse: bool, reason: Reason | None) -> None:
    accepted = Accepted(RECIPIENT, (target(1), target(2)), (target(3),) if full else ())
    by_account = {AccountId(1): fates[0], AccountId(2): fates[1]}
    assert left_out(accepted, by_account, may_refuse=may_refuse) is reason
