"""This checkout as a submission server that relays to the sink."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from bench.imap import PASSWORD
from bench.sending_cases import DEAD_DOMAIN, DEAD_PORT, SINK_PORT, Mailer

PORT = 43465

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
  relay_port: 0
  submission_port: 0
  smtps_port: {port}
  sessions_per_ip: 0
outbound:
  mode: relay
  relay_host: 127.0.0.1:{sink}
imap:
  port: 0
  imaps_port: 0
pop3:
  port: 0
  pop3s_port: 0
api:
  port: 0
security:
  min_password_length: 2
"""


class OurSender:
    """One server in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def _cli(self, *args: str) -> str:
        command = [sys.executable, "-m", "mailstead.cli.main", *args, "--config", str(self._folder / "mailstead.yaml")]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self) -> Mailer:
        """Domain, users, a key that signs, then the server."""
        (self._folder / "data").mkdir(parents=True, exist_ok=True, mode=0o700)
        config = self._folder / "mailstead.yaml"
        config.write_text(CONFIG.format(d=self._folder, port=PORT, sink=SINK_PORT))
        config.chmod(0o600)
        self._cli("domain", "add", "example.test")
        users = self._folder / "users.csv"
        users.write_text("address,password\n" + "".join(f"u{i}@example.test,{PASSWORD}\n" for i in range(10)))
        users.chmod(0o600)
        self._cli("user", "import", str(users))
        self._cli("dkim", "generate", "--domain", "example.test", "--selector", "bench", "--algorithm", "rsa2048")
        self._cli("dkim", "activate", "--domain", "example.test", "--selector", "bench")
        self._cli("route", "add", "--to", DEAD_DOMAIN, f"smtp://127.0.0.1:{DEAD_PORT}")
        self._process = subprocess.Popen([sys.executable, "-m", "mailstead.cli.main", "run", "--config", str(config)])
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", PORT), 1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        return Mailer("Mailstead", PORT)

    def stop(self) -> None:
        """SIGTERM, and wait for the drain."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGTERM)
            self._process.wait(60)

    def versions(self) -> str:
        """For the table's heading."""
        from mailstead import __version__

        return f"Mailstead {__version__}"
