"""Whatever stands in records and policies of strangers: an answer or `Invalid`, nothing else."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.der import BadDer, public_key_of
from mailstead.ground.formats.mtasts import find_policy_id, parse_policy
from mailstead.ground.formats.tlsa import Tlsa, usable
from mailstead.ground.formats.tlsrpt import find_report_addresses, parse_report
from mailstead.ground.model.errors import Invalid

POLICY_WORDS = st.sampled_from(
    [b"version: STSv1", b"mode: enforce", b"mode: none", b"mx: *.a", b"mx: ", b"max_age: 1", b"\r\n", b":", b"\xff"]
)  # fmt: skip
RECORD_WORDS = st.sampled_from(
    [b"v=STSv1;", b"v=TLSRPTv1;", b"id=1", b";", b" ", b"rua=", b"mailto:a@b", b",", b"\xe9"]
)
octets = st.integers(0, 255)


@given(st.one_of(st.binary(max_size=200), st.lists(POLICY_WORDS, max_size=20).map(b"\n".join)))
def test_policies(data: bytes) -> None:
    with suppress(Invalid):
        policy = parse_policy(data)
        assert parse_policy("\n".join(policy.lines()).encode()) == policy


@given(st.lists(st.lists(RECORD_WORDS, max_size=12).map(b"".join), max_size=3))
def test_records(records: list[bytes]) -> None:
    found = find_policy_id(records)
    assert found is None or found.isalnum()
    assert all(address.startswith(("mailto:", "https:")) for address in find_report_addresses(records))


@given(st.binary(max_size=300))
def test_reports(data: bytes) -> None:
    with suppress(Invalid):
        parse_report(data)


@given(st.binary(max_size=300))
def test_certificates(data: bytes) -> None:
    with suppress(BadDer):
        assert public_key_of(data) in data


@given(st.lists(st.builds(Tlsa, octets, octets, octets, st.binary(max_size=70)), max_size=9))
def test_tlsa_sets(records: list[Tlsa]) -> None:
    chosen = usable(records)
    assert set(chosen) <= set(records)
    assert usable(chosen) == chosen
