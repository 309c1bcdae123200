"""Programs that people use: swaks, mbsync, mutt, neomutt, curl."""

import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.support.programs import need
from tests.support.server import Sandbox

pytestmark = pytest.mark.e2e


def _run(*command: str, text: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", **more},
    )


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--tls",),
        ("--pipeline",),
        ("--protocol", "LMTP"),
        ("--body", "grüße €\n.\n..\n.x\n"),
    ],
    ids=["plain", "starttls", "pipelining", "lmtp", "dots and 8 bit"],
)
def test_swaks(box: Sandbox, options: tuple[str, ...]) -> None:
    swaks = need("swaks")
    port = box.port("lmtp" if "LMTP" in options else "smtp")
    done = _run(
        swaks, "--server", "127.0.0.1", "--port", str(port), "--from", "a@elsewhere.example",
        "--to", "you@dev.localhost,ada@dev.localhost", *options,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_curl_lists_and_fetches(box: Sandbox) -> None:
    curl = need("curl")
    login = f"you@dev.localhost:{box.password('you')}"
    done = _run(curl, "-sS", "-k", f"imaps://127.0.0.1:{box.port('imaps')}/INBOX;MAILINDEX=1", "-u", login)
    assert done.returncode == 0, done.stderr
    assert "Subject:" in done.stdout
    done = _run(curl, "-sS", "-k", f"imaps://127.0.0.1:{box.port('imaps')}/", "-u", login)
    assert "INBOX" in done.stdout


def test_mbsync_brings_all_and_takes_back(box: Sandbox, tmp_path: Path) -> None:
    mbsync = need("mbsync")
    (tmp_path / "mail").mkdir()
    certificate = box.folder / "tls" / "cert.pem"
    (tmp_path / "rc").write_text(
        textwrap.dedent(f"""\
        IMAPAccount s
        Host 127.0.0.1
        Port {box.port("imaps")}
        User you@dev.localhost
        Pass "{box.password("you")}"
        SSLType IMAPS
        AuthMechs LOGIN
        CertificateFile {certificate}

        IMAPStore r
        Account s

        MaildirStore l
        Path {tmp_path}/mail/
        Inbox {tmp_path}/mail/INBOX
        SubFolders Verbatim

        Channel c
        Far :r:
        Near :l:
        Patterns *
        Create Both
        Expunge Both
        SyncState *
        """)
    )
    done = _run(mbsync, "-c", str(tmp_path / "rc"), "-a", HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    reader = box.imap("you")
    count = int(reader.select("INBOX")[1][0])
    letters = [path for path in (tmp_path / "mail/INBOX").rglob("*") if path.parent.name in {"cur", "new"}]
    assert len(letters) == count
    note = tmp_path / "mail/INBOX/new/1.mbsync.test"
    note.write_text("From: you@dev.localhost\nSubject: from maildir\n\nback\n")
    assert _run(mbsync, "-c", str(tmp_path / "rc"), "-a", HOME=str(tmp_path)).returncode == 0
    assert reader.noop()[0] == "OK"
    assert len(reader.search(None, 'SUBJECT "from maildir"')[1][0].split()) == 1
    reader.logout()


@pytest.mark.parametrize("program", ["mutt", "neomutt"])
def test_mutt_limits_and_copies(box: Sandbox, tmp_path: Path, program: str) -> None:
    mutt = need(program)
    copy = tmp_path / "copy.mbox"
    (tmp_path / "Mail").mkdir()  # or it asks first whether to make it
    (tmp_path / "rc").write_text(
        f'set imap_pass="{box.password("you")}"\nset ssl_starttls=no\nset ssl_force_tls=no\nset copy=no\n'
        "set confirmcreate=no\nset confirmappend=no\nset move=no\nset quit=yes\n"
        f"set imap_authenticators=login\nset header_cache={tmp_path}/cache\n"
        f'push "<limit>~s Welcome<enter><tag-pattern>~A<enter><tag-prefix><copy-message>{copy}<enter><quit>"\n'
    )
    flags = ["-n"] if program == "neomutt" else []
    folder = f"imap://you@dev.localhost@127.0.0.1:{box.port('imap')}/INBOX"
    command = " ".join([mutt, *flags, "-F", str(tmp_path / "rc"), "-f", f"'{folder}'"])
    _run("script", "-qec", command, "/dev/null", TERM="xterm", HOME=str(tmp_path))
    assert copy.exists()
    assert "Subject: Welcome to your sandbox" in copy.read_text()
