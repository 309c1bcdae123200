"""Other people's programs that tests run: which Debian package brings each."""

import os
import shutil

import pytest

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
}


def missing(program: str) -> None:
    """Skip with the command that would install it; on CI nothing skips."""
    text = f"{program} is missing: apt-get install --no-install-recommends {PACKAGES.get(program, program)}"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


def need(program: str) -> str:
    """The path of a program, or the test skips."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        missing(program)
    assert found is not None
    return found
