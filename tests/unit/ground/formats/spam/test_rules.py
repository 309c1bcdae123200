"""What the rules see in letters that were written for them."""

import pytest

from mailstead.ground.formats.spam.anatomy import dissect
from mailstead.ground.formats.spam.rules import RULES, find_symptoms

PLAIN = (
    b"From: Ann <ann@x.test>\r\nTo: bob@us.test\r\nSubject: lunch\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
    b"Message-ID: <1@x.test>\r\n%s\r\n%s"
)
HOP = b"Received: from a (b [%s]) by c; Fri, 20 Nov 2026 10:00:00 +0000\r\n"
UTF8 = b"Content-Type: text/plain; charset=utf-8\r\n"
HTML = b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n"
TEXT = b"Shall we meet at noon, at the place by the river? The fish was good.\r\n"


def names(letter: bytes) -> set[str]:
    return {symptom.name for symptom in find_symptoms(dissect(letter))}


def letter(body: bytes = TEXT, header: bytes = b"", **changed: bytes) -> bytes:
    data = PLAIN % (header, body)
    for name, value in changed.items():
        old = next(line for line in data.split(b"\r\n") if line.lower().startswith(name.encode().lower() + b":"))
        data = data.replace(old, name.encode() + b": " + value)
    return data


def html(body: bytes) -> bytes:
    return letter(body, HTML)


def test_an_honest_letter_has_no_symptoms() -> None:
    assert names(letter()) == set()


def test_rules_are_told_apart_and_have_words() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.words and not rule.words.endswith(".") for rule in RULES)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (letter(Subject=b"BUY THIS RIGHT NOW"), "LOUD_SUBJECT"),
        (letter(Subject=b"F r e e   m o n e y"), "SPREAD_SUBJECT"),
        (letter(Subject=b"Hello there             qx7ttz"), "SUBJECT_TAIL"),
        (letter(Subject=b"=?utf-8?B?aGVsbG8=?="), "NEEDLESS_ENCODING"),
        (letter(From=b'"service@bank.test" <x@evil.test>'), "NAME_IS_ADDRESS"),
        (letter(From=b"bob@us.test"), "TO_ONESELF"),
        (letter(header=b"Reply-To: y@elsewhere.test\r\n"), "REPLY_ELSEWHERE"),
        (letter(header=b"Subject: another\r\n"), "DOUBLED_FIELD"),
        (letter(header=b"X-Mailer: Microsoft Outlook Express 6.0\r\n"), "FORGED_OUTLOOK"),
        (letter(header=HOP % b"300.1.2.3"), "HOP_IMPOSSIBLE"),
        (letter(header=HOP % b"192.0.2.1", Date=b"Mon, 23 Nov 2026 1:00:00 +0000"), "DATE_AHEAD"),
        (letter(header=b"Content-Type: text/plain; charset=klingon\r\n"), "ODD_CHARSET"),
        (letter(b"aGVsbG8gd29ybGQ=\r\n", b"Content-Transfer-Encoding: base64\r\n"), "NEEDLESS_BASE64"),
        (letter(b"MZ\r\n", b"Content-Type: application/pdf; name=bill.pdf.exe\r\n"), "PROGRAM"),
        (letter(b"MZ\r\n", b"Content-Type: application/pdf; name=bill.pdf.exe\r\n"), "PRETENDING_FILE"),
        (html(b"<a href='http://evil.test/x'>www.bank.test</a>"), "FALSE_LINK"),
        (html(b"<a href=http://192.0.2.7/x>come</a>"), "LINK_TO_IP"),
        (html(b"<a href='http://www.bank.test@evil.test/'>come</a>"), "LINK_WITH_USER"),
        (html(b"<a href='http://%65vil.test/'>come</a>"), "LINK_ESCAPED"),
        (html(b"<p>hi</p><div style='display: none'>" + b"hidden words " * 9 + b"</div>"), "HIDDEN_TEXT"),
        (html(b"<body bgcolor=white><font color='#FFFFFF'>" + b"hidden words " * 9 + b"</font>"), "HIDDEN_TEXT"),
        (html(b"<img src=http://x.test/a.gif>"), "PICTURE"),
        (html(b"v<!-- a -->ia<!-- b -->g<!-- c -->ra now"), "SPLIT_WORDS"),
        (letter("Vіagrа and Сіalis".encode(), UTF8), "MIXED_SCRIPTS"),
        (letter(b"Act now! Click here to be removed from our list. Risk free!"), "SAYS_REMOVE"),
        (letter(b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"), "GTUBE"),
    ],
)  # fmt: skip
def test_a_rule_holds(data: bytes, name: str) -> None:
    assert name in names(data)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (html(b"<a href='http://www.bank.test/x'>bank.test</a>"), "FALSE_LINK"),
        (html(b"<a href='http://x.test/'>read more</a>"), "FALSE_LINK"),
        (html(b"<table bgcolor=black><td><font color=white>" + b"seen well " * 9 + b"</font></table>"), "HIDDEN_TEXT"),
        (letter(header=b"Reply-To: team@mail.x.test\r\n"), "REPLY_ELSEWHERE"),
        (letter(From=b'"ann@x.test" <ann@x.test>'), "NAME_IS_ADDRESS"),
        (letter("Привет из Москвы, как дела".encode(), UTF8), "MIXED_SCRIPTS"),
    ],
)  # fmt: skip
def test_a_rule_does_not_hold(data: bytes, name: str) -> None:
    assert name not in names(data)


def test_phrases_together_weigh_little() -> None:
    text = (
        b"Make money work from home risk free click here act now mortgage viagra xxx not spam to be removed dear friend"
    )
    said = [one for one in find_symptoms(dissect(letter(text))) if one.name.startswith("SAYS_")]
    assert len(said) > 2
    assert sum(one.weight for one in said) < 5
