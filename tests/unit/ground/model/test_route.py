"""The one text of a route: what it says, what it must not say, and that its password is told to nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.route import DIRECT, Route, Speech, TlsLevel, parse_route, shown_route, with_password


@pytest.mark.parametrize(
    ("text", "route"),
    [
        (DIRECT, Route()),
        ("smtp://relay.test", Route(host="relay.test")),
        ("smtp://Relay.Test:587?tls=secure", Route(host="relay.test", port=587, level=TlsLevel.SECURE)),
        ("smtp://me%40x:a%3Ab@relay.test", Route(host="relay.test", login="me@x", password="a:b")),
        ("smtps://192.0.2.1", Route(host="192.0.2.1", port=465, is_tls_first=True)),
        ("smtp://one.test,two.test,192.0.2.3:26", Route(host="one.test", others=("two.test", "192.0.2.3"), port=26)),
        ("lmtp://[::1]:24?tls=none", Route(protocol=Speech.LMTP, host="::1", port=24, level=TlsLevel.NONE)),
        ("lmtp:/run/x.sock", Route(protocol=Speech.LMTP, host="/run/x.sock", port=24)),
        ("lmtp:///run/x.sock", Route(protocol=Speech.LMTP, host="/run/x.sock", port=24)),
    ],
)
def test_what_it_says(text: str, route: Route) -> None:
    assert parse_route(text) == route


@pytest.mark.parametrize(
    "text",
    [
        "", "relay.test", "http://relay.test", "smtp:", "smtp://", "smtp:/run/x.sock", "smtp://a.test/x", "smtp://a b",
        "smtp://a.test:0", "smtp://a.test:99999", "smtp://a.test?tls=maybe", "smtp://a.test?port=25", "smtp://a.test#x",
        "smtp://-a.test", "smtp://a.test,", "smtp://,a.test", "smtp://a\ntest", "smtp://[::1", f"smtp://{'a' * 2000}",
    ],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(Invalid):
        parse_route(text)


@pytest.mark.parametrize(
    "text",
    [
        "smtp://me:geheim@relay.test", "smtp://me:ge:heim@relay.test?tls=no", "http://me:geheim@relay.test",
        "smtp://me:geheim/@relay.test:x", "smtp://me:@geheim@relay.test:99999", "smtp://:geheim@relay.test",
        "smtp://me:geheim #@x",
    ],
)  # fmt: skip
def test_nobody_is_told_the_password(text: str) -> None:
    told = [shown_route(text)]
    try:
        told.append(repr(parse_route(text)))
    except Invalid as error:
        told.append(str(error))
    assert not any("heim" in words for words in told), told


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=60))
def test_a_password_comes_back_and_is_hidden(password: str) -> None:
    text = "smtp://me@relay.test:587?tls=secure"
    full = with_password(text, password)
    assert parse_route(full).password == password
    assert shown_route(full) == text


def test_a_password_needs_a_user() -> None:
    with pytest.raises(Invalid):
        with_password("smtp://relay.test", "secret")


def test_hosts_in_their_order() -> None:
    hops = list(parse_route("smtp://me:x@one.test,two.test:26").hops())
    assert [(hop.host, hop.port, hop.login, hop.password) for hop in hops] == [
        ("one.test", 26, "me", "x"),
        ("two.test", 26, "me", "x"),
    ]
