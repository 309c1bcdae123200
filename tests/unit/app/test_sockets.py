"""Binding: each worker its own set, one port; Unix sockets for the owner only; systemd's variables."""

import os
import socket
from pathlib import Path

import pytest

from mailstead.app.sockets import CannotListen, Endpoint, bind_paths, bind_ports, notify_systemd, take_activated


def test_every_worker_has_its_own_sockets_on_one_port() -> None:
    bound = bind_ports([Endpoint("smtp", "127.0.0.1", 0), Endpoint("imap", "127.0.0.1", 0)], 3)
    sockets = [one["smtp"][0] for one in bound.sets]
    assert len({sock.fileno() for sock in sockets}) == 3
    assert {sock.getsockname()[1] for sock in sockets} == {bound.ports["smtp"]}
    assert bound.ports["smtp"] != bound.ports["imap"]
    assert bound.descriptors(1)["smtp"] == [sockets[1].fileno()]
    bound.close()


def test_a_second_program_does_not_get_the_port() -> None:
    first = bind_ports([Endpoint("smtp", "127.0.0.1", 0)], 2)
    with pytest.raises(CannotListen, match=r"smtp: 127\.0\.0\.1 port .* Address already in use"):
        bind_ports([Endpoint("smtp", "127.0.0.1", first.ports["smtp"])], 2)
    first.close()


def test_what_is_no_address_of_ours_is_named() -> None:
    with pytest.raises(CannotListen, match=r"smtp: 192\.0\.2\.1 port 2525"):
        bind_ports([Endpoint("smtp", "192.0.2.1", 2525)], 1)


def test_a_path_is_for_its_owner_and_shared(tmp_path: Path) -> None:
    endpoints = [Endpoint("control", path=tmp_path / "control.sock")]
    bound = bind_ports(endpoints, 2)
    bind_paths(bound, endpoints)
    assert (tmp_path / "control.sock").stat().st_mode & 0o777 == 0o600
    assert bound.descriptors(0) == bound.descriptors(1)
    with pytest.raises(CannotListen, match="another program listens"):
        bind_paths(bind_ports([], 1), endpoints)
    bound.close()
    again = bind_ports(endpoints, 1)  # the file is still there, its program is not
    bind_paths(again, endpoints)
    again.close()


def test_variables_of_systemd_count_for_their_process_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert take_activated() == {}
    assert "LISTEN_FDS" not in os.environ


def test_systemd_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        notify_systemd("READY=1")
        assert manager.recv(100) == b"READY=1"
    notify_systemd("STOPPING=1")  # nobody there: no harm
