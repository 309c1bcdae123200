"""`mailstead dev`: a server in a folder, on loopback, with users, sample letters and nothing to configure."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mailstead.app import wiring
from mailstead.app.config import Config
from mailstead.app.config_file import load
from mailstead.app.dev.furnish import furnish
from mailstead.app.serving import run_server
from mailstead.net.clock import SystemClock
from mailstead.net.tls import make_self_signed

DOMAIN: Final = "dev.localhost"
PEOPLE: Final = ("you", "ada")
SHARED: Final = "team"
PORTS: Final = {
    "smtp": 2525, "lmtp": 2424, "submission": 2587, "submissions": 2465, "imap": 2143, "imaps": 2993, "pop3": 2110,
    "pop3s": 2995, "http": 8080,
}  # fmt: skip
OFFSETS: Final = {
    "smtp": 25, "lmtp": 24, "submission": 587, "submissions": 465, "imap": 143, "imaps": 993, "pop3": 110,
    "pop3s": 995, "http": 80,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made once and kept in the folder, so that a second start knows the same ones."""

    passwords: Mapping[str, str]  # by local part
    admin_token: str


def run_dev(directory: Path, port_base: int, as_json: bool, *, samples: bool = True) -> int:  # noqa: FBT001 - a flag
    """Run the sandbox until it is stopped; the exit code."""
    directory = directory.absolute()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    ports = {name: port_base + offset for name, offset in OFFSETS.items()} if port_base else PORTS
    kept = _secrets(directory / "secrets.json")
    path = directory / "mailstead.yaml"
    _write(path, _config(directory, ports, kept, as_json=as_json))
    _certificate(directory / "tls")
    loaded = load(path)
    asyncio.run(_furnish(loaded.config, kept, samples=samples))
    tell = _tell_scripts if as_json else _tell_people
    return run_server(loaded, lambda bound: tell(bound, kept, path))


def _certificate(folder: Path) -> None:
    """One for this sandbox, signed by itself."""
    folder.mkdir(exist_ok=True, mode=0o700)
    if not (folder / "cert.pem").exists():
        now = datetime.fromtimestamp(SystemClock().now() / 1000, tz=UTC)
        make_self_signed(folder / "cert.pem", folder / "key.pem", [DOMAIN, "localhost", "127.0.0.1"], now)


def _secrets(path: Path) -> Secrets:
    if path.exists():
        found = json.loads(path.read_text())
        return Secrets(found["passwords"], found["admin_token"])
    made = Secrets({person: secrets.token_urlsafe(9) for person in PEOPLE}, secrets.token_urlsafe(32))
    _write(path, json.dumps({"passwords": dict(made.passwords), "admin_token": made.admin_token}))
    return made


def _write(path: Path, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w") as file:
        file.write(text)


_CONFIG: Final = """\
# Written by `mailstead dev` at each start.
server:
  hostname: localhost
  domain: {domain}
  listen: [127.0.0.1]
database:
  path: {database}
logger:
  level: info
  format: {format}
  output_path: stderr
smtp:
  relay_port: {smtp}
  submission_port: {submission}
  smtps_port: {submissions}
  lmtp_port: {lmtp}
  lmtp_listen: [127.0.0.1]
  sessions_per_ip: 0
outbound:
  mode: trap
imap:
  port: {imap}
  imaps_port: {imaps}
  plain_login: loopback
  sessions_per_ip: 0
pop3:
  port: {pop3}
  pop3s_port: {pop3s}
  plain_login: loopback
  sessions_per_ip: 0
api:
  port: {http}
  listen: [127.0.0.1]
  admin_token: {admin_token}
tls:
  cert_file: {certificate}
  key_file: {key}
"""


def _config(directory: Path, ports: Mapping[str, int], kept: Secrets, *, as_json: bool) -> str:
    """Written anew at each start: the sandbox is not for keeping settings."""
    return _CONFIG.format(
        **ports,
        domain=DOMAIN,
        database=json.dumps(str(directory / "data" / "mailstead.db")),
        format="json" if as_json else "text",
        admin_token=json.dumps(kept.admin_token),
        certificate=json.dumps(str(directory / "tls" / "cert.pem")),
        key=json.dumps(str(directory / "tls" / "key.pem")),
    )


async def _furnish(config: Config, kept: Secrets, *, samples: bool) -> None:
    async with wiring.open_store(config) as store:
        await furnish(store, DOMAIN, kept.passwords, SHARED, with_samples=samples)


def _tell_scripts(ports: Mapping[str, int], kept: Secrets, path: Path) -> None:
    accounts = [{"address": f"{person}@{DOMAIN}", "password": word} for person, word in kept.passwords.items()]
    line = {
        "ports": {name: ports[name] for name in PORTS},
        "accounts": accounts,
        "shared": [f"{SHARED}@{DOMAIN}"],
        "admin_token": kept.admin_token,
        "config": str(path),
    }
    print(json.dumps(line), flush=True)  # noqa: T201 - this line is the interface


def _tell_people(ports: Mapping[str, int], kept: Secrets, path: Path) -> None:
    rows = "\n".join(f"    {person}@{DOMAIN:<16} password {word}" for person, word in kept.passwords.items())
    text = f"""
Mailstead is running. Nothing leaves this machine; everything lies in {path.parent}.

  People
{rows}
    {SHARED}@{DOMAIN:<16} shared by both, under "Shared" in their mail programs

  Where
    SMTP  127.0.0.1:{ports["smtp"]}    LMTP  127.0.0.1:{ports["lmtp"]}
    Submission  127.0.0.1:{ports["submission"]} (STARTTLS)    127.0.0.1:{ports["submissions"]} (TLS)
    IMAP  127.0.0.1:{ports["imap"]} (plain or STARTTLS)    IMAPS 127.0.0.1:{ports["imaps"]}
    POP3  127.0.0.1:{ports["pop3"]} (plain or STLS)    POP3S 127.0.0.1:{ports["pop3s"]}
    HTTP  http://127.0.0.1:{ports["http"]}/health and /metrics

  Send a letter
    swaks --server 127.0.0.1:{ports["smtp"]} --from me@example.org --to you@{DOMAIN}
    python3 -c "import smtplib; smtplib.SMTP('127.0.0.1', {ports["smtp"]}).sendmail('me@example.org', \
'you@{DOMAIN}', 'Subject: Hello\\n\\nIt works.')"
    swaks --server 127.0.0.1:{ports["submissions"]} --tls-on-connect --auth-user you@{DOMAIN} \
--auth-password {kept.passwords["you"]} --from you@{DOMAIN} --to ada@{DOMAIN}

  Read it
    curl -s 'imap://127.0.0.1:{ports["imap"]}/INBOX;MAILINDEX=1' -u 'you@{DOMAIN}:{kept.passwords["you"]}'

  Stop with Ctrl-C.
"""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - for the person at the terminal
