"""BIND with signed zones and Unbound that validates them, on loopback, for as long as a test wants.

Trust anchors are the zones' own keys; there is no way to the world's root.
"""

import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import need

START_SECONDS = 60


@dataclass(frozen=True)
class Zone:
    """`signed`: and Unbound holds its key. `spoilt`: what is changed after it was signed."""

    name: str
    records: str
    signed: bool = True
    spoilt: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Lab:
    """Ports on 127.0.0.1."""

    authority: int  # BIND: validates nothing
    resolver: int  # Unbound as Debian has it: does not say why a validation failed
    telling: int  # Unbound that says it (RFC 8914)


@contextmanager
def dns_lab(*zones: Zone) -> Iterator[Lab]:
    """Skips without the packages."""
    programs = {name: need(name) for name in ("named", "unbound", "dnssec-keygen", "dnssec-signzone")}
    folder = Path(tempfile.mkdtemp(prefix="msd-dns-", dir="/tmp"))
    folder.chmod(0o755)  # where it starts as root, Unbound's user has to read it
    try:
        with ExitStack() as running:
            authority = _free_port()
            for zone in zones:
                _write_zone(folder, zone, programs)
            config = folder / "named.conf"
            config.write_text(_named(folder, authority, zones))
            running.enter_context(_daemon([programs["named"], "-4", "-g", "-c", str(config)], "running"))
            ports = []
            for number, told in enumerate(("no", "yes")):
                ports.append(_free_port())
                config = folder / f"unbound{number}.conf"
                config.write_text(_unbound(folder, ports[-1], authority, zones, told))
                running.enter_context(_daemon([programs["unbound"], "-d", "-c", str(config)], "start of service"))
            yield Lab(authority, *ports)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    """Free for both UDP and TCP a moment ago."""
    with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        stream.bind(("127.0.0.1", 0))
        datagram.bind(stream.getsockname())
        return int(stream.getsockname()[1])


def _write_zone(folder: Path, zone: Zone, programs: dict[str, str]) -> None:
    file = folder / f"{zone.name}.zone"
    head = f"$ORIGIN {zone.name}.\n$TTL 60\n@ SOA ns h 1 60 60 3600 60\n@ NS ns\nns A 127.0.0.1\n"
    file.write_text(head + zone.records + "\n")
    if not zone.signed:
        return
    made = _run(folder, programs["dnssec-keygen"], "-a", "ECDSAP256SHA256", "-f", "KSK", zone.name).strip()
    key = (folder / f"{made}.key").read_text()
    (folder / f"{zone.name}.anchor").write_text(key)
    signed = ("-S", "-z", "-o", zone.name, "-f", str(file), str(file))
    _run(folder, programs["dnssec-signzone"], *signed)
    text = file.read_text()
    for true, false in zone.spoilt:
        assert true in text
        text = text.replace(true, false)
    file.write_text(text)


def _named(folder: Path, port: int, zones: tuple[Zone, ...]) -> str:
    lines = [
        f'options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};',
        f'recursion no; dnssec-validation no; pid-file none; session-keyfile "{folder}/session";',
        f'managed-keys-directory "{folder}"; notify no; }}; controls {{ }};',
        *(f'zone "{zone.name}" {{ type primary; file "{zone.name}.zone"; }};' for zone in zones),
    ]
    return "\n".join(lines)


def _unbound(folder: Path, port: int, authority: int, zones: tuple[Zone, ...], told: str) -> str:
    lines = [
        "server:", f"interface: 127.0.0.1@{port}", "do-ip6: no", "do-daemonize: no", 'username: ""', 'chroot: ""',
        f'directory: "{folder}"', 'pidfile: ""', "use-syslog: no", "verbosity: 1", "do-not-query-localhost: no",
        'local-zone: "test." nodefault', 'module-config: "validator iterator"', f"ede: {told}",
        *(f'trust-anchor-file: "{folder}/{zone.name}.anchor"' for zone in zones if zone.signed),
        "remote-control:", "control-enable: no",
    ]  # fmt: skip
    for zone in zones:
        lines += ["stub-zone:", f'name: "{zone.name}"', f"stub-addr: 127.0.0.1@{authority}"]
    return "\n".join(lines) + "\n"


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=START_SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def _daemon(command: list[str], ready: str) -> Iterator[None]:
    """Stays in the foreground and tells on stderr when it is ready."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    told: list[str] = []
    is_ready = threading.Event()

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            told.append(line.decode(errors="replace"))
            if ready in told[-1]:
                is_ready.set()
        is_ready.set()  # it ended

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        assert is_ready.wait(START_SECONDS), f"{command[0]} is not ready"
        assert process.poll() is None and any(ready in line for line in told), "".join(told)
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)
        listener.join(START_SECONDS)
        assert process.stderr is not None
        process.stderr.close()
