"""LIST patterns against a plain definition, and against patterns made to be slow."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstead.servers.imap.patterns import compile_pattern


def by_definition(pattern: str, name: str) -> bool:
    """RFC 9051 §6.3.9 by backtracking."""
    parts = {"*": ".*", "%": "[^/]*"}
    return re.fullmatch("".join(parts.get(char, re.escape(char)) for char in pattern), name) is not None


@given(st.text("ab/*%", max_size=8), st.text("ab/", max_size=8))
def test_matches_as_defined(pattern: str, name: str) -> None:
    assert compile_pattern("", pattern)(name) is by_definition(pattern, name)


@pytest.mark.parametrize(
    ("reference", "pattern", "name"),
    [("", "inbox", "INBOX"), ("", "iNbOx/%", "INBOX/a"), ("Work/", "%", "Work/a"), ("", "*", "a/b/c")],
)
def test_known_pairs(reference: str, pattern: str, name: str) -> None:
    assert compile_pattern(reference, pattern)(name)


def test_many_wildcards_cost_no_more_than_the_name_is_long() -> None:
    matches = compile_pattern("", "*a" * 500 + "b")
    assert not matches("a" * 5000)
