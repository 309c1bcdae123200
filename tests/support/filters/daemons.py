"""Daemons as Debian packages them, in the foreground, with a configuration of the test's own."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.filters.letters import EICAR
from tests.support.programs import need

START_SECONDS = 60


@dataclass
class Daemon:
    """`port` on 127.0.0.1, `path` of its Unix socket if it has one."""

    process: subprocess.Popen[str]
    port: int
    path: str = ""
    learn_port: int = 0

    def kill(self) -> None:
        """At once, with its children."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


def free_port() -> int:
    """Free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def folder() -> Iterator[Path]:
    """Short, for sockets; open, for daemons that change their user."""
    made = Path(tempfile.mkdtemp(prefix="msd-filter-", dir="/tmp"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def running(command: list[str], ready: str) -> Iterator[subprocess.Popen[str]]:
    """Until the block ends. It is ready when it says so."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", start_new_session=True,
    )  # fmt: skip
    stdout = process.stdout
    assert stdout is not None
    timer = threading.Timer(START_SECONDS, lambda: os.killpg(process.pid, signal.SIGKILL))
    timer.start()
    said: list[str] = []
    drain = threading.Thread(target=lambda: [None for _ in stdout], daemon=True)
    try:
        for line in stdout:
            said.append(line)
            if ready in line:
                break
        else:
            raise RuntimeError(f"{command[0]} ended:\n{''.join(said)[-4000:]}")
        timer.cancel()
        drain.start()
        yield process
    finally:
        timer.cancel()
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its children, too
        process.wait()
        if drain.ident is not None:
            drain.join(20)
        stdout.close()


@contextmanager
def clamd(stream_max: str = "2M") -> Iterator[Daemon]:
    """With one signature: EICAR's."""
    program = need("clamd")
    with folder() as place:
        base = place / "db"
        base.mkdir()
        (base / "local.ndb").write_text(f"Test.EICAR:0:*:{EICAR.hex()}\n")
        port, path = free_port(), str(place / "clamd.sock")
        config = place / "clamd.conf"
        config.write_text(
            f"Foreground yes\nDatabaseDirectory {base}\nLocalSocket {path}\nTCPSocket {port}\nTCPAddr 127.0.0.1\n"
            f"StreamMaxLength {stream_max}\nConcurrentDatabaseReload no\nMaxThreads 4\n"
        )
        with running([program, "--config-file", str(config)], "Self checking") as process:
            yield Daemon(process, port, path)


RULES = ("10_default_prefs.cf", "20_body_tests.cf", "23_bayes.cf")
"""Of Debian's, so that it starts in a second: GTUBE's is among them."""
LOCAL_CF = """
score GTUBE 1000
score BAYES_99 4
score BAYES_00 -2
use_bayes 1
bayes_auto_learn 0
bayes_path {folder}/bayes/known
bayes_min_ham_num 1
bayes_min_spam_num 1
"""
PLUGINS = ("Check", "Bayes", "BodyEval")


@contextmanager
def spamd() -> Iterator[Daemon]:
    """With few rules and an empty memory; it may be taught."""
    program, origin = need("spamd"), Path("/usr/share/spamassassin")
    with folder() as place:
        for name in ("rules", "site", "bayes"):
            (place / name).mkdir()
        (place / "bayes").chmod(0o777)  # where it starts as root, it becomes nobody
        for name in RULES:
            shutil.copy(origin / name, place / "rules" / name)
        (place / "site" / "local.cf").write_text(LOCAL_CF.format(folder=place))
        loads = (f"loadplugin Mail::SpamAssassin::Plugin::{name}\n" for name in PLUGINS)
        (place / "site" / "init.pre").write_text("".join(loads))
        port = free_port()
        command = [
            program, "-L", "-x", "-i", "127.0.0.1", "-p", str(port), "-C", str(place / "rules"),
            f"--siteconfigpath={place / 'site'}", "--allow-tell", "-m", "2", "--min-children=1", "-s", "stderr",
            *(["-u", "nobody"] if os.geteuid() == 0 else []),
        ]  # fmt: skip
        with running(command, "child states: I") as process:
            yield Daemon(process, port)


RSPAMD_PASSWORD = "a-long-word"
RULES_LUA = """
local function said(task, what) return (task:get_header('Subject') or ''):match(what .. ' ([%w ]+)') end
rspamd_config:register_symbol{ name = 'TEST_WEIGHT', score = 1.0, description = 'Weight that the subject names',
  callback = function(task)
    local weight = said(task, 'weight')
    if weight then return true, tonumber(weight) end
  end }
rspamd_config:register_symbol{ name = 'TEST_ACTION', type = 'prefilter',
  callback = function(task)
    local action = said(task, 'action')
    if action then task:set_pre_result(action, 'asked for') end
  end }
rspamd_config:register_symbol{ name = 'TEST_WAY', score = 1.0,
  callback = function(task)
    if task:get_header('Subject') ~= 'way' then return false end
    local right, from = #(task:get_recipients('smtp') or {}), task:get_from('smtp')
    if tostring(task:get_ip()) == '192.0.2.7' then right = right + 1 end
    if task:get_helo() == 'mail.far.test' then right = right + 1 end
    if from and from[1].addr == 'eve@far.test' then right = right + 1 end
    return true, right
  end }
"""
RSPAMD_CONF = """
lua = "{folder}/rules.lua";
.include "$CONFDIR/metrics.conf"
.include "$CONFDIR/actions.conf"
classifier "bayes" {{
  tokenizer {{ name = "osb"; }} backend = "sqlite3"; min_tokens = 5; min_learns = 1;
  statfile {{ symbol = "BAYES_HAM"; path = "{folder}/ham.sqlite"; spam = false; }}
  statfile {{ symbol = "BAYES_SPAM"; path = "{folder}/spam.sqlite"; spam = true; }}
}}
options {{
  pidfile = "{folder}/pid"; filters = ""; disable_hyperscan = true; control_socket = "{folder}/ctl mode=0600";
  url_tld = "{folder}/tld"; dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "console"; level = "info"; }}
worker "controller" {{
  bind_socket = "127.0.0.1:{port}"; password = "{password}"; enable_password = "{password}";
}}
"""


@contextmanager
def rspamd() -> Iterator[Daemon]:
    """Its controller alone, which scans and learns; with rules that do as the subject says. It asks no DNS."""
    program = need("rspamd")
    with folder() as place:
        port = free_port()
        (place / "rules.lua").write_text(RULES_LUA)
        (place / "tld").write_text("com\ntest\n")
        config = place / "rspamd.conf"
        config.write_text(RSPAMD_CONF.format(folder=place, port=port, password=RSPAMD_PASSWORD))
        user = ["-i"]
        if os.geteuid() == 0:
            shutil.chown(place, "_rspamd")
            user = ["-u", "_rspamd", "-g", "_rspamd"]
        folders = [f"--var={name}={place}" for name in ("DBDIR", "RUNDIR", "LOGDIR")]
        with running([program, "-c", str(config), *folders, *user, "-f"], "starting controller process") as process:
            yield Daemon(process, port)
