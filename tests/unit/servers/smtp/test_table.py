"""EHLO and HELP tell what the table can do."""

import ssl

import pytest

from mailstead.servers.smtp.profile import Dialect, Limits, Profile, lmtp, mx, submission
from mailstead.servers.smtp.table import COMMANDS, Offer, keywords, verbs


def context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def test_keywords_of_an_mx() -> None:
    assert keywords(Offer(mx("mx.test", tls=context), 1000, is_tls=False)) == (
        "PIPELINING", "ENHANCEDSTATUSCODES", "SIZE 1000", "8BITMIME", "BINARYMIME", "DSN", "SMTPUTF8",
        "LIMITS MAILMAX=1000 RCPTMAX=100", "CHUNKING", "HELP", "STARTTLS",
    )  # fmt: skip


@pytest.mark.parametrize("keyword", ["REQUIRETLS", "AUTH", "FUTURERELEASE", "VRFY", "ETRN"])
def test_nothing_is_offered_that_cannot_be_honoured(keyword: str) -> None:
    for profile in (mx("mx.test", tls=context), lmtp("mx.test", tls=context)):
        assert all(word.split()[0] != keyword for word in keywords(Offer(profile, 1, is_tls=False)))


def test_keywords_of_submission() -> None:
    offer = Offer(submission("mx.test", tls=context), 1000, is_tls=True, mechanisms=("PLAIN", "LOGIN"))
    assert keywords(offer) == (
        "PIPELINING", "ENHANCEDSTATUSCODES", "SIZE 1000", "8BITMIME", "BINARYMIME", "DSN", "REQUIRETLS", "SMTPUTF8",
        "FUTURERELEASE 2592000 1970-01-31T00:00:00Z", "DELIVERBY 60", "MT-PRIORITY MIXER",
        "LIMITS MAILMAX=1000 RCPTMAX=100", "CHUNKING", "HELP", "AUTH PLAIN LOGIN",
    )  # fmt: skip


def test_auth_is_offered_under_tls_alone() -> None:
    words = keywords(Offer(submission("mx.test", tls=context), 1, is_tls=False))
    assert "STARTTLS" in words
    assert not any(word.startswith(("AUTH", "REQUIRETLS")) for word in words)


def test_require_tls_goes_with_tls() -> None:
    assert "REQUIRETLS" in keywords(Offer(mx("mx.test", tls=context), 1, is_tls=True))


def test_tls_is_not_offered_twice_nor_without_a_certificate() -> None:
    assert "STARTTLS" not in keywords(Offer(mx("mx.test", tls=context), 1, is_tls=True))
    assert "STARTTLS" not in keywords(Offer(mx("mx.test"), 1, is_tls=False))


def test_smtputf8_can_be_off() -> None:
    assert "SMTPUTF8" not in keywords(Offer(Profile(name="mx", hostname="mx.test", smtputf8=False), 1, is_tls=False))


def test_limits_are_those_that_are_kept() -> None:
    profile = mx("mx.test", limits=Limits(max_recipients=3, max_transactions=4))
    assert "LIMITS MAILMAX=4 RCPTMAX=3" in keywords(Offer(profile, 1, is_tls=False))


def test_each_dialect_has_its_hello() -> None:
    assert {"HELO", "EHLO"} <= set(verbs(mx("x")))
    assert "LHLO" not in verbs(mx("x"))
    assert not {"HELO", "EHLO"} & set(verbs(lmtp("x")))
    assert "AUTH" not in verbs(mx("x"))
    assert set(verbs(submission("x"))) | set(verbs(lmtp("x"))) == set(COMMANDS)
    assert all(row.dialects <= set(Dialect) for row in COMMANDS.values())
