"""OpenSMTPD, unpacked: one host that takes letters for a few people, and sends on what is for us."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import need_unpacked
from tests.support.world.maildir import Maildir
from tests.support.world.unshared import unshared
from tests.support.world.waiting import answers, until

USERS = {"opensmtpd": 65531, "opensmtpq": 65532, "taker": 65533}
CONFIG = """
pki {name} cert "{certificate}"
pki {name} key "{key}"
table people {{ "bob" = "taker", "cy" = "taker" }}
listen on {address} port {port} hostname {name} tls pki {name}
action "in" maildir "{d}/mail" virtual <people>
action "out" relay host smtp://127.0.0.1:{home_port} tls no-verify helo {name}
match from any for domain "{home}" action "out"
match from any for domain "{name}" action "in"
"""


class OpenSmtpd:
    """At one address; bob and cy are there."""

    def __init__(self, folder: Path, name: str, address: str, port: int, home: tuple[str, int]) -> None:
        self._folder = folder
        self._name = name
        self._address = address
        self._port = port
        self._home = home
        self.mail = Maildir(folder / "mail")

    def log(self) -> str:
        """All that it said."""
        return (self._folder / "log").read_text(errors="replace")

    @contextmanager
    def running(self, certificate: Path, key: Path) -> Iterator["OpenSmtpd"]:
        """Until the block ends."""
        package = need_unpacked("opensmtpd")
        (self._folder / "mail").mkdir(parents=True)
        for path in (self._folder, self._folder / "mail"):
            os.chown(path, USERS["taker"], USERS["taker"])
        config = self._folder / "conf"
        config.write_text(
            CONFIG.format(
                name=self._name, d=self._folder, address=self._address, port=self._port,
                certificate=certificate, key=key, home=self._home[0], home_port=self._home[1],
            )
        )  # fmt: skip
        config.chmod(0o600)
        key.chmod(0o600)
        helpers = f"mkdir /usr/libexec/opensmtpd && mount --bind {package}/usr/libexec/opensmtpd /usr/libexec/opensmtpd"
        rooms = "mkdir -p /var/lib/opensmtpd/empty"
        command = [str(package / "usr" / "sbin" / "smtpd"), "-d", "-f", str(config)]
        with unshared(
            command, self._folder, users=USERS, empty=("/var/lib", "/var/spool", "/run", "/usr/libexec"),
            steps=f"{helpers} && {rooms}",
        ):  # fmt: skip
            until(lambda: answers(self._address, self._port), self.log)
            yield self
