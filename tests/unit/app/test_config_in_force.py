"""No key may be accepted and silently ignored: each is used somewhere, or named as not yet in force."""

import re
from pathlib import Path

import pytest

import mailstead
from mailstead.app.config_keys import keys
from mailstead.app.config_notyet import not_yet

CHECKED_ONLY = {"database.wal_enabled"}  # its one value is enforced by `config_check`


def source() -> str:
    """All of the program but what reads and shows the configuration."""
    files = Path(mailstead.__file__).parent.rglob("*.py")
    return "\n".join(
        file.read_text() for file in files if not file.name.startswith("config_") and file.parent.name != "cli"
    )


SOURCE = source()


@pytest.mark.parametrize("path", [path for path in keys() if path not in CHECKED_ONLY and not not_yet([path])])
def test_a_key_is_in_force(path: str) -> None:
    section, _, name = path.rpartition(".")
    owner = section.rpartition(".")[2]
    owners = f"(?:{owner}|config)" if owner == "logger" else owner
    assert re.search(rf"\b{owners}\.{name}\b", SOURCE), f"nothing reads {path}: wire it, or name it in NOT_YET"


@pytest.mark.parametrize("path", [path for path in keys() if not_yet([path])])
def test_a_key_that_waits_is_not_in_force(path: str) -> None:
    """Whoever builds the feature deletes the row. (Relay networks are judged already, and lead nowhere yet.)"""
    section, _, name = path.rpartition(".")
    used = re.search(rf"\bconfig\.{re.escape(section)}\.{name}\b", SOURCE)
    assert path == "smtp.relay_networks" or not used
