"""The world of the tests: domains, the hosts that take their mail, and this server in the middle of them.

`world.test` is not signed, `safe.test` is. All hosts listen on one port, which `outbound.port` names.
"""

import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailstead.ground.formats.tlsa import Tlsa
from tests.support.chains import Issued, issue
from tests.support.dns_lab import Lab, Zone, dns_lab
from tests.support.world.exim import Exim
from tests.support.world.greylist import Greylist
from tests.support.world.home import Home
from tests.support.world.opensmtpd import OpenSmtpd
from tests.support.world.postfix import Postfix

POSTFIX = {  # by the domain; what that host is like
    "plain.world.test": "127.0.1.1",
    "tls.world.test": "127.0.1.2",  # signed by itself
    "expired.world.test": "127.0.1.3",
    "good.world.test": "127.0.1.4",  # vouched for by our CA
    "small.world.test": "127.0.1.5",
    "old.world.test": "127.0.1.6",  # no extensions at all
    "grey.world.test": "127.0.1.7",
    "later.world.test": "127.0.1.8",  # 450 for ever
    "dane.safe.test": "127.0.1.9",
    "forged.safe.test": "127.0.1.10",  # shows another certificate than its TLSA record names
    "sts.world.test": "127.0.1.11",
    "pretender.world.test": "127.0.1.12",  # shows a certificate that no CA vouches for, against its MTA-STS policy
    "submit.world.test": "127.0.1.20",  # sends on for this machine
}
EXIM, OPENSMTPD = "127.0.3.1", "127.0.4.1"
POLICY = f"127.0.9.{os.getpid() % 250 + 1}"
"""Where MTA-STS policies are, by HTTPS."""


@dataclass
class World:
    """What is there."""

    folder: Path
    port: int
    home: Home
    root: Issued
    records: list[str] = field(default_factory=list)  # of home.test, more than it has anyway
    greylist: Greylist = field(default_factory=Greylist)
    postfix: Postfix = field(init=False)
    exim: Exim = field(init=False)
    opensmtpd: OpenSmtpd = field(init=False)
    lab: Lab = field(init=False)

    @property
    def authorities(self) -> Path:
        """The one CA of this world."""
        path = self.folder / "ca.pem"
        path.write_bytes(self.root.certificate.public_bytes(Encoding.PEM))
        return path

    def files(self, name: str, issued: Issued) -> tuple[Path, Path]:
        """A certificate and its key."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(issued.certificate.public_bytes(Encoding.PEM))
        key.write_bytes(issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, key

    def host(self, number: int) -> str:
        """The address of one of the peers that tests play themselves: peer<number>.world.test."""
        return f"127.0.5.{number}"


def free_port() -> int:
    """Free at every address, below the range from which the kernel gives clients theirs."""
    first = os.getpid() % 500
    for port in (31_000 + (first + step) % 500 for step in range(500)):
        with socket.socket() as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


def zones(world: World, right: Issued) -> tuple[Zone, ...]:
    """Each domain has one host; peers have two, of which the second is a good one."""
    hosts = {**POSTFIX, "exim.world.test": EXIM, "smtpd.world.test": OPENSMTPD}
    hosts |= {f"peer{number}.world.test": world.host(number) for number in range(1, 60)}
    record = Tlsa(3, 1, 1, hashlib.sha256(right.spki).digest())
    lines: dict[str, list[str]] = {"world.test": [], "safe.test": []}
    for domain, address in hosts.items():
        lines[domain.partition(".")[2]] += [f"{domain}. MX 10 mx.{domain}.", f"mx.{domain}. A {address}"]
    for domain in ("dane.safe.test", "forged.safe.test"):
        lines["safe.test"].append(f"_{world.port}._tcp.mx.{domain}. TLSA {record}")
    for domain in ("sts.world.test", "pretender.world.test"):
        lines["world.test"] += [f'_mta-sts.{domain}. TXT "v=STSv1; id=1;"', f"mta-sts.{domain}. A {POLICY}"]
    for number in range(1, 60):
        lines["world.test"] += [f"pair{number} MX 10 mx.peer{number}.world.test.", f"pair{number} MX 20 mx.plain"]
    lines["world.test"] += ["nomail MX 0 .", "bare A 127.0.1.1", "named MX 10 alias", "alias CNAME mx.plain"]
    lines["world.test"] += ["dual MX 10 mx.dual", "mx.dual AAAA ::1", "mx.dual A 127.0.1.1"]
    ours = ["@ MX 10 mx", "mx A 127.0.0.1", *world.records]
    return (
        Zone("world.test", "\n".join(lines["world.test"]), signed=False),
        Zone("safe.test", "\n".join(lines["safe.test"])),
        Zone(world.home.domain, "\n".join(ours), signed=False),
    )


def moods(world: World, right: Issued) -> dict[str, tuple[str, ...]]:
    """What distinguishes the hosts of Postfix: options of its smtpd."""

    def shows(name: str, issued: Issued) -> tuple[str, ...]:
        certificate, key = world.files(name, issued)
        return "smtpd_tls_security_level = may", f"smtpd_tls_chain_files = {key},{certificate}"

    def vouched(name: str) -> tuple[str, ...]:
        return shows(name, issue(name, world.root, hosts=(f"mx.{name}",)))

    itself = shows("itself", issue("itself"))
    made = {
        "plain.world.test": (),
        "tls.world.test": itself,
        "expired.world.test": shows("expired", issue("e", world.root, hosts=("mx.expired.world.test",), days=(-9, -8))),
        "good.world.test": vouched("good.world.test"),
        "small.world.test": ("message_size_limit = 20000",),
        "old.world.test": ("smtpd_discard_ehlo_keywords = 8bitmime, smtputf8, dsn, chunking, pipelining, size",),
        "grey.world.test": (
            f"smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{world.greylist.port}",
        ),
        "later.world.test": ("smtpd_recipient_restrictions = defer",),
        "dane.safe.test": shows("dane", right),
        "forged.safe.test": itself,
        "sts.world.test": vouched("sts.world.test"),
        "pretender.world.test": itself,
        "submit.world.test": ("mynetworks = 127.0.0.0/8",),
    }
    return {POSTFIX[domain]: options for domain, options in made.items()}


@contextmanager
def world_of(home: Home, *, records: list[str]) -> Iterator[World]:
    """Everything but `home` is running; skips without the programs."""
    folder = Path(tempfile.mkdtemp(prefix="msw-", dir="/tmp"))
    folder.chmod(0o755)  # other users' daemons have to come in
    try:
        with ExitStack() as running:
            world = World(folder, free_port(), home, issue("Root", ca=True), records)
            right = issue("right")
            running.enter_context(world.greylist.running())
            world.lab = running.enter_context(dns_lab(*zones(world, right)))
            ours = (home.domain, home.base + 25)
            for name in ("postfix", "exim", "opensmtpd"):
                (folder / name).mkdir()
            world.postfix = Postfix(folder / "postfix", world.port, moods(world, right), ours)
            running.enter_context(world.postfix.running())
            world.exim = Exim(folder / "exim", "exim.world.test", EXIM, world.port, ours)
            running.enter_context(world.exim.running(*world.files("exim", issue("exim"))))
            world.opensmtpd = OpenSmtpd(folder / "opensmtpd", "smtpd.world.test", OPENSMTPD, world.port, ours)
            running.enter_context(world.opensmtpd.running(*world.files("opensmtpd", issue("opensmtpd"))))
            yield world
    finally:
        shutil.rmtree(folder, ignore_errors=True)
