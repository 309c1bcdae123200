"""Who had room, and who has to wait."""

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account
from mailstead.ground.model.envelope import Recipient
from mailstead.ground.model.ids import AccountId, DomainId
from mailstead.services.accounts.resolve import Abroad, Target
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
    ("fates", "full", "may_refuse", "left"),
    [
        ([Fate.FILED, Fate.FILED], False, False, []),
        ([Fate.FILED, Fate.GONE], False, False, ["u2"]),
        ([Fate.FILED, Fate.GONE], False, True, ["u2"]),
        ([Fate.GONE, Fate.GONE], False, False, ["u1", "u2"]),
        ([Fate.GONE, Fate.GONE], False, True, []),
        ([Fate.FILED, Fate.FULL], False, True, ["u2"]),
        ([Fate.FULL, Fate.FULL], False, True, []),
        ([Fate.FILED, Fate.FILED], True, False, ["u3"]),
    ],
)
def test_left_out(fates: list[Fate], full: bool, may_refuse: bool, left: list[str]) -> None:
    accepted = Accepted(RECIPIENT, (target(1), target(2)), (target(3),) if full else ())
    by_account = {AccountId(1): fates[0], AccountId(2): fates[1]}
    missed = left_out(accepted, by_account, may_refuse=may_refuse)
    assert [one.address.local for one in missed] == left
    assert {one.dsn.original for one in missed} <= {"rfc822;team@a.test"}  # all that a sender hears of


def test_who_goes_on_as_well_is_not_refused() -> None:
    accepted = Accepted(RECIPIENT, (target(1),), abroad=(Abroad(Address("x", "far.test")),))
    assert left_out(accepted, {AccountId(1): Fate.GONE}, may_refuse=True)
