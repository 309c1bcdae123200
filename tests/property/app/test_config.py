"""Whatever stands in the file or in a variable: a configuration, or problems with places and cures."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mailstead.app.config_file import load
from mailstead.app.config_keys import keys
from mailstead.app.config_report import ConfigError
from mailstead.app.config_yaml import BadYaml, parse_yaml

words = st.sampled_from(
    [*keys(), *(part for key in keys() for part in key.split(".")), "x", "*a", "&a b", "<<", "25", "5m"]
)
marks = st.sampled_from(
    [": ", ":\n  ", "\n", "\n  ", "- ", "[", "]", "{", "}", ", ", "'", '"', "\t", "#", "!", "|\n", "---\n"]
)
yamlish = st.lists(st.one_of(words, marks, st.text(max_size=3)), max_size=30).map("".join)


@given(st.one_of(yamlish.map(str.encode), st.binary(max_size=200)))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_yaml_or_say_why_not(data: bytes) -> None:
    try:
        parse_yaml(data)
    except BadYaml as bad:
        assert bad.line >= 1
        assert bad.what
        assert bad.fix


@given(yamlish)
@settings(max_examples=200, deadline=None)
def test_any_file_loads_or_says_why_not(text: str) -> None:
    with tempfile.NamedTemporaryFile(suffix=".yaml") as file:
        file.write(text.encode("utf-8", "replace"))
        file.flush()
        try:
            load(Path(file.name), {})
        except ConfigError as error:
            assert error.problems
            assert all(problem.place and problem.what and problem.fix for problem in error.problems)


@given(st.sampled_from([key.variable for key in keys().values()]), st.text(min_size=1, max_size=20))
@settings(max_examples=500, deadline=None)
def test_any_value_is_read_or_says_why_not(variable: str, text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            load(None, {variable: text, "HOME": folder}, directory=Path(folder))
        except ConfigError as error:
            assert all(problem.what and problem.fix for problem in error.problems)
