"""A throw-away PostgreSQL from Debian's package: one cluster for a run of the tests, one database for each test."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest

from mailstead.store.sql.postgres_session import migrate_postgres

INSTALL = "apt-get install -y --no-install-recommends postgresql"
TEMPLATE = "mailstead_template"


class Cluster:
    """A server on a Unix socket in a folder of its own; nothing it does outlives the run."""

    def __init__(self, socket_folder: Path) -> None:
        self._socket_folder = socket_folder
        self._numbers = count(1)
        self._admin = psycopg.connect(self.conninfo("postgres"), autocommit=True)
        self._admin.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate_postgres(self.conninfo(TEMPLATE))

    def conninfo(self, database: str) -> str:
        return f"host={self._socket_folder} user=postgres dbname={database}"

    @contextmanager
    def database(self, *, migrated: bool = True) -> Iterator[str]:
        """The conninfo of a new database."""
        name = f"test_{next(self._numbers)}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE if migrated else 'template0'}")
        try:
            yield self.conninfo(name)
        finally:
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._admin.close()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start one; skips the test if the package is not there, unless CI says it must be."""
    programs = _programs()
    # short, since the path of a Unix socket has at most 107 bytes
    folder = Path(tempfile.mkdtemp(prefix="msd-pg-", dir="/tmp"))
    account = _account()
    try:
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        data = folder / "data"
        _run(
            account,
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        settings = "listen_addresses=''", "max_connections=200", "full_page_writes=off", "synchronous_commit=off"
        options = " ".join((f"-F -k {folder}", *(f"-c {setting}" for setting in settings)))
        _run(account, programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
        try:
            running = Cluster(folder)
            yield running
            running.close()
        finally:
            _run(account, programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    words = f"PostgreSQL is not installed: {INSTALL}"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: Debian's package made this user."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _run(account: pwd.struct_passwd | None, *command: object) -> None:
    words = [str(word) for word in command]
    if account:
        words = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", *words]
    done = subprocess.run(
        words,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]} failed: {done.stderr.decode(errors='replace')}")
