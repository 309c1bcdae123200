"""MTA-STS records and policies (RFC 8461)."""

import pytest

from mailstead.ground.formats.mtasts import AGE_MAX, POLICY_MAX, Mode, Policy, find_policy_id, parse_policy
from mailstead.ground.model.errors import Invalid

# RFC 8461 §3.2, the example of the RFC
EXAMPLE = (
    b"version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmx: backupmx.example.com\n"
    b"max_age: 604800\n"
)


@pytest.mark.parametrize(
    ("records", "found"),
    [
        ([b"v=STSv1; id=20160831085700Z;"], "20160831085700Z"),
        ([b"v=STSv1;id=1"], "1"),
        ([b"v=STSv1 ; id = 1 ; "], "1"),
        ([b"v=STSv1; id=1; later=x"], "1"),
        ([b"v=STSv1; later=x; id=1; id=2"], "1"),
        ([b"v=spf1 -all", b"v=STSv1; id=1", b"\xff"], "1"),
        ([b"v=STSv1; id=1", b"v=STSv1; id=1"], None),
        ([], None),
        ([b"v=STSv2; id=1"], None),
        ([b"V=STSv1; id=1"], None),
        ([b"v=STSv1"], None),
        ([b"v=STSv1;"], None),
        ([b"v=STSv1; id="], None),
        ([b"v=STSv1; id=a-b"], None),
        ([b"v=STSv1; id=" + b"a" * 33], None),
        ([b"v=STSv1; ; id=1"], None),
        ([b"v=STSv1; id=1; x"], None),
        ([b"v=STSv1; id=1;" + b" " * 5000], None),
    ],
)
def test_the_record(records: list[bytes], found: str | None) -> None:
    assert find_policy_id(records) == found


def test_the_example_of_the_rfc() -> None:
    policy = parse_policy(EXAMPLE)
    assert policy == Policy(Mode.ENFORCE, 604800, ("mail.example.com", "*.example.net", "backupmx.example.com"))
    assert parse_policy("\n".join(policy.lines()).encode()) == policy


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("mail.example.com", True), ("backupmx.example.com", True), ("mx1.example.net", True), ("example.net", False),
        ("a.mx1.example.net", False), ("mail.example.org", False), ("*.example.net", True), ("net", False),
    ],
)  # fmt: skip
def test_hosts_it_covers(host: str, good: bool) -> None:
    """RFC 8461 §4.1: `*` is one label, the first."""
    assert parse_policy(EXAMPLE).covers(host) is good


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        (b"version: STSv1\r\nmode: none\r\nmax_age: 1\r\n", Policy(Mode.NONE, 1)),
        (b"mode:testing\nversion:STSv1\nmax_age:0\nmx:MX.Test", Policy(Mode.TESTING, 0, ("mx.test",))),
        (b"version: STSv1\nmode: enforce \nmx: a.test\nmax_age: 9999999999",
         Policy(Mode.ENFORCE, AGE_MAX, ("a.test",))),
        (b"version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\nmax_age: 2", Policy(Mode.NONE, 1)),
        ("version: STSv1\nmode: none\nmax_age: 1\nnew-thing: a b ü".encode(), Policy(Mode.NONE, 1)),
        ("version: STSv1\nmode: enforce\nmx: *.bücher.test\nmax_age: 1".encode(),
         Policy(Mode.ENFORCE, 1, ("*.xn--bcher-kva.test",))),
    ],
)  # fmt: skip
def test_policies(text: bytes, policy: Policy) -> None:
    assert parse_policy(text) == policy


@pytest.mark.parametrize(
    "text",
    [
        b"", b"\n", b"<html>", b"version: STSv2\nmode: none\nmax_age: 1", b"mode: none\nmax_age: 1",
        b"version: STSv1\nmax_age: 1", b"version: STSv1\nmode: strict\nmax_age: 1", b"version: STSv1\nmode: none",
        b"version: STSv1\nmode: none\nmax_age: -1", b"version: STSv1\nmode: none\nmax_age: 12345678901",
        b"version: STSv1\nmode: none\nmax_age: 1d", b"version: STSv1\nmode: enforce\nmax_age: 1",
        b"version: STSv1\n\nmode: none\nmax_age: 1", b"version: STSv1\nmode: none\nmax_age: 1\nno colon",
        b"version: STSv1\nmode: enforce\nmax_age: 1\nmx: [192.0.2.1]",
        b"version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.*.test", b"version: STSv1\nmode: enforce\nmax_age: 1\nmx: *",
        b"version: STSv1\nmode: enforce\nmax_age: 1\nmx: a test", b"version: STSv1\nmode: none\nmax_age: 1\nx: \xff",
        b"version: STSv1\nmode: none\nmax_age: 1\n" + b"x: y\n" * POLICY_MAX,
        b"version: STSv1\nmode: enforce\nmax_age: 1\n" + b"".join(b"mx: a%d.test\n" % n for n in range(501)),
    ],
)  # fmt: skip
def test_policies_that_are_none(text: bytes) -> None:
    with pytest.raises(Invalid):
        parse_policy(text)
