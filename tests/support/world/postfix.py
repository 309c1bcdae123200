"""Debian's Postfix with a configuration, a queue and a log of its own: many hosts in one, each with its moods."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import need, need_root
from tests.support.world.maildir import Maildir
from tests.support.world.waiting import answers, until

MAIN = """
compatibility_level = 3.6
queue_directory = {d}/spool
data_directory = {d}/lib
maillog_file = {d}/log
maillog_file_prefixes = {d}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.world.test
mydestination =
alias_maps =
mynetworks = 192.0.2.1/32
smtputf8_enable = yes
smtpd_tls_loglevel = 1
smtpd_tls_received_header = yes
smtpd_tls_session_cache_database =
smtp_tls_session_cache_database =
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
virtual_mailbox_domains = regexp:{d}/etc/domains
virtual_mailbox_maps = regexp:{d}/etc/people
virtual_mailbox_base = {d}
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_alias_maps =
transport_maps = inline:{{ {{ {home} = smtp:[127.0.0.1]:{home_port} }} }}
smtp_tls_security_level = encrypt
smtp_tls_loglevel = 1
minimal_backoff_time = 5s
queue_run_delay = 5s
"""


class Postfix:
    """`hosts`: address to the options of the smtpd that listens there."""

    def __init__(self, folder: Path, port: int, hosts: Mapping[str, tuple[str, ...]], home: tuple[str, int]) -> None:
        self._folder = folder
        self._port = port
        self._hosts = hosts
        self._home = home
        self.mail = Maildir(folder / "mail")

    def log(self) -> str:
        """All that it said."""
        path = self._folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def flush(self) -> None:
        """Try everything that waits, now."""
        etc = self._folder / "etc"
        subprocess.run([need("postqueue"), "-c", str(etc), "-f"], check=True, capture_output=True, timeout=60)

    def wait_log(self, *words: str) -> str:
        """A line with all these words."""

        def look() -> str:
            return next((line for line in self.log().splitlines() if all(word in line for word in words)), "")

        return until(look, self.log)

    @contextmanager
    def running(self) -> Iterator["Postfix"]:
        """Until the block ends."""
        self._write()
        command = [need("postfix"), "-c", str(self._folder / "etc")]
        subprocess.run([*command, "start"], check=True, capture_output=True, timeout=60)
        try:
            for address in self._hosts:
                until(lambda address=address: answers(address, self._port), self.log)
            yield self
        finally:
            subprocess.run([*command, "stop"], check=False, capture_output=True, timeout=60)

    def _write(self) -> None:
        need_root("postfix")
        etc = self._folder / "etc"
        for name in ("etc", "spool", "lib", "mail"):
            (self._folder / name).mkdir(parents=True)
        for name in ("post-install", "postfix-files", "postfix-script"):
            shutil.copy(Path("/etc/postfix", name), etc)
        (etc / "main.cf").write_text(MAIN.format(d=self._folder, home=self._home[0], home_port=self._home[1]))
        (etc / "domains").write_text("/\\.(world|safe)\\.test$/ ok\n")
        (etc / "people").write_text("!/^nobody/ mail/\n")
        (etc / "master.cf").write_text(self._master())
        os.chown(self._folder / "mail", 65534, 65534)
        shutil.chown(self._folder / "lib", "postfix")

    def _master(self) -> str:
        lines = []
        for line in Path("/etc/postfix/master.cf").read_text().splitlines():
            fields = line.split()
            if len(fields) < 8 or line.startswith(("#", " ")):
                continue
            fields[4] = "n"  # no chroot: the queue lives in this folder
            if fields[1] == "unix" and fields[7] != "pipe":
                lines.append(" ".join(fields))
        lines.append("postlog unix-dgram n - n - 1 postlogd")
        for address, options in self._hosts.items():
            lines.append(f"{address}:{self._port} inet n - n - - smtpd")
            lines += [f"  -o {{ {option} }}" for option in options]
        return "\n".join(lines) + "\n"
