"""HTML to text."""

import pytest

from mailstead.ground.formats.html import html_to_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>a<b>b</b></p><p>c</p>", "ab c"),
        ("a &amp; &lt;b&gt; &#252; &nbsp;x", "a & <b> ü x"),
        ("<style>p {}</style>a<script>if (a<b) {}</script>b", "ab"),
        ("<STYLE>x</STYLE >a", "a"),
        ("<title>no</title>a", "a"),
        ("<!-- <b>no</b> -->a<!--[if mso]>no<![endif]-->b", "ab"),
        ("<!-->a", "a"),
        ('<img alt="a > b">c', "c"),
        ("1 < 2 <3", "1 < 2 <3"),
        ("a<br/>b<hr>c", "a b c"),
        ("a<b", "a"),
        ("a<style>b", "a"),
        ("&#99999999999;x", "\ufffdx"),
        ("<!DOCTYPE html><html><head></head>a", "a"),
    ],
)
def test_text(source: str, text: str) -> None:
    assert " ".join(html_to_text(source, 10_000).split()) == text


def test_it_stops_at_the_limit() -> None:
    assert len(html_to_text("<p>word</p>" * 1000, 40)) < 100
