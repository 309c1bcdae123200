"""Names of folders."""

import pytest

from mailstead.ground.model.errors import Invalid
from mailstead.services.folders.names import is_below, list_parents, normalize_name


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Work", "Work"),
        ("inbox", "INBOX"),
        ("InBox/Old", "INBOX/Old"),
        ("Entwu\u0308rfe", "Entwürfe"),
        ("a b/ c", "a b/ c"),
        ("/".join("x" * 32), "/".join("x" * 32)),
        ("ü" * 127, "ü" * 127),
    ],
)
def test_kept(given: str, stored: str) -> None:
    assert normalize_name(given) == stored


@pytest.mark.parametrize(
    "given", ["", "/", "a//b", "/a", "a/", "a\nb", "a\x00", "\x7f", "a\u2028b", "\ud800", "/".join("x" * 33), "ü" * 128]
)
def test_refused(given: str) -> None:
    with pytest.raises(Invalid):
        normalize_name(given)


def test_levels() -> None:
    assert list_parents("a/b/c") == ["a", "a/b"]
    assert list_parents("a") == []
    assert is_below("a/b", "a")
    assert not is_below("ab", "a")
