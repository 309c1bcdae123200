"""Domains made to be taken for others."""

import pytest

from mailstead.ground.formats.spam.lookalike import resembles


@pytest.mark.parametrize(
    "name",
    [
        "examp1e.org",
        "exampIe.org",
        "exаmple.org",
        "xn--exmple-4nf.org",
        "exarnple.org",
        "examp-le.org",
        "exampl.org",
        "examlpe.org",
        "exampple.org",
        "example-login.org",
        "mail.examp1e.org",
        "exámple.org",
        "a-example.org",
    ],
)
def test_impostors(name: str) -> None:
    assert resembles(name, "example.org")


@pytest.mark.parametrize(
    "name", ["example.org", "mail.example.org", "other.org", "sample.net", "example.net", "", "org"]
)
def test_others(name: str) -> None:
    assert not resembles(name, "example.org")


def test_short_names_have_honest_neighbours() -> None:
    assert not resembles("abd.test", "abc.test")
    assert resembles("аbc.test", "abc.test")
