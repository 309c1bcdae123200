"""This server as `mailstead run`, with a few people, in direct mode."""

import asyncio
import imaplib
import json
import signal
import smtplib
import subprocess
from base64 import b64decode
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from quopri import decodestring
from typing import Any

from mailstead.app import wiring
from mailstead.app.config_file import load
from mailstead.ground.model.ids import SpoolId
from mailstead.store.port import ReadTx
from mailstead.store.port.spool import StoryRow
from tests.support.authority import stranger
from tests.support.server import MAILSTEAD, free_base
from tests.support.world.waiting import PATIENCE, until

PASSWORD = "correct horse"
CONFIG = """
server:
  hostname: mx.{domain}
  domain: {domain}
  listen: [127.0.0.1]
  workers: 2
database:
  path: {d}/data/mailstead.db
logger:
  level: debug
  output_path: {d}/log
smtp:
  relay_port: {smtp}
  submission_port: {submission}
  smtps_port: {submissions}
  lmtp_port: {lmtp}
  lmtp_listen: [127.0.0.1]
  sessions_per_ip: 0
outbound:
  port: {port}
  resolvers: [127.0.0.1]
  resolver_port: {resolver}
  connect_timeout: 2s
  ca_file: {authorities}
  tls: {tls}
security:
  allow_fetch: [127.0.0.0/8]
guards: # so much bounces here on purpose that they would pause everybody
  pause_accounts: no
  pause_domains: no
  pause_destinations: no
  suppress: no
queue:
  schedule: {schedule}
  jitter: 0
  life: 60s
  notice_life: 60s
  warn_after: {warn_after}
imap:
  port: {imap}
  imaps_port: 0
  plain_login: loopback
pop3:
  port: 0
  pop3s_port: 0
api:
  port: 0
"""


@dataclass(kw_only=True)
class Home:
    """One server of ours. Its last pause is longer than a letter's life: then the letter is given up at once."""

    folder: Path
    domain: str = "home.test"
    people: tuple[str, ...] = ("ann", "eve")
    base: int = field(default_factory=free_base)
    tls: str = "may"
    schedule: str = "1s 1s 2s 90s"
    warn_after: str = "0s"

    def prepare(self, *, port: int, resolver: int, authorities: Path) -> None:
        """The configuration, for a resolver that may start later."""
        (self.folder / "data").mkdir(parents=True, mode=0o700, exist_ok=True)
        offsets = {"smtp": 25, "lmtp": 24, "submission": 587, "submissions": 465, "imap": 143}
        text = CONFIG.format(
            d=self.folder, domain=self.domain, port=port, resolver=resolver, authorities=authorities, tls=self.tls,
            schedule=self.schedule, warn_after=self.warn_after,
            **{name: self.base + offset for name, offset in offsets.items()},
        )  # fmt: skip
        self._config.write_text(text)
        self._config.chmod(0o600)

    def furnish(self) -> None:
        """The domain and its people."""
        self.say("domain", "add", self.domain)
        rows = "".join(f"{name}@{self.domain},{PASSWORD}\n" for name in self.people)
        users = self.folder / "users.csv"
        users.write_text("address,password\n" + rows)
        users.chmod(0o600)
        self.say("user", "import", str(users))

    @property
    def _config(self) -> Path:
        return self.folder / "mailstead.yaml"

    def say(self, *words: str) -> str:
        """A command, which must go well."""
        done = subprocess.run(
            [*MAILSTEAD, *words, "--config", str(self._config)],
            input="", capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def running(self) -> Iterator["Home"]:
        """Until the block ends; by then nothing of it may have been an error."""
        process = subprocess.Popen(
            [*MAILSTEAD, "run", "--config", str(self._config)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            until(lambda: "app.program.ready" in self.log() or process.poll() is not None, self.log)
            assert process.poll() is None, self.log()
            yield self
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told.decode()
        assert [line for line in self.log().splitlines() if '"level":"error"' in line] == []

    def log(self) -> str:
        """All that it said."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_event(self, name: str, timeout: float = PATIENCE, /, **facts: Any) -> dict[str, Any]:
        """The first event of that name with these fields."""

        def look() -> dict[str, Any]:
            for line in self.log().splitlines():
                if f'"{name}"' in line:
                    event: dict[str, Any] = json.loads(line)
                    if facts.items() <= event.items():
                        return event
            return {}

        return until(look, self.log, timeout)

    def submit(
        self, letter: bytes, *to: str, sender: str = "ann", mail: Sequence[str] = (), rcpt: Sequence[str] = ()
    ) -> None:
        """As one of our people, whose words the server must take."""
        address = f"{sender}@{self.domain}"
        with smtplib.SMTP_SSL("127.0.0.1", self.base + 465, context=stranger(), timeout=30) as client:
            client.ehlo("laptop")
            client.login(address, PASSWORD)
            if "SMTPUTF8" in mail:
                client.command_encoding = "utf-8"
            assert client.mail(address, mail)[0] == 250
            for one in to:
                assert client.rcpt(one, rcpt)[0] == 250
            code, words = client.data(letter)
            assert code == 250, words

    def take(self, letter: bytes, *to: str, sender: str) -> None:
        """From another server, by SMTP."""
        with smtplib.SMTP("127.0.0.1", self.base + 25, timeout=30) as client:
            client.sendmail(sender, to, letter)

    def raw_inbox(self, name: str = "ann") -> list[bytes]:
        """All letters of one of our people, as they lie there."""
        with imaplib.IMAP4("127.0.0.1", self.base + 143, timeout=30) as client:
            client.login(f"{name}@{self.domain}", PASSWORD)
            client.select("INBOX", readonly=True)
            parts = client.uid("FETCH", "1:*", "(BODY.PEEK[])")[1]
        return [part[1] for part in parts if isinstance(part, tuple)]

    def wait_letter(self, subject: str, name: str = "ann") -> bytes:
        """The letter of that subject, once it is there."""
        wanted = f"\r\nSubject: {subject}\r\n".encode()

        def look() -> list[bytes]:
            return [one for one in self.raw_inbox(name) if wanted in one.partition(b"\r\n\r\n")[0] + b"\r\n"]

        return until(look, self.log)[0]

    def inbox(self, name: str = "ann") -> list[EmailMessage]:
        """The same, parsed."""
        return [parse(letter) for letter in self.raw_inbox(name)]

    def wait_notice(self, about: str, name: str = "ann", action: str = "") -> EmailMessage:
        """The notice about the letter of that subject, or the one that says `action`."""

        def look() -> list[EmailMessage]:
            return [
                one for one in self.inbox(name) if is_notice_of(one, about) and action in str(fate_of(one)["Action"])
            ]

        return until(look, self.log)[0]

    def stories(self, recipient: str) -> list[dict[str, Any]]:
        """The chapters of the letters that were spooled for a recipient, in order."""
        return asyncio.run(self.tell(recipient))

    async def tell(self, recipient: str) -> list[dict[str, Any]]:
        """The same, from within a loop."""
        event = await asyncio.to_thread(self.wait_event, "outbound.attempt.done", domain=recipient.partition("@")[2])
        letters = {event["queue_id"]} | {
            json.loads(line)["queue_id"]
            for line in self.log().splitlines()
            if '"spool.recipient.' in line and f'"{recipient}"' in line
        }
        async with wiring.open_store(load(self._config).config) as store:
            rows = [row for one in sorted(letters) for row in await store.read(_list_story(one))]
        chapters = [{"kind": row.kind, **json.loads(row.detail)} for row in rows]
        return [one for one in chapters if any(result["to"] == recipient for result in one.get("results", ()))]


def parse(letter: bytes) -> EmailMessage:
    """By Python's own parser."""
    return message_from_bytes(letter, EmailMessage, policy=policy.SMTP)


def _list_story(letter: int) -> Callable[[ReadTx], Awaitable[list[StoryRow]]]:
    return lambda tx: tx.spool.list_story(SpoolId(letter))


def is_notice_of(letter: EmailMessage, subject: str) -> bool:
    """True of a delivery status notification about the letter of that subject."""
    parts = letter.get_payload() if letter.is_multipart() else []
    if len(parts) != 3 or not parts[1].get_content_type().endswith("delivery-status"):
        return False
    return f"Subject: {subject}\n" in _text(parts[2])


def report_of(notice: EmailMessage) -> list[EmailMessage]:
    """The fields about the letter, and those about each recipient (RFC 3464 §2.2, §2.3)."""
    groups = _text(notice.get_payload()[1]).strip().split("\n\n")
    return [message_from_string(group, EmailMessage, policy=policy.default) for group in groups]


def fate_of(notice: EmailMessage) -> EmailMessage:
    """The fields of its first recipient."""
    return report_of(notice)[1]


def _text(part: EmailMessage) -> str:
    """Of a message/... part, which RFC 6533 lets be encoded."""
    text = part.get_payload(decode=True)
    if text is None:
        text = part.as_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")[2]
        encoding = str(part["Content-Transfer-Encoding"])
        text = {"base64": b64decode, "quoted-printable": decodestring}.get(encoding, bytes)(text)
    return text.decode().replace("\r\n", "\n") + "\n"
