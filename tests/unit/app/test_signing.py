"""How signing is configured: by our names, by those of others, and by what cannot be."""

from pathlib import Path

import pytest

from mailstead.app.config_check import check
from mailstead.app.config_env import read_environment
from mailstead.app.config_keys import build, pack_config, unpack_config
from mailstead.app.signing import key_file_of
from tests.support.dkim import RSA_PEM

PEM = RSA_PEM.decode()


@pytest.mark.parametrize(
    ("variable", "key", "value"),
    [
        ("DKIM_PRIVATE_KEY", "dkim.private_key", PEM),
        ("DKIM_PRIVATE_KEY", "dkim.private_key", PEM.replace("\n", "\\n")),
        ("MESSAGES_DKIM_PRIVATE_KEY_B64", "dkim.private_key", "LS0t"),
        ("MESSAGES_DKIM_PRIVATE_KEY_FILE", "dkim.key_file", Path("/x/dkim.key")),
        ("MESSAGES_DKIM_DOMAINS", "dkim.domains", ("a.test", "b.test")),
        ("MESSAGES_DKIM_SELECTOR", "dkim.selector", "stmessages"),
        ("MAIL_SELECTOR", "dkim.selector", "mail"),
    ],
)
def test_names_of_others(variable: str, key: str, value: object) -> None:
    text = ",".join(value) if isinstance(value, tuple) else str(value)
    settings, problems = read_environment({variable: text})
    assert problems == []
    assert {path: setting.value for path, setting in settings.items()} == {key: value}


def test_a_key_of_several_lines_reaches_the_workers() -> None:
    config = build({"dkim.private_key": PEM})
    assert unpack_config(pack_config(config)).dkim.private_key == PEM


def test_where_a_key_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    usual = key_file_of(build({"server.domain": "x.test", "database.path": Path("/data/mail.db")}))
    assert usual.paths == (Path("/data/keys/dkim.key"), Path("/home/ann/.mu/keys/dkim.key"))
    assert (usual.domains, usual.selector, usual.text) == (("x.test",), "default", "")
    told = key_file_of(build({"dkim.key_file": Path("/k"), "dkim.domains": ("a.test",), "dkim.selector": "s"}))
    assert (told.paths, told.domains, told.selector) == ((Path("/k"),), ("a.test",), "s")


@pytest.mark.parametrize(
    ("key", "names", "wrong"),
    [
        ("dkim.headers", ("from", "*"), 0),
        ("dkim.oversign", ("from", "*"), 1),
        ("dkim.headers", ("from:to", "sub ject", "é"), 3),
    ],
)
def test_names_of_fields(key: str, names: tuple[str, ...], wrong: int) -> None:
    found = check(build({key: names}), {})
    assert [problem.key for problem in found] == [key] * wrong
