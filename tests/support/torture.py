"""Load that remembers what was acknowledged, for tests that kill the server under it.

Every transaction carries a tag of its own. A client that loses the answer sends its next letter under a new tag
(RFC 1047: the first may have been filed all the same), so the count is exact: each acknowledged transaction is there
once, each one without an answer at most once.
"""

import contextlib
import imaplib
import re
import smtplib
import socket
import threading
from collections import Counter
from dataclasses import dataclass, field

TAG = re.compile(rb"X-Transaction: (\S+)\r\n")


@dataclass
class Ledger:
    """What the load has seen so far."""

    acknowledged: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, tag: str, *, answered: bool) -> None:
        """One transaction ended."""
        with self.lock:
            (self.acknowledged if answered else self.unanswered).add(tag)


def letter(tag: str, size: int) -> bytes:
    """A letter that can be told from all others."""
    head = f"From: load@elsewhere.example\r\nTo: you@dev.localhost\r\nSubject: {tag}\r\nX-Transaction: {tag}\r\n\r\n"
    return (head + "0123456789abcdef" * 4 + "\r\n" + f"{tag} {'x' * 60}\r\n" * (size // 80)).encode()


class Sender(threading.Thread):
    """Sends letters one after the other until told to stop; reconnects when the server is gone."""

    def __init__(
        self, name: str, port: int, recipients: list[str], ledger: Ledger, *, lmtp: bool = False, size: int = 900
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._port, self._recipients, self._ledger, self._lmtp, self._size = port, recipients, ledger, lmtp, size
        self.stop = threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        count = 0
        client: smtplib.SMTP | None = None
        while not self.stop.is_set():
            tag = f"{self.name}-{count}"
            count += 1
            try:
                if client is None:
                    client = self._connect()
                refused = client.sendmail("load@elsewhere.example", self._recipients, letter(tag, self._size))
                assert not refused, f"only some recipients were taken: {refused}"
            except (OSError, smtplib.SMTPException) as error:
                if not isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
                    self._ledger.note(tag, answered=False)
                if client is not None:
                    client.close()
                client = None
                self.stop.wait(0.02)
            else:
                self._ledger.note(tag, answered=True)
        if client is not None:
            client.close()

    def _connect(self) -> smtplib.SMTP:
        kind = smtplib.LMTP if self._lmtp else smtplib.SMTP
        return kind("127.0.0.1", self._port, "load.example", timeout=20)


class Appender(threading.Thread):
    """The same over IMAP APPEND, and flags set on what was filed."""

    def __init__(self, name: str, port: int, login: tuple[str, str], ledger: Ledger) -> None:
        super().__init__(name=name, daemon=True)
        self._port, self._login, self._ledger = port, login, ledger
        self.stop = threading.Event()
        self.uids: list[int] = []

    def run(self) -> None:
        """Until `stop`."""
        count = 0
        client: imaplib.IMAP4 | None = None
        while not self.stop.is_set():
            tag = f"{self.name}-{count}"
            count += 1
            sent = False
            try:
                if client is None:
                    client = imaplib.IMAP4("127.0.0.1", self._port, timeout=20)
                    client.login(*self._login)
                    client.select("INBOX")
                sent = True
                status, answer = client.append("INBOX", "(\\Seen)", "", letter(tag, 400))
            except (OSError, imaplib.IMAP4.error, ValueError):
                if sent:
                    self._ledger.note(tag, answered=False)
                if client is not None:
                    with contextlib.suppress(OSError, imaplib.IMAP4.error):
                        client.shutdown()
                client = None
                self.stop.wait(0.02)
                continue
            if status == "OK":
                self._ledger.note(tag, answered=True)
                found = re.search(rb"APPENDUID \d+ (\d+)", answer[0] or b"")
                if found:
                    self.uids.append(int(found[1]))
                    with contextlib.suppress(OSError, imaplib.IMAP4.error):
                        client.uid("STORE", found[1].decode(), "+FLAGS.SILENT", "(\\Flagged)")


def found_tags(client: imaplib.IMAP4) -> tuple[Counter[str], list[int]]:
    """How often each transaction's letter is in the selected folder, and all UIDs in order."""
    status, count = client.select("INBOX")
    assert status == "OK"
    tags: Counter[str] = Counter()
    uids: list[int] = []
    if int(count[0] or b"0") == 0:
        return tags, uids
    _, rows = client.uid("FETCH", "1:*", "(UID BODY.PEEK[HEADER.FIELDS (X-TRANSACTION)])")
    for row in rows:
        if isinstance(row, tuple):
            uid = re.search(rb"UID (\d+)", row[0])
            tag = TAG.search(row[1])
            assert uid
            uids.append(int(uid[1]))
            if tag:
                tags[tag[1].decode()] += 1
    return tags, uids


def wait_for_port(port: int, timeout: float = 20) -> None:
    """Until something greets there."""
    deadline = threading.Event()
    timer = threading.Timer(timeout, deadline.set)
    timer.daemon = True
    timer.start()
    try:
        while not deadline.is_set():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as probe:
                probe.settimeout(5)
                if probe.recv(16):
                    return
            deadline.wait(0.02)
        raise TimeoutError(f"nothing greets on {port}")
    finally:
        timer.cancel()
