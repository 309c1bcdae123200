"""Rewrites `:name` parameters to psycopg's form, once for each text."""

import re
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(
    r"""
      (?P<kept> '(?:[^']|'')*' | "[^"]*" | --[^\n]* | ::)  # strings, names, comments, casts
    | :(?P<name>[a-z_][a-z0-9_]*)
    """,
    re.VERBOSE,
)


@lru_cache(maxsize=1000)
def to_psycopg(sql: str) -> bytes:
    """`WHERE id = :id AND a LIKE 'x%'` becomes `WHERE id = %(id)s AND a LIKE 'x%%'`; bytes, as a text of ours."""
    return _TOKEN.sub(_replace, sql.replace("%", "%%")).encode()


def _replace(match: re.Match[str]) -> str:
    return match["kept"] or f"%({match['name']})s"
