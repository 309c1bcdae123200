"""Replies of the DNS, damaged at will: found, or a trouble with a name, and never anything else."""

import dns.message
import dns.name
import dns.rrset
from dns.rdatatype import RdataType
from hypothesis import example, given
from hypothesis import strategies as st

from mailstead.net import dns_records
from mailstead.net.dns import Trouble
from mailstead.net.dns_wire import QUESTION_AT, Found, Question, is_truncated, read_reply

QUESTION = Question.of(dns.name.from_text("example.test."), RdataType.MX)
READERS = {
    RdataType.MX: (dns_records.read_mx, "10 mx.example.test."),
    RdataType.A: (dns_records.read_a, "192.0.2.1"),
    RdataType.AAAA: (dns_records.read_aaaa, "2001:db8::1"),
    RdataType.TXT: (dns_records.read_txt, '"a" "b"'),
    RdataType.TLSA: (dns_records.read_tlsa, "3 1 1 " + "ab" * 32),
    RdataType.PTR: (dns_records.read_ptr, "mx.example.test."),
}


def reply_to(question: Question, data: str) -> bytes:
    """A true one, with an alias before the answer."""
    message = dns.message.make_response(dns.message.from_wire(question.octets))
    message.answer.append(dns.rrset.from_text(question.name, 60, "IN", "CNAME", "a.test."))
    message.answer.append(dns.rrset.from_text("a.test.", 60, "IN", question.kind, data))
    message.authority.append(dns.rrset.from_text("a.test.", 60, "IN", "SOA", "a. b. 1 1 1 1 1"))
    return message.to_wire()


damages = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6)


@given(st.sampled_from(list(READERS)), damages, st.integers(0, 400))
@example(RdataType.MX, [], 400)
def test_damaged_replies(kind: RdataType, damage: list[tuple[int, int]], size: int) -> None:
    read, data = READERS[kind]
    question = Question.of(dns.name.from_text("example.test."), kind)
    octets = bytearray(reply_to(question, data))
    for at, value in damage:
        octets[at % len(octets)] = value
    reply = bytes(octets[:size])
    if not question.is_answered_by(reply):
        return
    is_truncated(reply)
    found = read_reply(question, reply)
    assert isinstance(found, Found | Trouble)
    if isinstance(found, Found):
        assert found.ttl >= 0
        for record in found.records:
            read(record)
        dns_records.read_name(found.name)
    if not damage and size >= len(octets):
        assert isinstance(found, Found)
        assert len(found.records) == 1


@given(st.binary(max_size=300))
def test_noise(data: bytes) -> None:
    assert not QUESTION.is_answered_by(data)
    head = QUESTION.octets[:2] + b"\x80\x00\x00\x01"
    reply = head + data[:6].ljust(6, b"\0") + QUESTION.section + data[6:]
    assert QUESTION.is_answered_by(reply)
    assert reply[QUESTION_AT:].startswith(QUESTION.section)
    assert isinstance(read_reply(QUESTION, reply), Found | Trouble)
