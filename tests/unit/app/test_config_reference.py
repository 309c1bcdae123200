"""What is shown of a configuration, and the page about all keys."""

from pathlib import Path

from mailstead.app.config import Config
from mailstead.app.config_file import load
from mailstead.app.config_keys import build, keys, pack_config, sections, unpack_config
from mailstead.app.config_notyet import NOT_YET
from mailstead.app.config_reference import as_values, as_yaml, reference
from tests.unit.app.test_config_file import SEED, write


def test_every_key_has_a_sentence() -> None:
    for key in keys().values():
        assert key.doc.endswith("."), key.path
    assert all(doc for doc in sections().values())


def test_the_page_has_every_key_and_every_variable() -> None:
    page = reference()
    for key in keys().values():
        assert f"\n### {key.path}\n" in page
        assert f"`{key.variable}`" in page
    assert "`MAIL_PORT`" in page
    assert page.count("*not yet in force*: waits for") == sum(
        key == row or (row.endswith(".") and key.startswith(row)) for key in keys() for row in NOT_YET
    )


def test_every_row_of_what_is_not_yet_in_force_speaks_of_a_key() -> None:
    for row in NOT_YET:
        assert any(key == row or (row.endswith(".") and key.startswith(row)) for key in keys()), row


def test_what_is_shown_can_be_read_again_and_hides_secrets(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, SEED), {"MAILSTEAD_SMTP_LISTEN": "127.0.0.1"})
    text = as_yaml(loaded.config, loaded.sources)
    assert "your-secure-random-token-here" not in text
    assert "your-cloudflare-api-token" not in text
    assert "# MAILSTEAD_SMTP_LISTEN" in text
    again = load(write(tmp_path, text, "again.yaml"), {}).config
    assert again.smtp == loaded.config.smtp
    assert again.imap == loaded.config.imap
    assert again.api.admin_token == "********"


def test_the_same_for_programs(tmp_path: Path) -> None:
    path = write(tmp_path, SEED)
    loaded = load(path, {})
    values = as_values(loaded.config, loaded.sources)
    assert values["api.admin_token"] == {"value": "********", "source": f"{path}:33"}
    assert values["server.listen"] == {"value": ["0.0.0.0", "::"], "source": "default"}
    assert values["smtp.max_message_size"]["value"] == "50MB"
    assert values.keys() == keys().keys()


def test_a_config_goes_to_another_process_and_stays_what_it_is(tmp_path: Path) -> None:
    environ = {"MAILSTEAD_SMTP_RELAY_NETWORKS": "10.0.0.0/8,::1", "SERVER_HOSTNAME": "bücher.example"}
    config = load(write(tmp_path, SEED), environ).config
    assert unpack_config(pack_config(config)) == config
    assert unpack_config(pack_config(Config())) == Config()
    odd = build({"smtp.max_recipients": 0, "imap.login_timeout": keys()["imap.login_timeout"].default})
    assert unpack_config(pack_config(odd)) == odd


def test_workers() -> None:
    assert Config().worker_count(1) == 1
    assert Config().worker_count(16) == 4
    assert build({"database.url": "postgresql://x"}).worker_count(16) == 16
    assert build({"server.workers": 7}).worker_count(2) == 7
