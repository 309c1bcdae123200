import pytest

from mailstead.store.sql.params import to_psycopg


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("SELECT :a, :b_2", b"SELECT %(a)s, %(b_2)s"),
        ("SELECT :a::bigint", b"SELECT %(a)s::bigint"),
        ("SELECT ':a', \":b\", :c", b"SELECT ':a', \":b\", %(c)s"),
        ("SELECT 'it''s :a', :b", b"SELECT 'it''s :a', %(b)s"),
        ("WHERE a LIKE '%x' AND b % 2 = :c", b"WHERE a LIKE '%%x' AND b %% 2 = %(c)s"),
        ("SELECT 1 -- not :a\n, :b", b"SELECT 1 -- not :a\n, %(b)s"),
        ("SELECT 1", b"SELECT 1"),
    ],
)
def test_named_parameters_become_psycopgs(text: str, rewritten: bytes) -> None:
    assert to_psycopg(text) == rewritten


def test_each_text_is_rewritten_once() -> None:
    assert to_psycopg("SELECT :once") is to_psycopg("SELECT :once")
