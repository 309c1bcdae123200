"""Columns by their names: read, written, refused with words."""

import json
from dataclasses import fields

import pytest

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.policy import PROFILES, Action, KeyType, Policy, Profile, Rate, Sheet, Spam
from mailstead.ground.model.policy_columns import (
    COLUMNS,
    KINDS,
    change,
    differences,
    dump_policy,
    dump_sheet,
    find_column,
    load_sheet,
    read_flat,
    read_grouped,
    read_words,
    write_flat,
    write_grouped,
)


def set_to(**values: object) -> Sheet:
    return change(Sheet(), read_flat(values))


def test_every_field_of_every_group_has_a_kind_and_keeps_its_default() -> None:
    sheet = Sheet()
    for name, kinds in KINDS.items():
        group = sheet.identity if name == "identity" else getattr(sheet.policy, name)
        assert [field.name for field in fields(group)] == list(kinds)
    assert change(sheet, read_flat(write_flat(sheet))) == sheet
    assert change(sheet, read_grouped(write_grouped(sheet))) == sheet


def test_the_seeds_defaults_by_the_seeds_names() -> None:
    flat = write_flat(Sheet())
    assert flat["ratelimit_smtp_per_ip"] == '{"count":100,"window_minutes":60}'
    assert flat["ratelimit_auth_per_ip"] == '{"count":10,"window_minutes":15}'
    assert json.loads(str(flat["dkim_headers_to_sign"]))[0] == "From"
    assert (flat["spf_dns_server"], flat["spf_fail_action"], flat["spf_softfail_action"]) == ("", "reject", "accept")
    assert (flat["spam_reject_score"], flat["spam_quarantine_score"]) == (10.0, 5.0)
    assert (flat["status"], flat["default_quota"], flat["dkim_signing_enabled"]) == ("active", 1073741824, True)
    assert write_grouped(Sheet())["auth"]["brute_force_block_minutes"] == 60


@pytest.mark.parametrize("profile", Profile)
def test_profiles_survive_the_store(profile: Profile) -> None:
    sheet = Sheet(policy=PROFILES[profile])
    assert load_sheet(dump_policy(sheet.policy)) == sheet
    assert load_sheet(dump_sheet(sheet)) == sheet


def test_a_row_of_another_version_of_the_program_is_read() -> None:
    sheet = load_sheet('{"spf_dns_timeout": 9, "from_the_future": 1}')
    assert sheet.policy.spf.dns_timeout == 9
    assert sheet.policy.spam == Policy().spam


def test_values_as_the_seed_and_as_people_write_them() -> None:
    assert set_to(dkim_key_size=4096, dkim_key_type="ed25519").policy.dkim.key_type is KeyType.ED25519
    assert set_to(spf_enabled=0).policy.spf.enabled is False
    assert set_to(spf_enabled="off").policy.spf.enabled is False
    assert set_to(spam_reject_score="12.5").policy.spam.reject_score == 12.5
    for written in ('{"count":50,"window_minutes":60}', {"count": 50, "window_minutes": 60}, "50/60"):
        assert set_to(ratelimit_smtp_per_ip=written).policy.rate_limit.smtp_per_ip == Rate(50, 60)
    assert set_to(spf_dns_server="192.0.2.1").policy.spf.dns_server == "192.0.2.1:53"
    assert set_to(spf_dns_server="[2001:db8::1]:5353").policy.spf.dns_server == "[2001:db8::1]:5353"
    assert set_to(dkim_headers_to_sign="From, To").policy.dkim.headers_to_sign == ("From", "To")
    assert set_to(catchall_email="All@Example.ORG").identity.catchall_email.endswith("@example.org")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("spf_dns_timeout", 0, "spf.dns_timeout: 0 .* whole number from 1 to 60"),
        ("spf_dns_timeout", 2.5, "spf.dns_timeout"),
        ("spf_dns_timeout", True, "spf.dns_timeout"),
        ("spf_dns_timeout", 10**400, "spf.dns_timeout"),
        ("spf_fail_action", "drop", "spf.fail_action: .* one of reject, quarantine, accept, tag"),
        ("spf_fail_action", None, "spf.fail_action"),
        ("clamav_virus_action", "accept", "clamav.virus_action: .* one of reject, quarantine, tag"),
        ("spam_reject_score", "nan", "spam.reject_score"),
        ("spam_reject_score", 4, "quarantine_score 5 is above spam.reject_score 4"),
        ("dkim_key_size", 1024, "dkim.key_size: 1024 .* 2048 or 4096"),
        ("dkim_headers_to_sign", '["To"]', "From among them"),
        ("dkim_headers_to_sign", '["From", "a b"]', "From among them"),
        ("dkim_selector", "a b", "dkim.selector"),
        ("ratelimit_smtp_per_ip", "{", "rate_limit.smtp_per_ip: .*window_minutes"),
        ("ratelimit_smtp_per_ip", '{"count":1}', "rate_limit.smtp_per_ip"),
        ("ratelimit_smtp_per_ip", "[" * 900 + "{", "rate_limit.smtp_per_ip"),
        ("ratelimit_smtp_per_ip", "5/0", "rate_limit.smtp_per_ip"),
        ("spf_dns_server", "dns.example.org", "spf.dns_server: .* an IP address"),
        ("spf_dns_server", "192.0.2.1:99999", "spf.dns_server"),
        ("catchall_email", "nobody", "identity.catchall_email: .* an address"),
        ("spf_record", "a\nb", "spf.record"),
        ("status", "deleted", "one of active, inactive, suspended"),
    ],
)
def test_what_is_not_allowed_is_refused_with_words(name: str, value: object, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        set_to(**{name: value})


def test_names_that_are_not_there_are_answered_with_the_nearest() -> None:
    with pytest.raises(Invalid, match=r"did you mean spf.dns_timeout"):
        find_column("spf.dns_timeot")
    with pytest.raises(Invalid, match="did you mean spf_enabled"):
        read_flat({"spf_enable": True})
    with pytest.raises(Invalid, match="there is no 'greylst'"):
        read_grouped({"greylst": {}})
    with pytest.raises(Invalid, match=r"auth: write an object"):
        read_grouped({"auth": 1})
    with pytest.raises(Invalid, match=r"write group.field=value"):
        read_words(["spam.reject_score"])


def test_one_change_is_one_difference() -> None:
    before = Sheet()
    after = change(before, read_words(["spam.reject_score=8", "greylist_enabled=off"]))
    told = {column.dotted: pair for column, pair in differences(before, after).items()}
    assert told == {"spam.reject_score": (10.0, 8.0), "greylist.enabled": (True, False)}
    assert len(COLUMNS) == len(write_flat(after))


def test_two_scores_that_belong_together_are_set_together() -> None:
    sheet = change(Sheet(), read_words(["spam.reject_score=4", "spam.quarantine_score=3"]))
    assert sheet.policy.spam == Spam(reject_score=4.0, quarantine_score=3.0)


def test_the_profiles_do_what_they_are_for() -> None:
    mu, dev = PROFILES[Profile.MU], PROFILES[Profile.DEV]
    assert (mu.rate_limit.smtp_per_ip, mu.rate_limit.smtp_per_sender) == (Rate(10, 60), Rate(100, 1440))
    assert {mu.spf.fail_action, mu.dmarc.reject_action, mu.dmarc.quarantine_action} == {Action.ACCEPT}
    assert not dev.greylist.enabled
    assert not dev.rate_limit.smtp_per_user.is_limit
    assert dev.spf.fail_action is Action.TAG
    assert PROFILES[Profile.GOMAILSERVER] == Policy()
