"""Lines: one each, whatever a peer said; personal fields hashed on demand."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailstead import telemetry
from mailstead.telemetry import Event, configure, emit, incident
from mailstead.telemetry.output import LOGGER, THRESHOLD


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """A file to configure; afterwards all is as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, LOGGER.level, THRESHOLD.level
    root.handlers = []
    yield tmp_path / "log"
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level, LOGGER.level, THRESHOLD.level = before


def told() -> None:
    emit(
        Event.SMTP_RECIPIENT_REFUSED,
        session=7,
        protocol="smtp",
        client_ip="192.0.2.7",
        recipient="eve@example.test\r\nfake line",
        reason="unknown user",
    )


def test_json_has_the_public_names(log: Path) -> None:
    configure("info", "json", str(log))
    told()
    (line,) = log.read_text().splitlines()
    record = json.loads(line)
    assert record["event"] == "smtp.recipient.refused"
    assert record["event_type"] == "rejection"
    assert record["level"] == "info"
    assert record["to"] == "eve@example.test\r\nfake line"
    assert record["session"] == 7


def test_text_is_one_line_without_color_in_a_file(log: Path) -> None:
    configure("info", "text", str(log))
    told()
    (line,) = log.read_text().splitlines()
    assert 'to="eve@example.test\\r\\nfake line"' in line
    assert 'reason="unknown user"' in line
    assert "\x1b" not in line


def test_the_phrase_shows_fields(log: Path) -> None:
    configure("info", "text", str(log))
    emit(Event.SMTP_SERVER_STARTED, port=2525)
    assert "smtp: Starting SMTP server (receive only) on :2525" in log.read_text()


def test_personal_fields_are_hashed_alike_under_one_key(log: Path) -> None:
    configure("info", "json", str(log), hash_addresses=b"key")
    told()
    told()
    first, second = map(json.loads, log.read_text().splitlines())
    assert "example" not in first["to"]
    assert "192" not in first["client_ip"]
    assert first["to"] == second["to"]
    assert first["reason"] == "unknown user"


def test_below_the_level_nothing_is_written(log: Path) -> None:
    configure("error", "json", str(log))
    told()
    assert log.read_text() == ""


def test_an_incident_has_its_stack_in_the_log_and_an_id_for_the_stranger(log: Path) -> None:
    configure("info", "json", str(log))
    try:
        raise ZeroDivisionError("secret cause")
    except ZeroDivisionError as error:
        name = incident(error, subsystem="test")
    record = json.loads(log.read_text())
    assert record["incident"] == name
    assert "secret" not in name
    assert "test_render.py" in record["trace"]


def test_lines_of_libraries_come_too(log: Path) -> None:
    configure("info", "json", str(log))
    logging.getLogger("asyncio").warning("slow %s", "thing")
    logging.getLogger("asyncio").info("chatter")
    (line,) = log.read_text().splitlines()
    assert json.loads(line)["msg"] == "slow thing"


def test_an_unknown_level_is_named() -> None:
    with pytest.raises(ValueError, match=r"logger\.level: 'loud'"):
        telemetry.configure("loud")
