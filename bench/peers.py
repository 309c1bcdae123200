"""Starts Debian's Postfix and Dovecot on loopback high ports, with settings a careful person would choose.

Maildir, LMTP over a Unix socket with concurrency 20, no rate limits, no delays in logins, plain passwords in a file
(their verification
costs next to nothing). fsync as shipped: Postfix always, Dovecot `mail_fsync = optimized`.
"""

import shutil
import subprocess
import time
from pathlib import Path

from bench.imap import PASSWORD, Target

SMTP_PORT, IMAP_PORT = 41025, 41143

DOVECOT = """
base_dir = {d}/dc/run
state_dir = {d}/dc/lib
log_path = {d}/dc/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{d}/mail/%u
mail_uid = vmail
mail_gid = vmail
first_valid_uid = 100
default_client_limit = 20000
default_process_limit = 1000
mail_max_userip_connections = 20000
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {d}/dc/users
}}
userdb {{
  driver = static
  args = uid=vmail gid=vmail home={d}/mail/%u
}}
service imap-login {{
  service_count = 0
  process_min_avail = 2
  client_limit = 10000
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service imap {{
  process_limit = 20000
}}
service lmtp {{
  process_min_avail = 4
  unix_listener {d}/dc/run/lmtp-postfix {{
    mode = 0666
  }}
}}
namespace inbox {{
  inbox = yes
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
}}
"""

POSTFIX = """
compatibility_level = 3.6
queue_directory = {d}/pf/spool
data_directory = {d}/pf/lib
maillog_file = {d}/pf/log
maillog_file_prefixes = {d}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = peer.example.test
mydestination =
mynetworks = 192.0.2.1/32
virtual_mailbox_domains = example.test
virtual_mailbox_maps = static:ok
virtual_transport = lmtp:unix:{d}/dc/run/lmtp-postfix
lmtp_destination_concurrency_limit = 20
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_recipient_restrictions = reject_unauth_destination
message_size_limit = 52428800
"""


class Peers:
    """Postfix and Dovecot in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def start(self) -> Target:
        """Write their configuration and start both."""
        folder = self._folder
        for name in ("pf/etc", "pf/spool", "pf/lib", "dc/run", "dc/lib", "mail"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for path in (folder, folder / "pf", folder / "dc"):
            path.chmod(0o755)
        if subprocess.run(["id", "vmail"], capture_output=True, check=False).returncode:
            subprocess.run(["useradd", "-r", "-s", "/usr/sbin/nologin", "vmail"], check=True)
        shutil.chown(folder / "mail", "vmail")
        users = "".join(f"u{i}@example.test:{{PLAIN}}{PASSWORD}::::::\n" for i in range(100))
        (folder / "dc/users").write_text(users)
        (folder / "dc/dovecot.conf").write_text(DOVECOT.format(d=folder, imap=IMAP_PORT))
        subprocess.run(["dovecot", "-c", str(folder / "dc/dovecot.conf")], check=True, stdin=subprocess.DEVNULL)
        self._start_postfix()
        self._wait()
        return Target("Postfix+Dovecot", SMTP_PORT, IMAP_PORT, self._pids())

    def main_cf(self) -> str:
        """Postfix's settings."""
        return POSTFIX.format(d=self._folder)

    def services(self) -> list[str]:
        """More lines for its master.cf."""
        return []

    def _start_postfix(self) -> None:
        folder, etc = self._folder, self._folder / "pf/etc"
        for name in ("post-install", "postfix-files", "postfix-script"):
            if Path("/etc/postfix", name).exists():
                shutil.copy(Path("/etc/postfix", name), etc)
        (etc / "main.cf").write_text(self.main_cf())
        lines = self.services()
        for line in Path("/etc/postfix/master.cf").read_text().splitlines():
            fields = line.split()
            if len(fields) < 8 or line.startswith(("#", " ")):
                lines.append(line)
                continue
            fields[4] = "n"  # no chroot: the queue lives in this folder
            if fields[:2] == ["smtp", "inet"]:
                fields = [f"127.0.0.1:{SMTP_PORT}", "inet", "n", "-", "n", "-", "200", "smtpd"]
            lines.append(" ".join(fields))
        if not any(line.startswith("postlog ") for line in lines):
            lines.append("postlog unix-dgram n - n - 1 postlogd")
        (etc / "master.cf").write_text("\n".join(lines) + "\n")
        shutil.chown(folder / "pf/lib", "postfix")
        subprocess.run(["postfix", "-c", str(etc), "set-permissions"], capture_output=True, check=False)
        subprocess.run(["postfix", "-c", str(etc), "start"], check=True, capture_output=True)

    def _wait(self) -> None:
        import socket

        deadline = time.monotonic() + 20
        for port in (SMTP_PORT, IMAP_PORT):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)

    def _pids(self) -> tuple[int, ...]:
        files = (self._folder / "pf/spool/pid/master.pid", self._folder / "dc/run/master.pid")
        return tuple(int(path.read_text()) for path in files)

    def stop(self) -> None:
        """End both, by their own commands."""
        subprocess.run(["postfix", "-c", str(self._folder / "pf/etc"), "stop"], capture_output=True, check=False)
        subprocess.run(
            ["doveadm", "-c", str(self._folder / "dc/dovecot.conf"), "stop"], capture_output=True, check=False
        )

    def versions(self) -> str:
        """For the table's heading."""
        postfix = subprocess.run(
            ["postconf", "-d", "mail_version"], capture_output=True, text=True, check=True
        ).stdout.split()[-1]
        dovecot = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, check=True).stdout.split()[0]
        return f"Postfix {postfix}, Dovecot {dovecot}"
