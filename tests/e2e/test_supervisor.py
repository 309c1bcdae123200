"""The supervisor with toy servers in real processes: deaths, waiting connections, draining, shortage."""

import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
LONG = 20.0


class Program:
    """One run of `tests.support.toy_main`."""

    def __init__(self, folder: Path, workers: int = 2, *, hasher: bool = False, **settings: int) -> None:
        self.folder = folder
        self.log = (folder / "log").open("w+b")
        command = [sys.executable, "-m", "tests.support.toy_main", str(folder), str(workers), json.dumps(settings)]
        self.process = subprocess.Popen(
            command + ["hasher"] * hasher, stdout=subprocess.PIPE, stderr=self.log, cwd=Path(__file__).parents[2]
        )

    def wait_ready(self) -> int:
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], LONG)
        line = self.process.stdout.readline() if readable else b""
        assert line, self.lines()
        return int(json.loads(line)["toy"])

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == name]

    def wait_event(self, name: str, count: int = 1) -> list[dict[str, Any]]:
        wait_until(lambda: len(self.events(name)) >= count)
        return self.events(name)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LONG)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Looks often: what is waited for happens in another process."""
    until = time.monotonic() + LONG
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def begin(workers: int = 2, **settings: Any) -> Program:
        programs.append(Program(tmp_path, workers, **settings))
        return programs[-1]

    yield begin
    for program in programs:
        program.end()


class Client:
    """A connection that reads lines."""

    def __init__(self, port: int, *, greeted: bool = True) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=LONG)
        self.file = self.sock.makefile("rb")
        self.pid = int(self.line().split()[1]) if greeted else 0

    def line(self) -> bytes:
        return self.file.readline().rstrip()

    def ask(self, text: str) -> bytes:
        self.say(text)
        return self.line()

    def say(self, text: str) -> None:
        self.sock.sendall(text.encode() + b"\n")


def clients_of_all(port: int, workers: int = 2) -> dict[int, Client]:
    """One client of each worker."""
    found: dict[int, Client] = {}
    while len(found) < workers:
        client = Client(port)
        found.setdefault(client.pid, client)
    return found


def test_starts_fast_and_ends_clean(run: Callable[..., Program]) -> None:
    program = run(hasher=True)
    port = program.wait_ready()
    assert (program.folder / "migrated").exists()
    assert program.events("app.program.ready")[0]["elapsed"] < 2.0
    assert (program.folder / "run").stat().st_mode & 0o777 == 0o700
    client = Client(port)
    answer = json.loads(client.ask("status"))
    assert [worker["is_ready"] for worker in answer["status"]["workers"]] == [True, True]
    assert answer["metrics"]["connections_total"] == [[["toy"], [1.0]]]
    assert answer["metrics"]["workers_ready"] == [[[], [2.0]]]
    program.process.send_signal(signal.SIGTERM)
    assert client.line() == b"bye"
    assert program.process.wait(LONG) == 0
    assert [line for line in program.lines() if line["level"] == "error"] == []


def test_a_killed_worker_begins_again_and_the_other_serves_on(run: Callable[..., Program]) -> None:
    program = run()
    port = program.wait_ready()
    (doomed, its), (other, untouched) = clients_of_all(port).items()
    os.kill(doomed, signal.SIGKILL)
    with suppress(ConnectionResetError):
        assert its.line() == b""
    assert untouched.ask("hi").startswith(b"%d " % other)
    program.wait_event("app.worker.ready", 3)
    (death,) = program.events("app.worker.ended")
    assert death["code"] == -signal.SIGKILL
    assert doomed not in clients_of_all(port)


def test_connections_that_wait_for_a_dead_worker_are_served_by_its_successor(run: Callable[..., Program]) -> None:
    program = run(workers=1)
    port = program.wait_ready()
    first = Client(port)
    os.kill(first.pid, signal.SIGSTOP)
    socks = [socket.create_connection(("127.0.0.1", port), timeout=LONG) for _ in range(20)]
    os.kill(first.pid, signal.SIGKILL)
    greetings = [sock.makefile("rb").readline() for sock in socks]
    pids = {int(greeting.split()[1]) for greeting in greetings}
    assert len(pids) == 1
    assert first.pid not in pids


def test_all_workers_dead_at_once(run: Callable[..., Program]) -> None:
    program = run()
    port = program.wait_ready()
    for pid in clients_of_all(port):
        os.kill(pid, signal.SIGKILL)
    program.wait_event("app.worker.ready", 4)
    clients_of_all(port)
    assert program.process.poll() is None


def test_a_dead_workers_sessions_no_longer_count(run: Callable[..., Program]) -> None:
    program = run(workers=1, per_ip=2)
    port = program.wait_ready()
    pair = [Client(port), Client(port)]
    assert Client(port, greeted=False).line() == b"no: TOO_MANY_FROM_IP"
    pair[0].say("die")
    program.wait_event("app.worker.ready", 2)
    assert Client(port).pid != pair[0].pid


def test_who_holds_the_lock_too_long_is_ended_even_when_stopped(run: Callable[..., Program]) -> None:
    program = run()
    port = program.wait_ready()
    holder = Client(port)
    holder.say("stop")
    (program.folder / "holder").write_text(f"{holder.pid} {time.monotonic() - 9.5}")
    (told,) = program.wait_event("store.lock.held")
    assert told["pid"] == holder.pid
    (program.folder / "holder").unlink()
    program.wait_event("app.worker.ready", 3)


def test_who_holds_it_shortly_or_is_none_of_ours_lives(run: Callable[..., Program]) -> None:
    program = run(workers=1)
    client = Client(program.wait_ready())
    (program.folder / "holder").write_text(f"{os.getpid()} 0.0")
    (program.folder / "holder").write_text(f"{client.pid} {time.monotonic()}")
    assert client.ask("hi")
    assert program.events("store.lock.held") == []


def test_drain_lets_a_transaction_finish(run: Callable[..., Program]) -> None:
    program = run()
    port = program.wait_ready()
    client = Client(port)
    assert client.ask("begin") == b"go on"
    program.process.send_signal(signal.SIGTERM)
    assert client.line() == b"hurry"
    assert client.ask("end") == b"done"
    assert program.process.wait(LONG) == 0
    with pytest.raises(ConnectionRefusedError):
        Client(port)


def test_drain_ends_when_grace_is_over(run: Callable[..., Program]) -> None:
    program = run()
    client = Client(program.wait_ready())
    assert client.ask("begin") == b"go on"
    program.process.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert program.process.wait(LONG) == 0
    assert 4.0 < time.monotonic() - began < 12.0
    assert {event["count"] for event in program.events("app.worker.drained")} == {0, 1}


def test_a_second_signal_ends_at_once(run: Callable[..., Program]) -> None:
    program = run()
    client = Client(program.wait_ready())
    assert client.ask("begin") == b"go on"
    program.process.send_signal(signal.SIGTERM)
    assert client.line() == b"hurry"
    program.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert program.process.wait(LONG) == 0
    assert time.monotonic() - began < 3.0


def test_a_worker_may_ask_to_stop_the_program(run: Callable[..., Program]) -> None:
    program = run()
    client = Client(program.wait_ready())
    client.say("halt")
    assert client.line() == b"bye"
    assert program.process.wait(LONG) == 0


def test_reload_reaches_all_and_bad_settings_change_nothing(run: Callable[..., Program]) -> None:
    program = run()
    port = program.wait_ready()
    clients = clients_of_all(port)
    program.process.send_signal(signal.SIGHUP)  # there is no file
    assert program.wait_event("app.program.reloaded")[0]["result"] == "refused"
    (program.folder / "settings").write_text('{"per_ip": 9}')
    next(iter(clients.values())).say("reload")
    assert program.wait_event("app.program.reloaded", 2)[1]["result"] == "done"
    for client in clients.values():
        wait_until(lambda client=client: json.loads(client.ask("settings"))["per_ip"] == 9)


def test_the_program_ends_with_its_supervisor(run: Callable[..., Program]) -> None:
    program = run(hasher=True)
    port = program.wait_ready()
    children = Path(f"/proc/{program.process.pid}/task/{program.process.pid}/children").read_text().split()
    assert len(children) == 3
    client = Client(port)
    program.process.kill()
    program.process.wait(LONG)
    assert client.line() == b"bye"
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))


def test_a_worker_that_cannot_start_ends_the_program_with_its_code(run: Callable[..., Program]) -> None:
    program = run(refuse_start=os.EX_CONFIG)
    assert program.process.wait(LONG) == os.EX_CONFIG


def test_a_worker_that_always_fails_at_the_start_ends_the_program(run: Callable[..., Program]) -> None:
    program = run(workers=1, fail_with=1)
    assert program.process.wait(LONG) == os.EX_SOFTWARE
    assert program.events("system.fault.met")[0]["error"] == "RuntimeError: cannot start"


def test_a_port_in_use_is_named(run: Callable[..., Program], tmp_path: Path) -> None:
    from mailstead.app.sockets import CannotListen, Endpoint, bind_ports

    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"imap: 127.0.0.1 port {port} cannot be used: Address already in use"):
            bind_ports([Endpoint("imap", "127.0.0.1", port)], 2)


def test_sockets_of_systemd_are_shared_by_all_workers(tmp_path: Path) -> None:
    code = (
        "import os, socket, sys\n"
        "s = socket.create_server(('127.0.0.1', 0)); os.dup2(s.fileno(), 3); os.set_inheritable(3, True)\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='toy')\n"
        "open(sys.argv[1] + '/port', 'w').write(str(s.getsockname()[1]))\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'tests.support.toy_main', sys.argv[1], '2', '{}'])\n"
    )
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=Path(__file__).parents[2],
        )
    assert process.stdout is not None
    port = json.loads(process.stdout.readline())["toy"]
    assert port == int((tmp_path / "port").read_text())
    assert Client(port).ask("hi")
    process.terminate()
    assert process.wait(LONG) == 0
    process.stdout.close()


def test_out_of_descriptors_waits_and_recovers(run: Callable[..., Program]) -> None:
    program = run(workers=1)
    port = program.wait_ready()
    first = Client(port)
    used = len(list(Path(f"/proc/{first.pid}/fd").iterdir()))
    _, most = resource.prlimit(first.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(first.pid, resource.RLIMIT_NOFILE, (used + 2, most))
    socks = [socket.create_connection(("127.0.0.1", port), timeout=LONG) for _ in range(10)]
    program.wait_event("net.accept.failed")
    assert first.ask("hi")  # who is in is served
    resource.prlimit(first.pid, resource.RLIMIT_NOFILE, (most, most))
    for sock in socks:
        assert sock.makefile("rb").readline().startswith(b"hello")
    assert len(program.events("net.accept.failed")) < 10  # it waited, it did not spin


def test_a_refused_connection_storm_leaves_the_others_alone(run: Callable[..., Program]) -> None:
    program = run(workers=1, connections=50)
    port = program.wait_ready()
    held = [Client(port) for _ in range(50)]
    for _ in range(300):
        assert Client(port, greeted=False).line() == b"no: TOO_MANY"
    assert held[0].ask("hi")
    held.pop().sock.close()
    wait_until(lambda: Client(port, greeted=False).line().startswith(b"hello"))
