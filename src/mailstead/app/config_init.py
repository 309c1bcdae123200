"""A new server's home: directories only its owner may enter, and the file that says where everything is."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class NewServer:
    """What its owner says of it. Names are canonical."""

    directory: Path
    domain: str
    hostname: str
    admin: Address
    user: str = ""

    @classmethod
    def of(cls, directory: Path, domain: str, hostname: str, admin: str, user: str) -> "NewServer":
        """From words; Invalid says what is wrong with them."""
        address = Address.parse(admin)
        if address.domain != canonical_domain(domain):
            raise Invalid(f"{admin} is not in {domain}")
        home = directory.expanduser().absolute()
        name, host = canonical_domain(domain), canonical_domain(hostname)
        return cls(directory=home, domain=name, hostname=host, admin=address, user=user)

    @property
    def config(self) -> Path:
        """The file."""
        return self.directory / "mailstead.yaml"

    @property
    def data(self) -> Path:
        """Mail and secrets."""
        return self.directory / "data"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "mailstead.db"

    def occupied(self) -> Path | None:
        """What is there already and must not be overwritten."""
        return next((path for path in (self.config, self.database) if path.exists()), None)


def make_home(server: NewServer) -> None:
    """Make the data directory, then write the file; OSError. Never readable by others, not even for a moment."""
    server.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    server.data.chmod(0o700)
    fd = os.open(server.config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(render_file(server, token=secrets.token_urlsafe(32)))
        file.flush()
        os.fsync(file.fileno())


def render_file(server: NewServer, *, token: str) -> str:
    """The configuration of a new server; everything else has its default."""
    user = (
        f"  user: {quoted(server.user)}"
        if server.user
        else "  # user: mailstead   # to become once the ports are bound"
    )
    return f"""\
# Mailstead. Every key: `mailstead config reference`; what is in force: `mailstead config show`.
server:
  hostname: {server.hostname}
  domain: {server.domain}
{user}

database:
  path: {quoted(str(server.database))}

smtp:
  relay_port: 25
  submission_port: 587
  smtps_port: 465
  max_message_size: 50MB

imap:
  port: 143
  imaps_port: 993

pop3:
  port: 110
  pop3s_port: 995

api:
  port: 8080
  admin_token: {quoted(token)}

# Until you name a certificate, one signed by itself is used: mail comes in, but people's programs will ask.
# tls:
#   cert_file: /etc/letsencrypt/live/{server.hostname}/fullchain.pem
#   key_file: /etc/letsencrypt/live/{server.hostname}/privkey.pem
"""


def quoted(text: str) -> str:
    """As YAML reads it back."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def next_steps(server: NewServer) -> Iterator[str]:
    """What only the owner can do: DNS, ports, and the command."""
    host, name = server.hostname, server.domain
    yield "In the DNS (the host's address, who takes the domain's mail, who may send it, what to do with the rest):"
    yield f"    {host}.  IN  A    <the address of this machine>"
    yield f"    {name}.  IN  MX   10 {host}."
    yield f'    {name}.  IN  TXT  "v=spf1 mx -all"'
    yield f'    _dmarc.{name}.  IN  TXT  "v=DMARC1; p=quarantine; rua=mailto:postmaster@{name}"'
    yield "A certificate people's programs trust: set tls.cert_file and tls.key_file."
    yield "Then serve; ports below 1024 need root (who is given up, see server.user) or CAP_NET_BIND_SERVICE:"
    yield f"    mailstead run --config {server.config}"
