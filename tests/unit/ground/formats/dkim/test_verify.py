"""The signed letters of the RFCs, and every way in which a signature is not taken."""

import base64
from dataclasses import replace

import pytest

from mailstead.ground.formats.dkim.header import split_fields
from mailstead.ground.formats.dkim.record import KeyRecord, read_record
from mailstead.ground.formats.dkim.verify import CLAIMS_MAX, BodyDigests, Check, Result, find_claims, judge
from tests.support.dkim import ED25519, RSA, sign

NOW = 1_528_637_909

# RFC 8463 appendix A
RFC8463_KEYS = {
    "brisbane._domainkey.football.example.com": (b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
    "test._domainkey.football.example.com": (
        b"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
        b"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
        b"DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
        b"Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
    ),
}
RFC8463_LETTER = b"""\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :
 date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")
# RFC 6376 appendix A.2 and C; the text there is indented
RFC6376_KEYS = {
    "brisbane._domainkey.example.com": (
        b"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v"
        b"3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUY"
        b"ckcQ2QIDAQAB"
    ),
}
RFC6376_LETTER = b"""\
DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;
      c=simple/simple; q=dns/txt; i=joe@football.example.com;
      h=Received : From : To : Subject : Date : Message-ID;
      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB
      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut
      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV
      4bmp/YzhwvcubU4=;
Received: from client1.football.example.com  [192.0.2.1]
      by submitserver.example.com with SUBMISSION;
      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
""".replace(b"\n", b"\r\n")


def check_all(letter: bytes, keys: dict[str, bytes], now: int = NOW) -> list[Check]:
    header, _, body = letter.partition(b"\r\n\r\n")
    fields = split_fields(header + b"\r\n")
    claims = find_claims(fields)
    digests = BodyDigests(claims)
    digests.feed(body)
    digests.finish()
    records = [read_record(keys[claim.key_name]) if claim.key_name in keys else None for claim in claims]
    return [judge(claim, fields, digests.of(claim), record, now) for claim, record in zip(claims, records, strict=True)]


def words(checks: list[Check]) -> list[tuple[Result, str]]:
    return [(check.result, check.why) for check in checks]


@pytest.mark.parametrize(
    ("letter", "keys", "count"),
    [(RFC8463_LETTER, RFC8463_KEYS, 2), (RFC6376_LETTER, RFC6376_KEYS, 1)],
    ids=["RFC 8463", "RFC 6376"],
)
def test_the_letters_of_the_rfcs(letter: bytes, keys: dict[str, bytes], count: int) -> None:
    assert words(check_all(letter, keys)) == [(Result.PASS, "")] * count


def test_a_changed_letter() -> None:
    body = check_all(RFC8463_LETTER.replace(b"lost", b"won"), RFC8463_KEYS)
    assert words(body) == [(Result.FAIL, "the body was changed")] * 2
    header = check_all(RFC8463_LETTER.replace(b"dinner", b"lunch"), RFC8463_KEYS)
    assert words(header) == [(Result.FAIL, "the signature does not match the header")] * 2
    added = check_all(b"Subject: Free money\r\n" + RFC8463_LETTER, RFC8463_KEYS)
    assert {check.result for check in added} == {Result.FAIL}, "Subject is signed once more than it is there"


def test_blanks_may_change_where_the_form_is_relaxed() -> None:
    moved = RFC8463_LETTER.replace(b"lost the game.  Are", b"lost\t the game. Are \t") + b"\r\n\r\n"
    moved = moved.replace(b"Subject: Is dinner", b"SUBJECT  :\tIs\r\n   dinner")
    assert words(check_all(moved, RFC8463_KEYS)) == [(Result.PASS, "")] * 2


def test_no_key() -> None:
    assert words(check_all(RFC8463_LETTER, {})) == [(Result.PERMERROR, "no key record")] * 2


SIGNED = sign(b"From: a@x.test\r\nSubject: hi\r\n\r\nHello\r\n", ED25519)


@pytest.mark.parametrize(
    ("before", "after", "trouble"),
    [
        (b"v=1;", b"v=2;", "v= is not 1"),
        (b"v=1;", b"", "v= is missing"),
        (b"v=1;", b"v=1; v=1;", "v= is given twice"),
        (b"a=ed25519-sha256", b"a=rsa-sha1", "a=rsa-sha1 is not taken"),
        (b"h=from:from", b"h=to:to", "h= lacks From"),
        (b"c=relaxed/relaxed", b"c=loose/simple", "c= names 'loose'"),
        (b"d=x.test;", b"d=x.test; i=@y.test;", "i= is not of d="),
        (b"d=x.test;", b"d=x.test; q=dns/mx;", "q= does not name dns/txt"),
        (b"d=x.test;", b"d=x.test; l=many;", "l= is not a number"),
        (b"d=x.test;", b"d=x.test; x=1;", "x= is not after t="),
        (b"d=x.test;", b"d=x.test; nonsense;", "no tag: 'nonsense'"),
        (b"bh=", b"bh=*", "bh= is not base64"),
        (b"d=x.test;", b"d=x.test; z=\xff;", "not UTF-8"),
        (b"d=x.test;", b"d=x.test; " + b"y" * 70_000, "too long"),
    ],
)
def test_fields_that_cannot_be_read(before: bytes, after: bytes, trouble: str) -> None:
    broken = SIGNED.replace(before, after, 1)
    assert broken != SIGNED
    assert words(check_all(broken, {"s._domainkey.x.test": ED25519.record})) == [(Result.PERMERROR, trouble)]


RECORD = read_record(ED25519.record)
SHORT_RSA = base64.b64decode(
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALZcd6BbbY4Cy0c3f1gYhSzj0kI2Ah1LhbZwJ4uB/Mt3qSYYDcuNJGRAfGzsYwFSnAVPr3fpTp"
    "tLJWmBuLKALo8CAwEAAQ=="
)


@pytest.mark.parametrize(
    ("record", "trouble"),
    [
        (replace(RECORD, key=b""), "the key is revoked"),
        (replace(RECORD, type="rsa"), "the key is of another algorithm"),
        (replace(RECORD, hashes=("sha1",)), "the key is not for SHA-256"),
        (replace(RECORD, services=("tlsrpt",)), "the key is not for mail"),
        (replace(RECORD, key=b"short"), "the key is no Ed25519 key"),
    ],
)
def test_keys_that_do_not_serve(record: KeyRecord, trouble: str) -> None:
    assert words([judge_one(SIGNED, record)]) == [(Result.PERMERROR, trouble)]


def judge_one(letter: bytes, record: KeyRecord, now: int = NOW) -> Check:
    header, _, body = letter.partition(b"\r\n\r\n")
    fields = split_fields(header + b"\r\n")
    claim = find_claims(fields)[0]
    digests = BodyDigests([claim])
    digests.feed(body)
    digests.finish()
    return judge(claim, fields, digests.of(claim), record, now)


@pytest.mark.parametrize(
    ("key", "trouble"),
    [(b"nonsense", "the key cannot be read"), (SHORT_RSA, "the key has 512 bits")],
)
def test_rsa_keys_that_do_not_serve(key: bytes, trouble: str) -> None:
    letter = sign(b"From: a@x.test\r\n\r\nHello\r\n", RSA)
    assert words([judge_one(letter, KeyRecord(key=key))]) == [(Result.PERMERROR, trouble)]


def test_a_strict_key_takes_no_subdomain() -> None:
    letter = sign(b"From: a@x.test\r\n\r\nHello\r\n", ED25519, identity="a@sub.x.test")
    assert judge_one(letter, RECORD).result is Result.PASS
    strict = judge_one(letter, replace(RECORD, flags=("s", "y")))
    assert (strict.result, strict.is_testing) == (Result.PERMERROR, True)


def test_a_part_of_the_body_is_never_enough() -> None:
    letter = sign(b"From: a@x.test\r\n\r\nHello\r\n", ED25519, length=7)
    assert words([judge_one(letter, RECORD)]) == [(Result.POLICY, "l= leaves the end of the body open")]
    assert judge_one(letter + b"and more", RECORD).result is Result.POLICY
    assert judge_one(letter.replace(b"Hello", b"Hullo"), RECORD).result is Result.FAIL
    short = sign(b"From: a@x.test\r\n\r\nHello\r\n", ED25519, length=70)
    assert judge_one(short, RECORD).result is Result.FAIL


def test_time() -> None:
    letter = sign(b"From: a@x.test\r\n\r\nHello\r\n", ED25519, now=NOW, expires_at=NOW + 100)
    assert judge_one(letter, RECORD, NOW + 100).result is Result.PASS
    assert words([judge_one(letter, RECORD, NOW + 10_000)]) == [(Result.FAIL, "it has expired")]
    assert words([judge_one(letter, RECORD, NOW - 100_000)]) == [(Result.FAIL, "it was made in the future")]


def test_only_some_signatures_are_looked_at() -> None:
    letter = b"DKIM-Signature: nonsense\r\n" * 20 + SIGNED
    assert len(check_all(letter, {})) == CLAIMS_MAX
