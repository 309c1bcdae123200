"""Giving up root for good once the sockets are bound."""

import ctypes
import grp
import os
import pwd
from pathlib import Path
from typing import Final

_PR_SET_NO_NEW_PRIVS: Final = 38


class UnknownUser(Exception):  # noqa: N818
    """The user or group to run as does not exist."""


def is_root() -> bool:
    """Whether there is anything to give up."""
    return os.geteuid() == 0


def drop_root(user: str, group: str = "") -> None:
    """Become `user` for good; its children can gain nothing back either. UnknownUser, PermissionError."""
    uid, gid, home = _find(user, group)
    os.initgroups(user, gid)
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    os.environ["HOME"] = home
    if uid != 0 and os.geteuid() == 0:
        raise PermissionError("root was not given up")
    refuse_new_privileges()


def give_to(path: Path, user: str, group: str = "") -> None:
    """Make a folder and what is in it the user's, before root is given up; nothing is done if it is. UnknownUser."""
    uid, gid, _ = _find(user, group)
    if path.stat().st_uid == uid:
        return
    for folder, _, files in os.walk(path, topdown=False):
        for name in files:
            os.chown(Path(folder, name), uid, gid, follow_symlinks=False)
        os.chown(folder, uid, gid, follow_symlinks=False)


def _find(user: str, group: str) -> tuple[int, int, str]:
    try:
        entry = pwd.getpwnam(user)
        gid = grp.getgrnam(group).gr_gid if group else entry.pw_gid
    except KeyError:
        raise UnknownUser(f"no user {user!r} or group {group!r} on this machine") from None
    return entry.pw_uid, gid, entry.pw_dir


def refuse_new_privileges() -> None:
    """No set-user-id program may raise us again (Linux prctl, kept by children). Without it we go on."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
