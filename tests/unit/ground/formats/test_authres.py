"""Authentication-Results: what we write can be read, and nobody else writes it in our name."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.authres import (
    HEADER_MAX,
    Finding,
    HeadFilter,
    Results,
    read,
    remove_forged,
    render,
    render_reason,
)

OURS = frozenset({b"mx.x.test", b"old.x.test"})


@pytest.mark.parametrize(
    ("value", "results"),
    [
        (b" example.org; none", Results("example.org")),
        (b" example.org 1; none", Results("example.org")),
        (
            b" example.com;\r\n\tspf=pass smtp.mailfrom=example.net",
            Results("example.com", (Finding("spf", "pass", (("smtp.mailfrom", "example.net"),)),)),
        ),
        (  # RFC 8601 appendix B.7
            (
                b" foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail"
                b"\r\n policy (A dot can go here) . (like that) expired (this surprised me) = (as expected) 1362471462"
            ),
            Results("foo.example.net", (Finding("dkim", "fail", (("policy.expired", "1362471462"),)),)),
        ),
        (
            b' x.test; dkim=fail reason="bad; really \\"bad\\"" header.d = "a b" (comment) ; auth=pass',
            Results(
                "x.test",
                (Finding("dkim", "fail", (("header.d", "a b"),), 'bad; really "bad"'), Finding("auth", "pass")),
            ),
        ),
        (b" (a (nested) \\) one) x.test; spf=none", Results("x.test", (Finding("spf", "none"),))),
        (b"", None),
        (b" ; spf=pass", None),
        (b' "unclosed; spf=pass', None),
        (b" x.test; spf=pass (unclosed", None),
        (b" x.test; spf", None),
        (b" x.test y z; spf=pass", None),
    ],
)
def test_reading(value: bytes, results: Results | None) -> None:
    assert read(value) == results


words = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\xa0"), max_size=20
)
tokens = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)
findings = st.builds(
    Finding,
    tokens,
    tokens,
    st.lists(st.tuples(tokens.map("smtp.{}".format), words.filter(bool)), max_size=3).map(tuple),
    words,
)


@given(st.builds(Results, tokens, st.lists(findings, max_size=3).map(tuple)))
def test_what_is_written_can_be_read(results: Results) -> None:
    field = render(results)
    assert field.startswith(b"Authentication-Results: ")
    assert field.count(b"\n") == field.count(b"\r\n")
    again = read(field.partition(b":")[2])
    assert again is not None
    assert [(one.method, one.result) for one in again.findings] == [
        (one.method, one.result) for one in results.findings
    ]
    assert [[value for _, value in one.properties] for one in again.findings] == [
        [value for _, value in one.properties] for one in results.findings
    ]
    assert [one.reason for one in again.findings] == [one.reason for one in results.findings]


@given(st.binary(max_size=100))
def test_reading_never_raises(value: bytes) -> None:
    read(value)


def test_nothing_breaks_out_of_a_value() -> None:
    field = render(Results("x.test", (Finding("spf", "fail", (("smtp.helo", "a\r\nBcc: x; dkim=pass"),), "b\nc"),)))
    assert field == (b'Authentication-Results: x.test;\r\n\tspf=fail reason="b?c" smtp.helo="a??Bcc: x; dkim=pass"\r\n')
    assert render_reason("a\r\nb: c") == b"X-Mailstead-Reason: a??b: c\r\n"


HEAD = (
    b'From: a\r\nAuthentication-Results: mx.x.test; spf=pass\r\nauthentication-results:\r\n\t(c)\r\n "OLD.x.test" 1;'
    b" none\r\nAuthentication-Results: far.test; spf=pass\r\nnot a field\r\nX-Mailstead-Reason: fine\r\n"
    b'Authentication-Results: broken"\r\nSubject: b\r\n'
)
KEPT = b"From: a\r\nAuthentication-Results: far.test; spf=pass\r\nnot a field\r\nSubject: b\r\n"
BODY = b"\r\nAuthentication-Results: mx.x.test; spf=pass\r\n"


def test_what_is_forged_goes() -> None:
    assert remove_forged(HEAD, OURS) == KEPT


@given(st.lists(st.integers(0, len(HEAD + BODY))))
def test_cuts_change_nothing(cuts: list[int]) -> None:
    letter, filter_ = HEAD + BODY, HeadFilter(OURS)
    edges = [0, *sorted(cuts), len(letter)]
    kept = b"".join(filter_.feed(letter[a:b]) for a, b in pairwise(edges)) + filter_.finish()
    assert kept == KEPT + BODY
    assert filter_.head == HEAD + b"\r\n"


def test_a_letter_without_a_mark_is_not_copied() -> None:
    letter = b"From: a\r\n\r\nAuthentication-Results: mx.x.test; none\r\n"
    assert HeadFilter(OURS).feed(letter) is letter


@pytest.mark.parametrize("size", [1000, 70_000, 1_000_000])
def test_past_the_limit_all_is_body(size: int) -> None:
    letter = b"X: y\r\n" * (HEADER_MAX // 6 + 10) + b"Authentication-Results: mx.x.test; spf=pass\r\n\r\nbody\r\n"
    filter_ = HeadFilter(OURS)
    kept = b"".join(filter_.feed(letter[at : at + size]) for at in range(0, len(letter), size)) + filter_.finish()
    head, _, body = kept.partition(b"\r\n\r\n")
    assert b"Authentication" not in head
    assert len(kept) == len(letter) + 2
    assert body.endswith(b"\r\n\r\nbody\r\n")


def test_a_letter_that_is_all_header() -> None:
    filter_ = HeadFilter(OURS)
    assert filter_.feed(b"X-Mailstead-Reason: x\r\nFrom: a") == b""
    assert filter_.finish() == b"From: a"
