"""YAML without guessing and without bombs."""

import pytest

from mailstead.app.config_yaml import BYTES_MAX, BadYaml, Listing, Mapping, Scalar, parse_yaml


def test_values_stay_text_and_know_their_lines() -> None:
    root = parse_yaml(b"server:\n  # a remark\n  a: no\n  b: 1:30\n  c: [x, 'null']\n")
    assert isinstance(root, Mapping)
    _, name, section = root.entries[0]
    assert name == "server"
    assert isinstance(section, Mapping)
    assert [(line, key) for line, key, _ in section.entries] == [(3, "a"), (4, "b"), (5, "c")]
    assert section.entries[0][2] == Scalar(3, "no")
    assert section.entries[1][2] == Scalar(4, "1:30")
    assert section.entries[2][2] == Listing(5, [Scalar(5, "x"), Scalar(5, "null")])


@pytest.mark.parametrize("text", ["", "# only a remark\n", "~\n", "null"])
def test_nothing(text: str) -> None:
    assert parse_yaml(text.encode()) is None


def test_aliases_stand_for_their_anchors() -> None:
    root = parse_yaml(b"a: &x 5\nb: *x\n")
    assert isinstance(root, Mapping)
    assert root.entries[1][2] == Scalar(1, "5")


def test_a_billion_laughs_cost_nothing() -> None:
    rows = ["a: &a [x,x,x,x,x,x,x,x,x]"] + [
        f"{n}: &{n} [{','.join([f'*{p}'] * 9)}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    root = parse_yaml("\n".join(rows).encode())
    assert isinstance(root, Mapping)
    assert len(root.entries) == 9


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b"a: *b\n", 1, "*b stands for nothing"),
        (b"a: &a [*a]\n", 1, "*a stands for nothing"),
        (b"a: " + b"[" * 50 + b"]" * 50, 1, "too deep or too many values"),
        (b"a:\n" + b"- x\n" * 20_001, 19_999, "too deep or too many values"),
        (b"? [a]\n: b\n", 1, "a key is not a word"),
        (b"a: 1\n---\nb: 2\n", 2, "a second document begins here"),
        (b"a: 1\nb: \xff\n", 2, "the file is not UTF-8 text"),
        (b"x" * (BYTES_MAX + 1), 1, f"the file is larger than {BYTES_MAX} bytes"),
    ],
)
def test_what_is_refused(data: bytes, line: int, what: str) -> None:
    with pytest.raises(BadYaml) as raised:
        parse_yaml(data)
    assert (raised.value.line, raised.value.what) == (line, what)
    assert raised.value.fix


@pytest.mark.parametrize("data", [b"a: [1, 2\nb: 3\n", b"a:\n\t- b\n", b"a: 'x\n", b"a: b: c\n", b"\0"])
def test_what_is_no_yaml(data: bytes) -> None:
    with pytest.raises(BadYaml, match="not YAML"):
        parse_yaml(data)
