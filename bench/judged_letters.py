"""Letters of strangers whose origin can be checked, the zones that vouch for them, and a quick way to bring them."""

import asyncio
import base64
import hashlib
import itertools
import shutil
import subprocess
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench.imap import Target
from mailstead.ground.formats.dkim.canonical import Canon, body_of
from mailstead.ground.formats.dkim.header import select_names, split_fields
from mailstead.ground.formats.dkim.record import KeyType
from mailstead.ground.formats.dkim.signature import Draft, complete

SENDERS = [f"d{number}.bench.test" for number in range(20)]
SIZE = 4096
SELECTOR = "bench"
LOAD_SECONDS = 120

_KEY = generate_private_key(65537, 2048)
_NUMBERS = itertools.count()
_WORDS = (
    "the quick brown fox jumps over lazy dog then goes home again to read letters from people who write about gardens "
    "meetings invoices travel music weather children books and the long road between two small towns in autumn"
).split()


def zones() -> dict[str, str]:
    """Every sender has SPF, a key and a policy; the address of the loop has a name that leads back."""
    public = _KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    record = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()
    texts = " ".join(f'"{record[at : at + 200]}"' for at in range(0, len(record), 200))
    lines = ["mail A 127.0.0.1"]
    for sender in SENDERS:
        name = sender.partition(".")[0]
        lines += [
            f'{name} TXT "v=spf1 ip4:127.0.0.1 -all"', f"{name} MX 10 mail", f"{name} A 127.0.0.1",
            f'_dmarc.{name} TXT "v=DMARC1; p=reject; adkim=s; aspf=s"', f"{SELECTOR}._domainkey.{name} TXT {texts}",
        ]  # fmt: skip
    return {"bench.test": "\n".join(lines), "127.in-addr.arpa": "1.0.0 PTR mail.bench.test."}


def make_letter(sender: str, recipient: str) -> bytes:
    """4 KB with words of its own, signed by its author's domain; dots are stuffed already (it has none)."""
    number = next(_NUMBERS)
    head = (
        f"From: Ann <a@{sender}>\r\nTo: {recipient}\r\nSubject: Letter {number} of the bench\r\n"
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}\r\n"
        f"Message-ID: <{number}.{time.time_ns()}@{sender}>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    ).encode()
    lines, size, at = [], 0, number
    while size < SIZE - len(head) - 700:  # the signature comes on top
        words = [_WORDS[(at * 7 + step * step) % len(_WORDS)] for step in range(12)]
        lines.append(" ".join(words).encode() + b" %d\r\n" % at)
        size += len(lines[-1])
        at += number % 13 + 1
    body = b"".join(lines)
    return _sign(head, body, sender) + head + b"\r\n" + body


def _sign(head: bytes, body: bytes, domain: str) -> bytes:
    canonical = bytearray()
    maker = body_of(Canon.RELAXED, canonical.extend)
    maker.feed(body)
    maker.finish()
    fields = split_fields(head)
    draft = Draft(
        domain=domain, headers=select_names(fields, (b"*",), (b"from", b"subject")),
        body_hash=hashlib.sha256(canonical).digest(), signed_at=int(time.time()) - 60,
    )  # fmt: skip
    unsigned = draft.render(KeyType.RSA, SELECTOR)
    return complete(unsigned, _KEY.sign(draft.to_sign(fields, unsigned), PKCS1v15(), SHA256()))


class Names:
    """BIND on 127.0.0.1:53 with our zones; call it where nobody else has that port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._folder.mkdir()
        parts = ['options {{ directory "{d}"; listen-on {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no;']
        parts.append('pid-file none; session-keyfile "{d}/session.key"; dnssec-validation no; }};')
        for name, records in zones().items():
            text = f"$ORIGIN {name}.\n$TTL 300\n@ SOA ns.{name}. h.{name}. 1 60 60 3600 300\n@ NS ns\nns A 127.0.0.1\n"
            (self._folder / f"{name}.zone").write_text(text + records + "\n")
            parts.append(f'zone "{name}" {{{{ type primary; file "{name}.zone"; }}}};')
        config = self._folder / "named.conf"
        config.write_text("\n".join(parts).format(d=self._folder))
        named = shutil.which("named") or "/usr/sbin/named"
        self._process = subprocess.Popen(
            [named, "-4", "-f", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(1.0)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


class _Sender(asyncio.Protocol):
    """Brings its letters one after the other: the envelope in one packet, then the content."""

    def __init__(self, letters: Sequence[tuple[str, str, bytes]]) -> None:
        self._letters = iter(letters)
        self._content = b""
        self._awaited = 2  # greeting and the answer to EHLO
        self._tail = b""
        self.refused: list[bytes] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(b"EHLO mail.bench.test\r\n")

    def data_received(self, data: bytes) -> None:
        *lines, self._tail = (self._tail + data).split(b"\r\n")
        for line in lines:
            if line[3:4] == b"-":
                continue
            if line[:1] not in b"23":
                self.refused.append(line)
            self._awaited -= 1
            if self._awaited == 0:
                self._go_on(line)

    def _go_on(self, line: bytes) -> None:
        if line.startswith(b"354"):
            self._transport.write(self._content)
            self._awaited = 1
            return
        letter = next(self._letters, None)
        if letter is None:
            self._transport.write(b"QUIT\r\n")
            self._transport.close()
            return
        sender, recipient, content = letter
        self._content = content + b".\r\n"
        envelope = f"MAIL FROM:<a@{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"
        self._transport.write(envelope.encode())
        self._awaited = 3

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


Load = list[list[tuple[str, str, bytes]]]


def make_load(boxes: Sequence[str], letters: int) -> Load:
    """For each mailbox the letters of one sender."""
    pairs = [(SENDERS[number % len(SENDERS)], box) for number, box in enumerate(boxes)]
    return [[(*pair, make_letter(*pair)) for _ in range(letters // len(boxes))] for pair in pairs]


async def bring(target: Target, load: Load) -> list[bytes]:
    """One connection for each mailbox; gives what was refused."""
    loop = asyncio.get_running_loop()
    senders = []
    for letters in load:
        _, sender = await loop.create_connection(partial(_Sender, letters), target.host, target.smtp)
        senders.append(sender)
    async with asyncio.timeout(LOAD_SECONDS):
        await asyncio.gather(*(sender.done for sender in senders))
    return [line for sender in senders for line in sender.refused]
