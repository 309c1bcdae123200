"""What a needle rules out is never where it is found: against decoding everything."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailstead.ground.formats.html import html_to_text
from mailstead.services.search.folding import fold_text
from mailstead.services.search.needle import Needle
from mailstead.services.search.texts import Fields

WORDS = st.sampled_from(
    ["a", "b", "ab", "ba", "A", "1", "=", " ", "é", "ｂ", "\r\n ", "\n\t", "\r", "\0", ".", ",", ":"]
)
MARKUP = st.sampled_from(
    ["<b>", "</b>", "<a b='>'>", '<a b=">a">', "<br>", "<", ">", "<!-- a -->", "<!--", "<script>a</script>", "<style>",
     "&amp;", "&lt;", "&#97;", "&#98", "&eacute;", "&nbsp;", "&", "&a", ";", "</", "<ab", "<title>b</title>"]
)  # fmt: skip
ADDRESS = st.sampled_from(
    ['"', "(", ")", "<", ">", "@", "\\", "=?utf-8?q?a?=", "=?utf-8?b?YQ==?=", "[", "]", ";", "<a@b>", '"ab" <b@a>']
)
NEEDLES = st.text("aAbB1 .é:", min_size=1, max_size=5).map(fold_text).map(Needle.of)


@settings(max_examples=1500, deadline=None)
@given(NEEDLES, st.lists(WORDS | MARKUP, max_size=14).map("".join))
@example(Needle.of("AB"), "a<i></i>b")
@example(Needle.of("ABA"), "a<i>b</i>a")
def test_html(needle: Needle, source: str) -> None:
    if needle.text in fold_text(html_to_text(source, 1000)):
        assert needle.may_be_in_html(source)


@settings(max_examples=1500, deadline=None)
@given(NEEDLES, st.lists(WORDS | ADDRESS, max_size=12).map("".join), st.sampled_from(["From", "from ", "X-a", "aB"]))
def test_headers(needle: Needle, value: str, name: str) -> None:
    header = f"{name}: {value}\r\nAb: b\r\n\r\n".encode()
    whole = Fields(header)
    if needle.text in whole.text():
        assert needle.may_be_in_header(header)
    for wanted in (b"from", b"ab", b"x-a"):
        assert Fields.named(header, wanted).holds(wanted, needle) == holds(whole, wanted, needle)


def holds(fields: Fields, name: bytes, needle: Needle) -> bool:
    """Without the condition."""
    everything = Needle(needle.text, "", b"")
    return fields.holds(name, everything)
