"""A worker that stops while it holds the lock: others see who it is, wait, and go on once it is ended."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from mailstead.store.sql.lock import _GATE, ProcessLock, _holder, gate_path, holder

HOLD = """
import sys, time
from pathlib import Path
from mailstead.store.sql.lock import ProcessLock
lock = ProcessLock(Path(sys.argv[1]))
assert lock.take(1)
print("held", flush=True)
time.sleep(60)
"""


WAIT = """
import sys, time
from pathlib import Path
from mailstead.store.sql.lock import ProcessLock
lock = ProcessLock(Path(sys.argv[1]))
print("ready", flush=True)
lock.take(60)
"""


def stop(child: subprocess.Popen[bytes]) -> None:
    os.kill(child.pid, signal.SIGSTOP)
    os.waitpid(child.pid, os.WUNTRACED)  # until it does stand still


def test_one_that_was_stopped_on_its_way_in_keeps_nobody_out(tmp_path: Path) -> None:
    """It stands inside the gate and not in the door: it is named, and others pass it by."""
    path = tmp_path / "lock"
    lock = ProcessLock(path)
    assert lock.take(1)
    child = subprocess.Popen([sys.executable, "-c", WAIT, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    while _holder(path, gate_path(path), _GATE) is None:  # until it is inside
        assert child.poll() is None
    stop(child)
    lock.give_back()
    held = holder(path)
    assert held is not None
    assert held[0] == child.pid
    assert lock.holder()[0] == child.pid
    assert lock.take(0.05)
    lock.give_back()
    child.kill()
    child.wait()
    child.stdout.close()
    assert holder(path) is None
    assert lock.take(0)
    lock.close()


def test_a_stopped_holder_is_named_and_its_end_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert holder(path) is None
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    stop(child)
    lock = ProcessLock(path)
    started = time.monotonic()
    assert not lock.take(0.1)
    assert time.monotonic() - started >= 0.1
    held = holder(path)
    assert held is not None
    assert held[0] == child.pid
    assert 0 < time.monotonic() - held[1] < 60
    child.kill()
    child.wait()
    child.stdout.close()
    assert holder(path) is None
    assert lock.take(1)
    now = holder(path)
    assert now is not None
    assert now[0] == os.getpid()
    lock.give_back()
    assert holder(path) is None
    lock.close()
