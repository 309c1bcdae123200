"""Debian's Exim, unpacked: one host that takes everything, and sends on what is for us."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import need_unpacked
from tests.support.world.maildir import Maildir
from tests.support.world.unshared import unshared
from tests.support.world.waiting import answers, until

USER = 65533
CONFIG = """
primary_hostname = {name}
exim_path = {program}
spool_directory = {d}/spool
log_file_path = {d}/%slog
pid_file_path = {d}/pid
local_interfaces = {address}
daemon_smtp_ports = {port}
never_users =
smtputf8_advertise_hosts = *
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
acl_smtp_rcpt = rcpt
keep_environment =
begin acl
rcpt:
  deny local_parts = nobody
       message = No such user
  accept
begin routers
home:
  driver = manualroute
  domains = {home}
  route_list = * 127.0.0.1 byname
  self = send
  transport = out
late:
  driver = redirect
  local_parts = late
  allow_fail
  data = :fail: gone since it was accepted
rest:
  driver = accept
  transport = file
begin transports
out:
  driver = smtp
  port = {home_port}
  hosts_require_tls = *
  tls_verify_certificates =
file:
  driver = appendfile
  directory = {d}/mail
  maildir_format
  user = {user}
  group = {user}
"""


class Exim:
    """At one address."""

    def __init__(self, folder: Path, name: str, address: str, port: int, home: tuple[str, int]) -> None:
        self._folder = folder
        self._name = name
        self._address = address
        self._port = port
        self._home = home
        self.mail = Maildir(folder / "mail")

    def log(self) -> str:
        """All that it said."""
        return "".join(path.read_text(errors="replace") for path in sorted(self._folder.glob("*log")))

    @contextmanager
    def running(self, certificate: Path, key: Path) -> Iterator["Exim"]:
        """Until the block ends."""
        program = need_unpacked("exim4-daemon-light") / "usr" / "sbin" / "exim4"
        for name in ("spool", "mail"):
            (self._folder / name).mkdir(parents=True)
        for path in (self._folder, self._folder / "spool", self._folder / "mail"):
            os.chown(path, USER, USER)
        config = self._folder / "conf"
        config.write_text(
            CONFIG.format(
                name=self._name, program=program, d=self._folder, address=self._address, port=self._port,
                certificate=certificate, key=key, home=self._home[0], home_port=self._home[1], user=USER,
            )
        )  # fmt: skip
        command = [str(program), "-bdf", "-q5s", "-C", str(config)]
        with unshared(command, self._folder, users={"Debian-exim": USER}):
            until(lambda: answers(self._address, self._port), self.log)
            yield self
