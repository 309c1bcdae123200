"""A password in a route is shown nowhere, and nothing else of it is lost."""

from dataclasses import replace
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from mailstead.services.dispatch.routes import parse_route
from mailstead.services.spool.hints import hint
from mailstead.services.spool.orders import shown_route

words = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), max_size=20).map(
    lambda text: quote(text, safe="")
)
hosts = st.from_regex(r"[a-z0-9]{1,8}(\.[a-z]{2,5})?|\[::[0-9a-f]{1,4}\]", fullmatch=True)
schemes = st.sampled_from(["smtp", "smtps", "lmtp"])
ports = st.sampled_from(["", ":25", ":587"])
levels = st.sampled_from(["", "?tls=secure", "?tls=none"])


@given(schemes, words.filter(bool), words, hosts, ports, levels)
def test_all_but_the_password_is_shown(scheme: str, user: str, password: str, host: str, port: str, level: str) -> None:
    route = f"{scheme}://{user}:{password}@{host}{port}{level}"
    shown = shown_route(route)
    assert parse_route(shown) == replace(parse_route(route), password="")
    assert shown == f"{scheme}://{user}@{host}{port}{level}"
    assert shown_route(shown) == shown


@given(st.text())
def test_anything_is_shown_as_something(text: str) -> None:
    assert shown_route(text) or not text
    assert isinstance(hint(text), str)
