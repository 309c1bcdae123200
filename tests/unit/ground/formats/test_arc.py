"""ARC chains: they hold, for us and for dkimpy, and no longer once anything is changed."""

import dkim
import pytest

from mailstead.ground.formats.arc import Result, Verdict, read_chain, verify
from mailstead.ground.formats.dkim.header import split_fields
from mailstead.ground.formats.dkim.verify import BodyDigests
from mailstead.ground.model.question import Found, Question
from tests.support.arc import seal
from tests.support.dkim import RSA
from tests.support.spf import drive

LETTER = (
    b"Authentication-Results: %s; spf=pass smtp.mailfrom=a@x.test\r\n"
    b"From: Ann <ann@x.test>\r\nTo: b@y.test\r\nSubject: hi\r\n\r\nhello\r\n"
)
NOW = 4_000_000_000


def check(letter: bytes, missing: str = "") -> Verdict:
    head, _, body = letter.partition(b"\r\n\r\n")
    fields = split_fields(head + b"\r\n")
    chain = read_chain(fields)
    digests = BodyDigests(chain.last)
    digests.feed(body)
    digests.finish()

    def answer(question: Question) -> Found:
        return Found() if missing and question.name.endswith(missing) else Found((RSA.record.decode(),))

    return drive(verify(chain, fields, digests.of(chain.last[0]) if chain.last else b"", NOW), answer)


ONE = seal(LETTER % b"one.test", "one.test")
THREE = seal(seal(ONE, "two.test"), "three.test")


@pytest.mark.parametrize(("letter", "sealers"), [(ONE, ("one.test",)), (THREE, ("three.test", "two.test", "one.test"))])
def test_a_chain_holds(letter: bytes, sealers: tuple[str, ...]) -> None:
    assert check(letter) == Verdict(Result.PASS, "", sealers)


@pytest.mark.parametrize("letter", [ONE, THREE])
def test_dkimpy_agrees(letter: bytes) -> None:
    verdict, _, why = dkim.arc_verify(letter, dnsfunc=lambda _name, timeout=5: RSA.record)
    assert verdict == b"pass", why


def test_no_chain() -> None:
    assert check(LETTER % b"x.test").result is Result.NONE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"hello", b"Hello"),
        (b"Subject: hi", b"Subject: ho"),
        (b"cv=none", b"cv=pass"),
        (b"i=2; two.test;", b"i=2; Two.test;"),
        (b"ARC-Seal: i=2", b"X-Seal: i=2"),
        (b"ARC-Seal: i=2", b"ARC-Seal: i=1"),
        (b"ARC-Seal: i=2", b"ARC-Seal: i=99"),
        (b"ARC-Seal: i=2", b"ARC-Seal: i=x"),
        (b"ARC-Seal: i=1;", b"ARC-Seal: i=1; h=from;"),
        (b"ARC-Authentication-Results: i=1; one.test;", b"ARC-Authentication-Results: i=1; eve.test;"),
        (b"ARC-Message-Signature: i=2; a=rsa-sha256", b"ARC-Message-Signature: i=2; a=rsa-sha1"),
    ],
)
def test_what_was_changed_breaks_it(old: bytes, new: bytes) -> None:
    assert old in THREE
    assert check(THREE.replace(old, new)).result is Result.FAIL


def test_a_key_that_is_gone() -> None:
    assert check(THREE, "two.test") == Verdict(
        Result.FAIL, "set 2: no key record", ("three.test", "two.test", "one.test")
    )


def test_an_older_signature_over_the_letter_need_not_hold() -> None:
    """§5.2: a mailing list changes the subject, and seals anew."""
    changed = seal(ONE.replace(b"Subject: hi", b"Subject: [list] hi"), "two.test")
    assert check(changed).result is Result.PASS
