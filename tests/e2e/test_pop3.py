"""POP3 over the real program: poplib in the clear, with STLS and over TLS; curl."""

import poplib
import socket
import ssl
import subprocess

import pytest

from tests.support.programs import need
from tests.support.server import Sandbox

pytestmark = pytest.mark.e2e


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _open(box: Sandbox, way: str) -> poplib.POP3:
    if way == "tls":
        return poplib.POP3_SSL("127.0.0.1", box.port("pop3s"), timeout=30, context=_unverified())
    client = poplib.POP3("127.0.0.1", box.port("pop3"), timeout=30)
    if way == "stls":
        assert "STLS" in client.capa()
        client.stls(_unverified())
        assert "STLS" not in client.capa()
    return client


def _log_in(box: Sandbox, way: str, local: str) -> poplib.POP3:
    client = _open(box, way)
    client.user(f"{local}@dev.localhost")
    client.pass_(box.password(local))
    return client


@pytest.mark.parametrize("way", ["plain", "stls", "tls"])
def test_all_of_a_maildrop(box: Sandbox, way: str) -> None:
    client = _log_in(box, way, "you")
    count, octets = client.stat()
    sizes = [int(line.split()[1]) for line in client.list()[1]]
    assert (len(sizes), sum(sizes)) == (count, octets)
    names = [line.split()[1] for line in client.uidl()[1]]
    assert len(set(names)) == count >= 24
    assert all(1 <= len(name) <= 70 for name in names)
    reader = box.imap("you")
    reader.select("INBOX", readonly=True)
    for number in (1, count // 2, count):
        lines = client.retr(number)[1]
        raw = reader.fetch(str(number), "(BODY.PEEK[])")[1][0][1]
        if raw.partition(b"\r\n\r\n")[0].isascii():
            assert b"\r\n".join(lines) + b"\r\n" == raw
        assert client.top(number, 0)[1] == lines[: lines.index(b"") + 1]
    reader.logout()
    client.quit()


def test_what_is_deleted_is_gone_for_imap_too(box: Sandbox) -> None:
    text = "From: eve@elsewhere.example\r\nTo: ada@dev.localhost\r\nSubject: by pop\r\n\r\n.\r\n..\r\nbody\r\n"
    with box.smtp() as smtp:
        smtp.sendmail("eve@elsewhere.example", ["ada@dev.localhost"], text)
    watcher = box.imap("ada")
    before = int(watcher.select("INBOX")[1][0])
    client = _log_in(box, "tls", "ada")
    number, _ = client.stat()
    assert number == before
    lines = client.retr(number)[1]
    assert lines[-4:] == [b"", b".", b"..", b"body"]
    client.dele(number)
    client.quit()
    watcher.noop()
    assert int(watcher.response("EXPUNGE")[1][-1]) == before
    watcher.logout()


def test_what_stands_behind_stls_is_never_run(box: Sandbox) -> None:
    """RFC 2595 §4, over real TLS: the injected command is neither run nor answered under it."""
    with socket.create_connection(("127.0.0.1", box.port("pop3")), 30) as plain:
        greeting = plain.recv(1000)
        assert greeting.startswith(b"+OK ")
        plain.sendall(b"STLS\r\nQUIT\r\n")
        assert plain.recv(1000) == b"+OK Begin TLS negotiation now\r\n"
        with _unverified().wrap_socket(plain) as secure:
            secure.sendall(b"NOOP\r\n")
            assert secure.recv(1000) == b"-ERR Log in first\r\n"


def test_a_wrong_password_is_told_as_one(box: Sandbox) -> None:
    client = _open(box, "tls")
    client.user("you@dev.localhost")
    with pytest.raises(poplib.error_proto, match=r"\[AUTH\]"):
        client.pass_("wrong")
    client.close()


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_curl_lists_and_fetches(box: Sandbox, mechanism: str) -> None:
    curl = need("curl")
    login = ["-u", f"you@dev.localhost:{box.password('you')}", "--login-options", f"AUTH={mechanism}"]
    for url in (f"pop3s://127.0.0.1:{box.port('pop3s')}/", f"pop3://127.0.0.1:{box.port('pop3')}/"):
        listed = subprocess.run(
            [curl, "-sS", "-k", "--ssl", url, *login], capture_output=True, text=True, timeout=60, check=False
        )
        assert listed.returncode == 0, listed.stderr
        assert len(listed.stdout.splitlines()) >= 24
        letter = subprocess.run(
            [curl, "-sS", "-k", "--ssl", f"{url}1", *login], capture_output=True, text=True, timeout=60, check=False
        )
        assert letter.returncode == 0, letter.stderr
        assert "Subject:" in letter.stdout
