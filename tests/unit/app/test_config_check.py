"""What this machine lacks."""

import sys
from pathlib import Path

import pytest

from mailstead.app.config import Config
from mailstead.app.config_check import check, check_machine
from mailstead.app.config_keys import build


def told(config: Config) -> list[str]:
    return [f"{problem.key}: {problem.what}" for problem in check_machine(config, {})]


def test_certificates_that_are_not_there(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("")
    key.chmod(0o604)
    config = build({"tls.cert_file": tmp_path / "no.pem", "tls.key_file": key})
    assert told(config) == [
        f"tls.cert_file: {tmp_path / 'no.pem'}: No such file or directory",
        f"tls.key_file: {key} is open to everyone on this machine",
    ]
    key.chmod(0o640)
    assert told(build({"tls.key_file": key})) == []
    gone = tmp_path / "ca.pem"
    assert told(build({"outbound.ca_file": gone})) == [f"outbound.ca_file: {gone}: No such file or directory"]


def test_the_data_directory(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert told(build({"server.data_dir": data})) == []
    data.mkdir(mode=0o700)
    assert told(build({"server.data_dir": data})) == []
    data.chmod(0o755)
    assert told(build({"server.data_dir": data})) == [f"server.data_dir: {data} is open to everyone on this machine"]
    file = tmp_path / "file"
    file.write_text("")
    assert told(build({"server.data_dir": file})) == [f"server.data_dir: {file} is not a directory"]


def test_users_and_groups() -> None:
    assert told(build({"server.user": "root"})) == []
    assert told(build({"server.user": "no-such-user", "server.group": "no-such-group"})) == [
        "server.user: there is no user 'no-such-user'",
        "server.group: there is no group 'no-such-group'",
    ]


def test_a_user_who_cannot_reach_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    (closed / "python").write_text("")
    monkeypatch.setattr(sys, "executable", str(closed / "python"))
    told_of = told(build({"server.user": "nobody"}))
    assert len(told_of) == 1
    assert told_of[0].startswith(f"server.user: nobody cannot run {closed / 'python'}: ")
    assert told_of[0].endswith("is closed to it")


def test_filters_that_could_not_be_asked() -> None:
    def found(values: dict[str, object]) -> list[str]:
        return [problem.key for problem in check(build(values), {})]

    assert found({"security.rspamd.url": "http://localhost:11333", "security.rspamd.actions": ("reject=junk",)}) == []
    assert found({"security.rspamd.url": "localhost:11333"}) == ["security.rspamd.url"]
    assert found({"security.rspamd.actions": ("reject=burn",)}) == ["security.rspamd.actions"]
    assert found({"security.spamassassin.user": "büro"}) == ["security.spamassassin.user"]
