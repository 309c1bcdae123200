"""Milters that Debian packages: opendkim verifies what comes and signs what our people send, rspamd judges."""

import os
import re
import signal
import smtplib
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dkim
import pytest

from tests.e2e.test_submission import stranger
from tests.support.dkim import RSA, RSA_PEM
from tests.support.filters.daemons import folder, free_port
from tests.support.filters.judging import QUIET, send, set_policy
from tests.support.filters.letters import GTUBE
from tests.support.programs import need
from tests.support.server import Sandbox, free_base

pytestmark = pytest.mark.e2e
LETTER = b"From: eve@far.test\r\nTo: ada@dev.localhost\r\nSubject: %s\r\n\r\nhello\r\n"


@contextmanager
def daemon(command: list[str], is_up: Callable[[], bool]) -> Iterator[None]:
    """Until the block ends; it is up when somebody is there."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        until = time.monotonic() + 90
        while not is_up():
            assert process.poll() is None, f"{command[0]} ended"
            assert time.monotonic() < until, f"{command[0]} is not there"
            time.sleep(0.05)
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def opendkim(place: Path, mode: str) -> Iterator[str]:
    """Its socket. A verifier tells what it finds, a signer signs for dev.localhost."""
    home = place / mode
    home.mkdir()
    path = home / "sock"
    (home / "key").write_bytes(RSA_PEM)
    (home / "key").chmod(0o600)
    (home / "keys").write_text(f"s._domainkey.far.test\t{RSA.record.decode()}\n")
    config = home / "conf"
    config.write_text(
        f"Socket local:{path}\nMode {mode}\nUMask 000\nTestPublicKeys {home / 'keys'}\nAlwaysAddARHeader yes\n"
        f"AuthservID milter.test\nDomain dev.localhost\nSelector m\nKeyFile {home / 'key'}\nBackground no\n"
        "RequireSafeKeys no\nSyslog no\n"
    )
    with daemon([need("opendkim"), "-f", "-x", str(config)], path.exists):
        yield f"unix:{path}"


@contextmanager
def rspamd(place: Path) -> Iterator[str]:
    """Its proxy speaks the protocol of milters."""
    home = place / "rspamd"
    home.mkdir(mode=0o777)
    home.chmod(0o777)
    port, other = free_port(), free_port()
    config = home / "conf"
    config.write_text(
        f'.include "$CONFDIR/common.conf"\n'
        f'options {{ pidfile = "{home}/pid"; control_socket = "{home}/ctl mode=0600";\n'
        '  dns { nameserver = ["127.0.0.1:9"]; timeout = 0.1s; retransmits = 1; } }\n'
        f'logging {{ type = "file"; filename = "{home}/log"; }}\n'
        f'worker "normal" {{ bind_socket = "127.0.0.1:{other}"; count = 1; }}\n'
        f'worker "rspamd_proxy" {{ milter = yes; bind_socket = "127.0.0.1:{port}";\n'
        '  upstream "local" { default = yes; self_scan = yes; } }\n'
    )
    command = [
        need("rspamd"),
        "-c",
        str(config),
        "-f",
        *(f"--var={name}={home}" for name in ("DBDIR", "RUNDIR", "LOGDIR")),
    ]
    if os.geteuid() == 0:
        command += ["-u", "_rspamd", "-g", "_rspamd"]
    with daemon(command, lambda: is_open(port)):
        yield f"inet:127.0.0.1:{port}"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with ExitStack() as open_ones:
        place = open_ones.enter_context(folder())
        verifier = open_ones.enter_context(opendkim(place, "v"))
        signer = open_ones.enter_context(opendkim(place, "s"))
        judge = open_ones.enter_context(rspamd(place))
        patch = open_ones.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("MAILSTEAD_OUTBOUND_RESOLVERS", "127.0.0.1")
        patch.setenv("MAILSTEAD_OUTBOUND_RESOLVER_PORT", str(free_port()))
        patch.setenv("MAILSTEAD_SMTP_MILTERS", f"verifier {verifier}, rspamd {judge} default=accept")
        patch.setenv("MAILSTEAD_SUBMISSION_MILTERS", f"signer {signer}")
        running = Sandbox(tmp_path_factory.mktemp("milters") / "box", free_base())
        running.start()
        open_ones.callback(running.stop)
        set_policy(running, *QUIET)
        yield running


def fetch(box: Sandbox, local: str, subject: str) -> bytes:
    reader = box.imap(local)
    reader.select("INBOX")
    found = reader.search(None, f'SUBJECT "{subject}"')[1][0].split()
    rows = reader.fetch(found[-1], "(BODY.PEEK[])")[1]
    reader.logout()
    return bytes(rows[0][1])


def test_opendkim_verifies(box: Sandbox) -> None:
    letter = LETTER % b"signed elsewhere"
    signed = bytes(dkim.sign(letter, b"s", b"far.test", RSA_PEM)) + letter
    assert send(box, signed)[0] == 250
    filed = fetch(box, "ada", "signed elsewhere")
    found = re.search(rb"Authentication-Results: milter\.test;[^:]*dkim=pass[^:]*header\.d=far\.test", filed)
    assert found, filed.decode()
    assert filed.endswith(letter)
    assert send(box, signed.replace(b"hello", b"jello").replace(b"signed else", b"altered else"))[0] == 250
    assert b"dkim=fail" in fetch(box, "ada", "altered elsewhere")


def test_rspamd_refuses(box: Sandbox) -> None:
    code, words = send(box, (LETTER % b"bulk").replace(b"hello", GTUBE))
    assert (code, words) == (554, b"5.7.1 Gtube pattern")


def test_opendkim_signs_what_our_people_send(box: Sandbox) -> None:

    letter = b"From: ada@dev.localhost\r\nTo: you@dev.localhost\r\nSubject: signed here\r\n\r\nhello\r\n"
    with smtplib.SMTP_SSL("127.0.0.1", box.port("submissions"), context=stranger(), timeout=30) as smtp:
        smtp.login("ada@dev.localhost", box.password("ada"))
        smtp.sendmail("ada@dev.localhost", ["you@dev.localhost"], letter)
    filed = fetch(box, "you", "signed here")
    signature = re.search(rb"DKIM-Signature: [^:]*d=dev\.localhost; s=m;", filed)
    assert signature, filed.decode()
    below = filed[signature.start() :]
    assert dkim.verify(below, dnsfunc=lambda *_, **__: RSA.record)
    assert not box.errors()
