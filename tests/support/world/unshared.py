"""A daemon that is not installed, in a mount namespace: there it finds the users and folders that it was built for."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.programs import need

STOP_SECONDS = 30


@contextmanager
def unshared(
    command: Sequence[str], folder: Path, *, users: Mapping[str, int], empty: Sequence[str] = (), steps: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """It stays in the foreground and writes into `folder/log`; ended when the block does. `empty`: folders that it
    sees empty, and may write to; `steps`: shell to be run after that."""
    for kind, tail in (("passwd", f"{folder}:/bin/sh"), ("group", "")):
        more = "".join(f"{name}:x:{number}:{f'{number}::{tail}' if tail else ''}\n" for name, number in users.items())
        (folder / kind).write_text(Path("/etc", kind).read_text().rstrip("\n") + "\n" + more)
    mounts = [f"mount --bind {folder}/{kind} /etc/{kind}" for kind in ("passwd", "group")]
    mounts += [f"mount -t tmpfs -o mode=755 none {path}" for path in empty]
    script = " && ".join([*mounts, steps or "true", 'exec "$@"'])
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [need("unshare"), "--mount", "--propagation", "private", "sh", "-c", script, "sh", *command],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
