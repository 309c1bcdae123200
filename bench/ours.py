"""Starts this checkout's Mailstead as `mailstead run` would, with the accounts of the bench."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.imap import PASSWORD, Target

SMTP_PORT, LMTP_PORT, IMAP_PORT, IMAPS_PORT, HTTP_PORT = 42025, 42024, 42143, 42993, 42080

CONFIG = """
server:
  hostname: mx.example.test
  domain: example.test
  listen: [127.0.0.1]
  data_dir: {d}/data
database:
  path: {d}/data/mailstead.db
logger:
  level: warn
  format: text
  output_path: {d}/log
smtp:
  relay_port: {smtp}
  lmtp_port: {lmtp}
  sessions_per_ip: 0
  max_connections: 0
  {smtp_more}
imap:
  port: {imap}
  imaps_port: {imaps}
  plain_login: loopback
  sessions_per_ip: 0
  max_connections: 0
pop3:
  port: 0
  pop3s_port: 0
api:
  port: {http}
security:
  min_password_length: 2
{more}
"""


class Ours:
    """One server in a folder of its own. `smtp`: one more line of that section; `more`: sections of their own."""

    def __init__(self, folder: Path, smtp: str = "", more: str = "") -> None:
        self._folder = folder
        self._smtp, self._more = smtp, more
        self._process: subprocess.Popen[bytes] | None = None

    def _cli(self, *args: str, text: str = "") -> str:
        command = [sys.executable, "-m", "mailstead.cli.main", *args, "--config", str(self._folder / "mailstead.yaml")]
        return subprocess.run(command, check=True, input=text, capture_output=True, text=True).stdout

    def start(self) -> Target:
        """Configuration, domain, a hundred users, then the server."""
        (self._folder / "data").mkdir(parents=True, exist_ok=True, mode=0o700)
        config = self._folder / "mailstead.yaml"
        config.write_text(
            CONFIG.format(
                d=self._folder,
                smtp=SMTP_PORT,
                lmtp=LMTP_PORT,
                imap=IMAP_PORT,
                imaps=IMAPS_PORT,
                http=HTTP_PORT,
                smtp_more=self._smtp,
                more=self._more,
            )
        )
        config.chmod(0o600)
        self._cli("domain", "add", "example.test")
        users = self._folder / "users.csv"
        users.write_text("address,password\n" + "".join(f"u{i}@example.test,{PASSWORD}\n" for i in range(100)))
        users.chmod(0o600)
        self._cli("user", "import", str(users))
        began = time.perf_counter()
        self._process = subprocess.Popen([sys.executable, "-m", "mailstead.cli.main", "run", "--config", str(config)])
        self._wait()
        print(f"# ours: start to listening {time.perf_counter() - began:.2f} s", flush=True)
        return Target("Mailstead", SMTP_PORT, IMAP_PORT, (self._process.pid,))

    def set_policy(self, values: Sequence[str]) -> None:
        """Of the domain, while the server runs."""
        self._cli("policy", "set", "--domain", "example.test", *values)

    def _wait(self) -> None:
        import socket

        deadline = time.monotonic() + 20
        for port in (SMTP_PORT, IMAP_PORT):
            while True:
                try:
                    with socket.create_connection(("127.0.0.1", port), 1) as probe:
                        probe.settimeout(5)
                        if probe.recv(10):
                            break
                except OSError:
                    pass
                if time.monotonic() > deadline:
                    raise TimeoutError("the server does not answer")
                time.sleep(0.01)

    def stop(self) -> None:
        """SIGTERM, and wait for the drain."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGTERM)
            self._process.wait(60)

    def versions(self) -> str:
        """For the table's heading."""
        from mailstead import __version__

        return f"Mailstead {__version__}"
