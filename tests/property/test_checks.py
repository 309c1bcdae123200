"""Whatever a letter holds, its examination ends in a report, and nothing in it speaks in our name."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.ground.formats.authres import read
from mailstead.ground.formats.dkim.header import split_fields
from mailstead.ground.formats.summary import summarize
from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.policy import Policy
from mailstead.services.checks.checks import Checks
from mailstead.services.checks.specimen import Octets
from tests.support.arc import seal
from tests.support.dkim import RSA, sign
from tests.support.examining import OnePolicy
from tests.support.fake_clock import FakeClock
from tests.support.known_names import KnownNames

PLAIN = b"From: ann@x.test\r\nTo: b@y.test\r\nSubject: hi\r\n\r\nhello\r\n"
SIGNED = seal(sign(PLAIN, RSA), "one.test")
NAMES = [
    b"From", b"DKIM-Signature", b"ARC-Seal", b"ARC-Message-Signature", b"ARC-Authentication-Results",
    b"Authentication-Results", b"X-Mailstead-Reason", b"Subject",
]  # fmt: skip
pieces = st.sampled_from(
    [b"v=1;", b"i=1;", b"i=2;", b"a=rsa-sha256;", b"b=AA==;", b"bh=AA==;", b"d=x.test;", b"d=;", b"s=s;", b"h=from;",
     b"cv=none;", b"l=3;", b"us.test;", b"US.test.", b"(", b")", b'"', b"\r\n ", b"\xff", b"ann@x.test,", b"<a@[::1]>",
     b"spf=pass", b"@", b"="]
)  # fmt: skip
fields = st.builds(
    lambda name, values: name + b": " + b"".join(values) + b"\r\n", st.sampled_from(NAMES), st.lists(pieces, max_size=8)
)
heads = st.lists(st.one_of(fields, st.binary(max_size=10)), max_size=6).map(b"".join)
letters = st.one_of(
    st.builds(lambda head, body: head + b"\r\n" + body, heads, st.binary(max_size=30)),
    st.builds(lambda head: head + SIGNED, heads),
    st.builds(
        lambda at, byte: SIGNED[:at] + byte + SIGNED[at + 1 :], st.integers(0, len(SIGNED)), st.binary(max_size=2)
    ),
)


async def examine(letter: bytes, ip: str) -> tuple[bytes, bytes]:
    names = KnownNames()
    names.put("TXT", "s._domainkey.x.test", RSA.record)
    names.put("TXT", "s._domainkey.one.test", RSA.record)
    names.put("TXT", "_dmarc.x.test", b"v=DMARC1; p=reject; np=none")
    checks = Checks(names, FakeClock(), OnePolicy(Policy()), hostname="us.test")
    envelope = Envelope(sender=Address("ann", "x.test"), recipients=(Recipient(Address("bob", "us.test")),))
    examination = checks.begin(envelope, Client(ip=ip, helo="[192.0.2.1]"))
    kept = examination.feed(letter) + examination.finish()
    report = await examination.report(Octets(letter), ((),))
    assert len(report.judgements) == 1
    return kept, report.field


@settings(deadline=None)
@given(letters, st.sampled_from(["192.0.2.1", "2001:db8::1"]))
def test_it_ends_in_a_report(letter: bytes, ip: str) -> None:
    kept, field = asyncio.run(examine(letter, ip))
    assert read(field.partition(b":")[2]) is not None
    for one in split_fields(summarize(kept).header):
        assert not one.name.startswith(b"x-mailstead-")
        if one.name == b"authentication-results":
            results = read(one.raw.partition(b":")[2])
            assert results is not None
            assert results.authserv_id.lower() not in ("us.test", "us.test.")
