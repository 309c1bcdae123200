"""Clients of the real program that come through a proxy, each with the address that the proxy tells."""

import base64
import imaplib
import poplib
import smtplib
import socket
from typing import Any

from tests.support.authority import stranger
from tests.support.server import Sandbox

SETTINGS = {
    "MAILSTEAD_SERVER_PROXY_PROTOCOL": "true",
    "MAILSTEAD_SERVER_TRUSTED_PROXIES": "127.0.0.1/32",
    "MAILSTEAD_SECURITY_FAILED_LOGIN_DELAY": "0s",
    "MAILSTEAD_SERVER_WORKERS": "2",
}
"""Of the environment of a sandbox."""


def connect(port: int, ip: str) -> socket.socket:
    """The proxy speaks first; nothing is read yet."""
    line = socket.create_connection(("127.0.0.1", port), timeout=30)
    family = "TCP6" if ":" in ip else "TCP4"
    here = "::1" if ":" in ip else "127.0.0.1"
    line.sendall(f"PROXY {family} {ip} {here} 40000 {port}\r\n".encode())
    return line


class Smtp(smtplib.SMTP):
    """From an address of one's choice."""

    def __init__(self, port: int, ip: str) -> None:
        self._ip = ip
        super().__init__("127.0.0.1", port, timeout=30)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # type: ignore[override]
        return connect(port, self._ip)


class Imap(imaplib.IMAP4):
    """The same."""

    def __init__(self, port: int, ip: str) -> None:
        self._ip = ip
        super().__init__("127.0.0.1", port, timeout=30)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return connect(self.port, self._ip)


class Pop3(poplib.POP3):
    """The same."""

    def __init__(self, port: int, ip: str) -> None:
        self._ip = ip
        super().__init__("127.0.0.1", port, timeout=30)

    def _create_socket(self, timeout: float) -> socket.socket:
        return connect(self.port, self._ip)


def submitter(box: Sandbox, ip: str) -> Smtp:
    """Under TLS, and nobody yet."""
    client = Smtp(box.port("submission"), ip)
    client.starttls(context=stranger())
    client.ehlo()
    return client


def plain(client: Smtp, name: str, password: str) -> str:
    """The reply to one AUTH: `login` of smtplib would try several."""
    secret = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
    code, words = client.docmd("AUTH", f"PLAIN {secret}")
    return f"{code} {words.decode()}"


def log_in_by_smtp(box: Sandbox, ip: str, name: str, password: str) -> str:
    """The reply: `235 ...`."""
    client = submitter(box, ip)
    try:
        return plain(client, name, password)
    finally:
        client.close()


def log_in_by_imap(box: Sandbox, ip: str, name: str, password: str) -> str:
    """`OK ...` or the words of the refusal."""
    client = Imap(box.port("imap"), ip)
    client.starttls(stranger())
    try:
        kind, words = client.login(name, password)
        return f"{kind} {words[0].decode()}"
    except imaplib.IMAP4.error as error:
        return str(error.args[0].decode() if isinstance(error.args[0], bytes) else error)
    finally:
        client.shutdown()


def log_in_by_pop3(box: Sandbox, ip: str, name: str, password: str) -> str:
    """The line of PASS."""
    client: Any = Pop3(box.port("pop3"), ip)
    client.stls(stranger())
    try:
        client.user(name)
        return str(client.pass_(password).decode())
    except poplib.error_proto as error:
        return str(error.args[0].decode() if isinstance(error.args[0], bytes) else error)
    finally:
        client.close()
