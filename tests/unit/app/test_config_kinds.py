"""Values as people write them."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from mailstead.app.config_kinds import (
    BadValue,
    read_bool,
    read_host,
    read_int,
    read_ip,
    read_network,
    read_path,
    read_port,
    read_size,
    read_span,
    read_text,
    show_size,
    show_span,
)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("52428800", 50 << 20),
        ("50MB", 50 << 20),
        ("50M", 50 << 20),
        ("50 MiB", 50 << 20),
        ("50mb", 50 << 20),
        ("1.5k", 1536),
        ("2GB", 2 << 30),
        ("1t", 1 << 40),
        ("0", 0),
        ("7b", 7),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "50 furlongs", "-1", "MB", "1 2", "50MBB", "9" * 40])
def test_no_sizes(text: str) -> None:
    with pytest.raises(BadValue):
        read_size(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1800", 1800),
        ("5m", 300),
        ("1h30m", 5400),
        ("2d", 172800),
        ("1.5h", 5400),
        ("500ms", 0.5),
        ("0", 0),
        ("1 h", 3600),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert read_span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "5", "5x", "-5m", "m", "5m soon", "9" * 30])
def test_no_durations(text: str) -> None:
    if text == "5":
        assert read_span(text) == timedelta(seconds=5)
        return
    with pytest.raises(BadValue):
        read_span(text)


@pytest.mark.parametrize("count", [0, 1, 1024, 50 << 20, (50 << 20) + 1, 3 << 30])
def test_sizes_survive_being_shown(count: int) -> None:
    assert read_size(show_size(count)) == count


@pytest.mark.parametrize("seconds", [0, 1, 59, 60, 90, 3600, 86400, 0.5])
def test_durations_survive_being_shown(seconds: float) -> None:
    assert read_span(show_span(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


def test_booleans() -> None:
    assert [read_bool(word) for word in ("true", "Yes", "ON", "1")] == [True] * 4
    assert [read_bool(word) for word in ("false", "No", "off", "0")] == [False] * 4
    with pytest.raises(BadValue):
        read_bool("maybe")


def test_numbers() -> None:
    assert read_int("1_000") == 1000
    for text in ("1.5", "0x10", "", "1e3", "9" * 21):
        with pytest.raises(BadValue):
            read_int(text)


def test_ports() -> None:
    assert (read_port("25"), read_port(":2525"), read_port("0")) == (25, 2525, 0)
    for text in ("99999", "-1", "smtp", "", "65536"):
        with pytest.raises(BadValue):
            read_port(text)


def test_names_and_networks() -> None:
    assert read_host("Mail.Example.COM.") == "mail.example.com"
    assert read_host("bücher.example") == "xn--bcher-kva.example"
    assert read_ip("[::1]") == "::1"
    assert read_network("10.1.2.3/8") == ip_network("10.0.0.0/8")
    assert read_network("192.0.2.1") == ip_network("192.0.2.1/32")
    for read, text in ((read_host, "a b"), (read_ip, "localhost"), (read_network, "foo"), (read_text, "a\nb")):
        with pytest.raises(BadValue):
            read(text)


def test_paths_know_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert read_path("~/mail.db") == Path("/home/ada/mail.db")
    with pytest.raises(BadValue):
        read_path("")
