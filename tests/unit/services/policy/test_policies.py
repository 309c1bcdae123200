"""What a domain wants: looked at cheaply, changed at once, and copied from the template."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailstead.ground.model.audit import Actor, Through
from mailstead.ground.model.directory import Status
from mailstead.ground.model.errors import AlreadyExists, Invalid, NotFound
from mailstead.ground.model.policy import PROFILES, TEMPLATE, Policy, Profile, Rate, Sheet
from mailstead.ground.model.policy_columns import COLUMNS, read_flat, read_words
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import NewDomain, add_domain, remove_domain, view_domain
from mailstead.services.accounts.users import NewUser, UserChange, add_user, change_user
from mailstead.services.policy import editing
from mailstead.services.policy.policies import Policies
from mailstead.store.port import ReadUnit, Store, T
from mailstead.telemetry import Event
from tests.support.directory import open_directory
from tests.support.fake_clock import FakeClock

WHO = "ann@example.com"
ANN = Actor(WHO, Through.API)
DOMAIN = "example.com"


@pytest.fixture
async def directory(tmp_path: Path) -> AsyncIterator[Directory]:
    async with open_directory(tmp_path, FakeClock()) as made:
        yield made


Told = list[tuple[Event, dict[str, Any]]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    heard: Told = []
    monkeypatch.setattr(editing, "emit", lambda event, **fields: heard.append((event, fields)))
    return heard


class Counting:
    """A store that counts what is read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads = 0

    async def read(self, unit: ReadUnit[T]) -> T:
        self.reads += 1
        return await self._store.read(unit)


async def set_words(directory: Directory, name: str, *words: str) -> editing.Edited:
    return await editing.edit(directory.by(ANN), name, read_words(list(words)))


async def test_a_change_holds_from_the_next_look_on_and_not_within_one(directory: Directory) -> None:
    here, there = Policies(directory.store), Policies(directory.store)
    began = await there.look()
    assert (await began.of(DOMAIN)).spam.reject_score == 10
    await set_words(directory, DOMAIN, "spam.reject_score=8")
    assert (await began.of(DOMAIN)).spam.reject_score == 10
    assert (await (await there.look()).of(DOMAIN)).spam.reject_score == 8
    assert (await here.of(DOMAIN)).version == (await there.look()).mark


async def test_a_look_reads_one_row_and_what_is_known_is_not_read_again(directory: Directory) -> None:
    store = Counting(directory.store)
    policies = Policies(store)  # type: ignore[arg-type]
    for _ in range(3):
        view = await policies.look()
        for _ in range(5):
            await view.of(DOMAIN)
    assert store.reads == 3 + 1


async def test_names_that_are_not_ours_have_the_template_and_aliases_their_domain(directory: Directory) -> None:
    policies = Policies(directory.store)
    await set_words(directory, TEMPLATE, "greylist.enabled=off")
    assert (await policies.of("elsewhere.test")).greylist.enabled is False
    assert (await policies.of("")).greylist.enabled is False
    assert (await policies.of(DOMAIN)).greylist.enabled is True
    assert (await policies.of("other.test")).greylist.enabled is False
    await add_domain(directory, NewDomain(name="other.test", alias_of=DOMAIN))
    assert (await policies.of("other.test")).greylist.enabled is True
    await remove_domain(directory, "other.test")
    assert (await policies.of("other.test")).greylist.enabled is False


async def test_what_is_remembered_is_bounded(directory: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailstead.services.policy.policies.REMEMBERED_MAX", 2)
    store = Counting(directory.store)
    view = await Policies(store).look()  # type: ignore[arg-type]
    for name in ("a.test", "b.test", "c.test", "c.test", "a.test"):
        await view.of(name)
    assert store.reads == 1 + 4


async def test_new_domains_are_copies_of_the_template_and_others_stay(directory: Directory) -> None:
    await set_words(
        directory, TEMPLATE, "dkim.key_size=4096", "identity.max_users=9", "identity.default_quota=500",
        "catchall_email=all@example.com",
    )  # fmt: skip
    domain = await add_domain(directory, NewDomain(name="new.test"))
    assert (domain.max_users, domain.default_quota, domain.catchall) == (9, 500, "all@example.com")
    assert (await view_domain(directory, "new.test")).domain == domain
    assert (await editing.show(directory, "new.test")).policy.dkim.key_size == 4096
    assert (await editing.show(directory, DOMAIN)).policy.dkim.key_size == 2048
    said = await add_domain(directory, NewDomain(name="said.test", max_users=0, default_quota=1))
    assert (said.max_users, said.default_quota) == (0, 1)
    await set_words(directory, TEMPLATE, "dkim.key_size=2048")
    assert (await editing.show(directory, "new.test")).policy.dkim.key_size == 4096


async def test_the_row_says_what_the_row_says(directory: Directory) -> None:
    edited = await set_words(directory, DOMAIN, "status=suspended", "max_users=3", "identity.backup_mx=mx2.test")
    assert edited.after.policy == edited.before.policy
    domain = (await view_domain(directory, DOMAIN)).domain
    assert (domain.status, domain.max_users, domain.backup_mx) == (Status.SUSPENDED, 3, "mx2.test")
    assert (await editing.show(directory, DOMAIN)).identity.status is Status.SUSPENDED


async def test_a_change_is_told_with_names_and_without_values(directory: Directory, told: Told) -> None:
    edited = await set_words(directory, DOMAIN, "spam.reject_score=8", "dmarc.report_email=secret@example.com")
    version = str(edited.after.policy.version)
    fields = {"domain": DOMAIN, "who": WHO, "fields": "dmarc.report_email spam.reject_score", "version": version}
    assert told == [(Event.POLICY_DOMAIN_CHANGED, fields)]
    assert {column.dotted: pair for column, pair in edited.differences.items()} == {
        "dmarc.report_email": ("", "secret@example.com"),
        "spam.reject_score": (10.0, 8.0),
    }


async def test_nothing_new_is_no_change(directory: Directory, told: Told) -> None:
    before = await editing.show(directory, DOMAIN)
    assert not (await set_words(directory, DOMAIN, "spam.reject_score=10")).differences
    assert await editing.show(directory, DOMAIN) == before
    assert not told


async def test_a_rehearsal_changes_nothing(directory: Directory, told: Told) -> None:
    words = read_words(["spam.reject_score=8"])
    edited = await editing.edit(directory.by(ANN), DOMAIN, words, dry_run=True)
    assert edited.after.policy.spam.reject_score == 8
    assert (await editing.show(directory, DOMAIN)).policy.spam.reject_score == 10
    assert not told


async def test_profiles_keep_what_the_domain_publishes(directory: Directory) -> None:
    await set_words(directory, DOMAIN, "spf.record=v=spf1 mx -all", "dkim.key_size=4096", "dmarc.report_enabled=on")
    edited = await editing.choose_profile(directory.by(ANN), DOMAIN, Profile.MU)
    policy = edited.after.policy
    assert policy.rate_limit == PROFILES[Profile.MU].rate_limit
    assert (policy.spf.record, policy.dkim.key_size, policy.dmarc.report_enabled) == ("v=spf1 mx -all", 4096, True)
    assert policy.rate_limit.smtp_per_ip == Rate(10, 60)


async def test_reset_takes_what_a_new_domain_would_have(directory: Directory) -> None:
    await set_words(directory, TEMPLATE, "spam.reject_score=12")
    await set_words(directory, DOMAIN, "spam.reject_score=8", "greylist.enabled=off")
    chosen = [column for column in COLUMNS if column.group == "spam"]
    policy = (await editing.reset(directory.by(ANN), DOMAIN, chosen)).after.policy
    assert (policy.spam.reject_score, policy.greylist.enabled) == (12, False)
    await editing.reset(directory.by(ANN), TEMPLATE, COLUMNS)
    template = await editing.show(directory, TEMPLATE)
    assert replace(template.policy, version=0, changed_at=Policy().changed_at) == Policy()
    assert template.identity == Sheet().identity


async def test_domains_that_cannot_be_changed(directory: Directory) -> None:
    await add_domain(directory, NewDomain(name="other.test", alias_of=DOMAIN))
    with pytest.raises(Invalid, match=r"other\.test is another name of example\.com"):
        await set_words(directory, "other.test", "spam.reject_score=8")
    with pytest.raises(NotFound, match=r"no domain nowhere\.test"):
        await set_words(directory, "nowhere.test", "spam.reject_score=8")
    listed = [one async for one in editing.list_all(directory)]
    assert [(one.row.name, one.alias_of) for one in listed] == [(DOMAIN, ""), ("other.test", DOMAIN)]
    assert listed[0].sheet.policy == listed[1].sheet.policy


async def test_domains_made_with_columns(directory: Directory) -> None:
    await set_words(directory, TEMPLATE, "spam.reject_score=12")
    columns = read_flat({"status": "inactive", "max_users": 50, "spf_enabled": False})
    made = await editing.add(directory.by(ANN), "two.test", columns, is_copy=False)
    assert (made.row.status, made.row.max_users) == (Status.INACTIVE, 50)
    assert (made.sheet.policy.spf.enabled, made.sheet.policy.spam.reject_score) == (False, 10)
    copied = await editing.add(directory.by(ANN), "three.test", {}, is_copy=True)
    assert copied.sheet.policy.spam.reject_score == 12
    with pytest.raises(AlreadyExists):
        await editing.add(directory.by(ANN), "two.test", {}, is_copy=True)


async def test_no_account_is_larger_than_the_domain_allows(directory: Directory) -> None:
    await set_words(directory, DOMAIN, "max_mailbox_size=1000", "default_quota=5000")
    account = await add_user(directory, NewUser(address="ann", password="long enough"))
    assert account.quota_bytes == 1000
    for quota in (0, 1001):
        with pytest.raises(Invalid, match="no account more than 1000 bytes"):
            await add_user(directory, NewUser(address="bob", password="long enough", quota_bytes=quota))
        with pytest.raises(Invalid, match="no account more than 1000 bytes"):
            await change_user(directory, "ann", UserChange(quota_bytes=quota))
    await change_user(directory, "ann", UserChange(quota_bytes=999))
