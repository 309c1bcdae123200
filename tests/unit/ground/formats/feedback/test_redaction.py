"""Nobody is named in what others are told."""

from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.formats.dkim.header import split_fields
from mailstead.ground.formats.feedback.redaction import HEADER_MAX, Redactor

HEADER = (
    b'Received: from x (y [192.0.2.1]) by us\r\n\tfor <"ann smith"@us.test>; now\r\n'
    b"Received: for ann@us.test\r\n"
    b'From: Ann Smith <ann@Bank.test>, "A. B" <b@bank.test>\r\n'
    b"To: team: ann@us.test;\r\nSubject: my illness\r\nX-Secret: ann@us.test\r\n"
    b"Message-ID: <17@bank.test>\r\nDKIM-Signature: v=1; d=bank.test; i=ann@bank.test; b=ab/+=\r\n"
    b"List-Id: all \xff <all.bank.test>\r\n"
)
KEY = b"k" * 32


def test_what_is_left() -> None:
    redactor = Redactor(KEY)
    told = redactor.header(split_fields(HEADER))
    mark = redactor.mark("ann").encode()
    assert b"From: <%b@Bank.test>" % mark in told
    assert b"To: <%b@us.test>" % mark in told
    assert b"i=%b@bank.test; b=ab/+=" % mark in told
    assert b"for %b@us.test" % mark in told
    assert b"Message-ID: <17@bank.test>" in told
    assert b"List-Id: all ? <all.bank.test>" in told
    for word in (b"ann", b"Ann", b"smith", b"Smith", b"illness", b"Secret", b"A. B"):
        assert word not in told


def test_marks() -> None:
    redactor = Redactor(KEY)
    assert redactor.mark("Ann") == redactor.mark("ann") != redactor.mark("bob")
    assert redactor.mark("ann") != Redactor(b"other").mark("ann")
    assert redactor.address('"a b"@x.test') == redactor.mark('"a b"') + "@x.test"


def test_it_is_cut() -> None:
    header = b"".join(b"Received: from number %d\r\n" % number for number in range(5000))
    assert HEADER_MAX - 100 < len(Redactor(KEY).header(split_fields(header))) <= HEADER_MAX


@given(st.lists(st.tuples(st.sampled_from([b"From", b"Received", b"Date", b"X"]), st.binary(max_size=60))))
def test_it_stays_a_header(fields: list[tuple[bytes, bytes]]) -> None:
    header = b"".join(b"%b: %b\r\n" % field for field in fields)
    told = Redactor(KEY).header(split_fields(header))
    assert told.isascii()
    assert b"\r" not in told.replace(b"\r\n", b"")
    assert b"\n" not in told.replace(b"\r\n", b"")
    for line in told.split(b"\r\n")[:-1]:
        assert line[:1] in b" " or line.partition(b":")[0] in (b"From", b"Received", b"Date")
