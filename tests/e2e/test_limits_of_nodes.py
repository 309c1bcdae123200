"""Two nodes on one PostgreSQL: what is counted, failed and blocked at one of them holds at the other."""

import contextlib
import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.authority import stranger
from tests.support.postgres import cluster
from tests.support.proxied import Smtp, connect, plain
from tests.support.server import MAILSTEAD
from tests.support.world.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ANN, PASSWORD = "ann@example.test", "correct horse"
HERE, CRACKER = "203.0.113.7", "100.64.9.7"
LIMIT = 20
CONFIG = """
server:
  hostname: mx.example.test
  domain: example.test
  listen: [127.0.0.1]
  data_dir: {d}
  workers: 1
  proxy_protocol: yes
  trusted_proxies: [127.0.0.1/32]
database:
  url: {url}
  pool_size: 2
logger:
  output_path: {d}/log
smtp:
  relay_port: {smtp}
  submission_port: {submission}
  smtps_port: 0
security:
  failed_login_delay: 0s
outbound:
  mode: trap
imap: {{port: 0, imaps_port: 0}}
pop3: {{port: 0, pop3s_port: 0}}
api: {{port: 0}}
"""


@dataclass
class Node:
    """One `mailstead run`."""

    config: Path
    smtp: int
    submission: int

    def cli(self, *words: str, text: str = "") -> str:
        done = subprocess.run(
            [*MAILSTEAD, *words, "--config", str(self.config)], input=text, capture_output=True, text=True, timeout=60,
            check=True,
        )  # fmt: skip
        return done.stdout

    def is_greeted(self) -> bool:
        with connect(self.smtp, HERE) as line, line.makefile("rb") as reader:
            first = reader.readline()
        assert first.startswith((b"220 ", b"421 4.7.1 Too many connections from your IP"))
        return first.startswith(b"220 ")

    def log_in(self, password: str) -> str:
        with contextlib.closing(Smtp(self.submission, CRACKER)) as client:
            client.starttls(context=stranger())
            client.ehlo()
            return plain(client, ANN, password)[:3]


def write_node(folder: Path, conninfo: str) -> Node:
    folder.mkdir(mode=0o700)
    with socket.socket() as one, socket.socket() as two:
        for probe in (one, two):
            probe.bind(("127.0.0.1", 0))
        ports = one.getsockname()[1], two.getsockname()[1]
    words = dict(word.split("=") for word in conninfo.split())
    url = f"postgresql://{words['user']}@/{words['dbname']}?host={words['host']}"
    config = folder / "mailstead.yaml"
    config.write_text(CONFIG.format(d=folder, url=url, smtp=ports[0], submission=ports[1]))
    config.chmod(0o600)
    return Node(config, *ports)


@contextlib.contextmanager
def running(nodes: list[Node]) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for node in nodes:
            program = subprocess.Popen([*MAILSTEAD, "run", "--config", str(node.config)], stderr=subprocess.DEVNULL)
            stack.callback(program.wait, 60)
            stack.callback(program.send_signal, signal.SIGTERM)
        for node in nodes:
            log = node.config.parent / "log"
            until(lambda log=log: log.exists() and "app.program.ready" in log.read_text(), timeout=60)
        yield


def test_limits_and_blocks_hold_at_all_nodes(tmp_path: Path) -> None:
    with cluster() as postgres, postgres.database() as conninfo:
        nodes = [write_node(tmp_path / name, conninfo) for name in ("one", "two")]
        one, two = nodes
        one.cli("domain", "add", "example.test")
        one.cli("user", "add", ANN, "--password-stdin", text=f"{PASSWORD}\n")
        with running(nodes):
            two.cli("policy", "set", "--domain", "example.test", f"rate_limit.smtp_per_ip={LIMIT}/60")
            greeted = sum(node.is_greeted() for _ in range(LIMIT) for node in nodes)
            assert LIMIT - 1 <= greeted <= LIMIT + 1
            assert [node.log_in("a guess") for node in (one, two, one, two, one)] == ["535"] * 5
            assert [node.log_in(PASSWORD) for node in nodes] == ["421"] * 2
            [block] = map(json.loads, two.cli("blocks", "list", "--json").splitlines())
            assert (block["subject"], block["failures"]) == (CRACKER, 5)
            two.cli("blocks", "remove", CRACKER)
            assert [node.log_in("a guess") for node in nodes] == ["535"] * 2, "and they are counted anew"
            assert [node.log_in(PASSWORD) for node in nodes] == ["235"] * 2
        for node in nodes:
            log = (node.config.parent / "log").read_text()
            assert '"level":"error"' not in log
            assert "rate_limit_exceeded" in log
