"""Where addresses lead, in a directory of dicts."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account, Alias, Domain, Status
from mailstead.ground.model.verdict import Defer, Reason, Refuse
from mailstead.services.accounts.resolve import DEPTH_MAX, Abroad, Resolution, resolve


@dataclass
class Directory:
    """Answers like the store's, and counts the questions."""

    domains: list[Domain] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    admin: str = ""
    asked: int = 0

    async def find_domain(self, name: str) -> Domain | None:
        self.asked += 1
        return next((domain for domain in self.domains if domain.name == name), None)

    async def get_domain(self, domain: int) -> Domain:
        return next(found for found in self.domains if found.id == domain)

    async def find_account(self, address: Address) -> Account | None:
        return next((account for account in self.accounts if account.address.key == address.key), None)

    async def find_alias(self, address: Address) -> Alias | None:
        targets = self.aliases.get(address.key)
        return None if targets is None else Alias(id=1, domain_id=1, address=address, targets=targets)  # type: ignore[arg-type]

    async def find_admin_account(self) -> Account | None:
        return next((account for account in self.accounts if str(account.address) == self.admin), None)


YOU = Address("you", "elsewhere.test")


def account(number: int, address: str, status: Status = Status.ACTIVE) -> Account:
    return Account(id=number, domain_id=1, address=Address.parse(address), status=status)  # type: ignore[arg-type]


def directory(**changes: Any) -> Directory:
    domains = [
        Domain(id=1, name="a.test"),  # type: ignore[arg-type]
        Domain(id=2, name="b.test", alias_of=1),  # type: ignore[arg-type]
        Domain(id=3, name="c.test", catchall="ann@a.test"),  # type: ignore[arg-type]
        Domain(id=4, name="asleep.test", status=Status.SUSPENDED),  # type: ignore[arg-type]
        Domain(id=5, name="off.test", status=Status.INACTIVE),  # type: ignore[arg-type]
        Domain(id=6, name="x.test", alias_of=7),  # type: ignore[arg-type]
        Domain(id=7, name="y.test", alias_of=6),  # type: ignore[arg-type]
        Domain(id=8, name="far.test", hand_off="lmtp://store.test"),  # type: ignore[arg-type]
    ]
    accounts = [
        account(1, "ann@a.test"), account(2, "bob@a.test"), account(3, "cat@a.test", Status.SUSPENDED),
        account(4, "dan@a.test", Status.INACTIVE), account(5, "eve+news@a.test"), account(6, "Zoë@a.test"),
    ]  # fmt: skip
    return Directory(domains=domains, accounts=accounts, **changes)


ALIASES = {
    "team@a.test": ("ann@a.test", "bob"),
    "twice@a.test": ("ann@a.test", "team@a.test", "bob@b.test"),
    "ring@a.test": ("gnir@a.test",),
    "gnir@a.test": ("ring@a.test",),
    "self@a.test": ("self@a.test", "ann@a.test"),
    "mixed@a.test": ("ann@a.test", "you@elsewhere.test"),
    "out@a.test": ("you@elsewhere.test",),
    "dead@a.test": ("nobody@a.test",),
    "half@a.test": ("nobody@a.test", "cat@a.test", "ann@a.test"),
    "sleepy@a.test": ("cat@a.test",),
    "empty@a.test": (),
    "odd@a.test": ("not an address@@",),
    "tagged@a.test": ("ann+x@a.test",),
}


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("ann@a.test", [(1, "")]),
        ("ANN@a.test", [(1, "")]),
        ("ZOË@a.test", [(6, "")]),
        ("ann+tag@a.test", [(1, "tag")]),
        ("ann+a+b@a.test", [(1, "a+b")]),
        ("eve+news@a.test", [(5, "")]),
        ("ann@b.test", [(1, "")]),
        ("ann+t@b.test", [(1, "t")]),
        ("whoever@c.test", [(1, "")]),
        ("team@a.test", [(1, ""), (2, "")]),
        ("team+x@a.test", [(1, ""), (2, "")]),
        ("twice@b.test", [(1, ""), (2, "")]),
        ("half@a.test", [(1, "")]),
        ("tagged@a.test", [(1, "x")]),
    ],
)
async def test_found(address: str, found: list[tuple[int, str]]) -> None:
    resolution = await resolve(directory(aliases=ALIASES), Address.parse(address))  # type: ignore[arg-type]
    assert isinstance(resolution, Resolution)
    assert [(target.account.id, target.tag) for target in resolution.targets] == found


@pytest.mark.parametrize(
    ("address", "verdict", "reason"),
    [
        ("nobody@a.test", Refuse, Reason.USER_UNKNOWN),
        ("+ann@a.test", Refuse, Reason.USER_UNKNOWN),
        ("nobody+ann@a.test", Refuse, Reason.USER_UNKNOWN),
        ("ann@elsewhere.test", Refuse, Reason.RELAY_DENIED),
        ("ann@asleep.test", Defer, Reason.DOMAIN_INACTIVE),
        ("ann@off.test", Refuse, Reason.DOMAIN_INACTIVE),
        ("cat@a.test", Defer, Reason.ACCOUNT_INACTIVE),
        ("dan@a.test", Refuse, Reason.ACCOUNT_INACTIVE),
        ("dan+x@a.test", Refuse, Reason.ACCOUNT_INACTIVE),
        ("sleepy@a.test", Defer, Reason.ACCOUNT_INACTIVE),
        ("ring@a.test", Refuse, Reason.ALIAS_LOOP),
        ("self@a.test", Refuse, Reason.ALIAS_LOOP),
        ("ann@x.test", Refuse, Reason.ALIAS_LOOP),
        ("dead@a.test", Refuse, Reason.USER_UNKNOWN),
        ("empty@a.test", Refuse, Reason.USER_UNKNOWN),
        ("odd@a.test", Refuse, Reason.RECIPIENT_INVALID),
        ("postmaster@a.test", Refuse, Reason.USER_UNKNOWN),
    ],
)
async def test_not_found(address: str, verdict: type[Refuse | Defer], reason: Reason) -> None:
    answer = await resolve(directory(aliases=ALIASES), Address.parse(address))  # type: ignore[arg-type]
    assert isinstance(answer, verdict)
    assert answer.reason is reason


@pytest.mark.parametrize(
    ("address", "here", "abroad"),
    [
        ("mixed@a.test", [1], [Abroad(YOU, domain="a.test")]),
        ("out@a.test", [], [Abroad(YOU, domain="a.test")]),
        ("out@b.test", [], [Abroad(YOU, domain="a.test")]),
        ("both@a.test", [1], [Abroad(YOU, domain="a.test")]),
        ("kept@far.test", [], [Abroad(Address("kept", "far.test"), "lmtp://store.test", "far.test", is_asked=True)]),
    ],
)
async def test_what_leads_elsewhere(address: str, here: list[int], abroad: list[Abroad]) -> None:
    aliases = {**ALIASES, "both@a.test": ("mixed@a.test", "YOU@elsewhere.test", "out@a.test")}
    found = await resolve(directory(aliases=aliases), Address.parse(address))  # type: ignore[arg-type]
    assert isinstance(found, Resolution)
    assert [target.account.id for target in found.targets] == here
    assert [
        replace(one, address=Address(one.address.local.lower(), one.address.domain)) for one in found.abroad
    ] == abroad


async def test_postmaster_reaches_an_admin() -> None:
    found = await resolve(directory(admin="bob@a.test"), Address.parse("Postmaster@b.test"))  # type: ignore[arg-type]
    assert isinstance(found, Resolution)
    assert [target.account.id for target in found.targets] == [2]


@pytest.mark.parametrize(("steps", "is_found"), [(DEPTH_MAX, True), (DEPTH_MAX + 1, False)])
async def test_depth(steps: int, is_found: bool) -> None:
    chain = {f"s{number}@a.test": (f"s{number + 1}@a.test",) for number in range(steps - 1)}
    chain[f"s{steps - 1}@a.test"] = ("ann@a.test",)
    answer = await resolve(directory(aliases=chain), Address.parse("s0@a.test"))  # type: ignore[arg-type]
    assert isinstance(answer, Resolution) is is_found


async def test_a_bush_of_aliases_costs_no_more_than_its_twigs() -> None:
    layers = {
        f"l{layer}n{number}@a.test": tuple(f"l{layer + 1}n{k}@a.test" for k in range(9))
        for layer in range(9)
        for number in range(9)
    }
    bush = directory(aliases=layers)
    answer = await resolve(bush, Address.parse("l0n0@a.test"))  # type: ignore[arg-type]
    assert isinstance(answer, Refuse)
    assert bush.asked < 200
