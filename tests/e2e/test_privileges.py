"""Root is given up for good. Runs as root only."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give up")]

TRY = """
import os
from mailstead.net.privileges import drop_root
drop_root("nobody")
print(*os.getresuid(), *os.getresgid(), len(os.getgroups()))
try:
    os.setuid(0)
except PermissionError:
    print("for good")
print([line for line in open("/proc/self/status") if line.startswith("NoNewPrivs")][0])
"""


def test_nothing_of_root_is_left() -> None:
    done = subprocess.run([sys.executable, "-c", TRY], capture_output=True, text=True, check=True)
    ids, good, no_new = done.stdout.strip().splitlines()
    nobody = pwd.getpwnam("nobody")
    assert ids.split()[:6] == [str(nobody.pw_uid)] * 3 + [str(nobody.pw_gid)] * 3
    assert "0" not in ids.split()[:6]
    assert good == "for good"
    assert no_new.split()[1] == "1"


def test_folders_become_the_users_once(tmp_path: Path) -> None:
    from mailstead.net.privileges import give_to

    nobody = pwd.getpwnam("nobody").pw_uid
    (tmp_path / "data" / "blobs").mkdir(parents=True)
    (tmp_path / "data" / "key").touch()
    (tmp_path / "data" / "away").symlink_to(tmp_path)
    give_to(tmp_path / "data", "nobody")
    assert {path.lstat().st_uid for path in (tmp_path / "data").rglob("*") if not path.is_symlink()} == {nobody}
    assert tmp_path.stat().st_uid == 0
    (tmp_path / "data" / "later").touch()
    give_to(tmp_path / "data", "nobody")
    assert (tmp_path / "data" / "later").stat().st_uid == 0


def test_an_unknown_user_is_named() -> None:
    from mailstead.net.privileges import UnknownUser, drop_root

    with pytest.raises(UnknownUser, match="'no-such-user'"):
        drop_root("no-such-user")
