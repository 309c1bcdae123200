"""Whatever a letter is made of, it is taken apart and weighed; and not slower the more hostile it is."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.ground.formats.spam.anatomy import dissect
from mailstead.ground.formats.spam.lookalike import resembles
from mailstead.ground.formats.spam.markup import read_markup
from mailstead.ground.formats.spam.rules import find_symptoms

PIECES = st.sampled_from(
    [
        b"From: a@b\r\n",
        b"Content-Type: text/html\r\n",
        b"\r\n\r\n",
        b"<a href=",
        b"'http://x.test/",
        b"<!--",
        b"-->",
        b"<font color=#fff",
        b"<div style='display:none'",
        b"</",
        b"=?utf-8?q?",
        b"&#",
        b"http://%41@[",
        b"\xff\xfe",
        b">",
        b"Received: from x (y [1.2.3",
        b";",
        b'"',
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        b"--b\r\n",
    ]
)


@settings(max_examples=150)
@given(st.lists(PIECES | st.binary(max_size=12), max_size=60).map(b"".join))
def test_any_bytes_are_weighed(data: bytes) -> None:
    for symptom in find_symptoms(dissect(data)):
        assert symptom.words
        assert abs(symptom.weight) <= 3 or symptom.name == "GTUBE"


@settings(max_examples=100)
@given(st.text(max_size=200))
def test_markup_shows_no_more_than_there_is(source: str) -> None:
    facts = read_markup(source)
    assert len(facts.text.replace("\n", "")) <= len(source)


@given(st.text(max_size=40), st.text(max_size=40))
def test_nobody_resembles_himself(name: str, other: str) -> None:
    assert not resembles(name, name)
    resembles(name, other)
