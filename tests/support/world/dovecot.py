"""Debian's Dovecot, of which only LMTP is running."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import need, need_root
from tests.support.world.maildir import Maildir
from tests.support.world.waiting import answers, until

CONFIG = """
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/log
protocols = lmtp
ssl = no
mail_location = maildir:{d}/mail
mail_uid = 65534
mail_gid = 65534
first_valid_uid = 1
default_internal_user = nobody
default_login_user = nobody
default_internal_group = nogroup
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {d}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {d}/users
}}
service lmtp {{
  inet_listener lmtp {{
    address = {address}
    port = {port}
  }}
}}
"""


class Dovecot:
    """`people`: who has a mailbox; all letters lie in one folder."""

    def __init__(self, folder: Path, address: str, port: int, people: tuple[str, ...]) -> None:
        self._folder = folder
        self._address = address
        self._port = port
        self._people = people
        self.mail = Maildir(folder / "mail")

    def log(self) -> str:
        """All that it said."""
        path = self._folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    @contextmanager
    def running(self) -> Iterator["Dovecot"]:
        """Until the block ends."""
        need_root("dovecot")
        self._folder.chmod(0o777)
        users = "".join(f"{name}:x:65534:65534::{self._folder}::\n" for name in self._people)
        (self._folder / "users").write_text(users)
        config = self._folder / "conf"
        config.write_text(CONFIG.format(d=self._folder, address=self._address, port=self._port))
        process = subprocess.Popen(
            [need("dovecot"), "-F", "-c", str(config)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            until(lambda: answers(self._address, self._port) or process.poll() is not None, self.log)
            assert process.poll() is None, self.log()
            yield self
        finally:
            process.terminate()
            _, told = process.communicate(timeout=30)
            assert process.returncode == 0, told
