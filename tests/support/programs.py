"""Other people's programs that tests run: which Debian package brings each."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

UNPACKED = Path(__file__).resolve().parents[2] / ".cache" / "unpacked"
PACKAGES = {
    "swaks": "swaks libnet-ssleay-perl libauthen-sasl-perl",
    "mbsync": "isync",
    "mutt": "mutt",
    "neomutt": "neomutt",
    "curl": "curl",
    "sqlite3": "sqlite3",
    "smtp-source": "postfix",
    "smtp-sink": "postfix",
    "postgres": "postgresql",
    "named": "bind9",
    "dnssec-signzone": "bind9",
    "unbound": "unbound",
    "opendkim": "opendkim",
    "opendkim-testmsg": "opendkim-tools",
    "unshare": "util-linux",
    "xmllint": "libxml2-utils",
    "node": "nodejs npm",
    "dovecot": "dovecot-core dovecot-lmtpd",
    "clamd": "clamav-daemon",
    "spamd": "spamd",
    "rspamd": "rspamd",
    "rspamadm": "rspamd",
}


def missing(program: str) -> None:
    """Skip with the command that would install it; on CI nothing skips."""
    _lacks(f"{program} is missing: apt-get install --no-install-recommends {PACKAGES.get(program, program)}")


def _lacks(text: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


def need_root(what: str) -> None:
    """Some daemons change their user, and some need a mount namespace: only root may."""
    if os.geteuid() != 0:
        pytest.skip(f"{what} needs root")


def need_unpacked(package: str) -> Path:
    """The folder of a package that is not installed but unpacked, or the test skips."""
    need_root(package)
    if subprocess.run([need("unshare"), "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip(f"{package} needs a mount namespace, which is not allowed here")
    folder = UNPACKED / package
    if not folder.is_dir():
        _lacks(f"{package} is not unpacked: tools/daemons.sh test")
    return folder


def need(program: str) -> str:
    """The path of a program, or the test skips."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        missing(program)
    assert found is not None
    return found
