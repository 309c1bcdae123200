"""The file, the environment and what is told of their problems."""

import stat
from datetime import timedelta
from pathlib import Path

import pytest

from mailstead.app.config import Config
from mailstead.app.config_file import PRESET, find_file, load
from mailstead.app.config_report import ConfigError

SEED = """\
# Server identity
server:
  hostname: mail.example.com
  domain: example.com

# Database
database:
  path: ./data/mailserver.db
  wal_enabled: true

# Logging
logger:
  level: info
  format: json
  output_path: stdout

# SMTP ports
smtp:
  submission_port: 587    # Authenticated submission
  relay_port: 25          # Receiving from other servers
  smtps_port: 465         # SMTP over TLS
  max_message_size: 52428800  # 50MB

# IMAP ports
imap:
  port: 143               # Standard IMAP
  imaps_port: 993         # IMAP over TLS
  idle_timeout: 1800      # 30 minutes

# Admin API
api:
  port: 8080
  admin_token: "your-secure-random-token-here"  # IMPORTANT: Change this!

# External security services
security:
  clamav:
    socket_path: /var/run/clamav/clamd.ctl
    timeout: 60

  spamassassin:
    host: localhost
    port: 783
    timeout: 30

# TLS/ACME (Let's Encrypt)
tls:
  # Option 1: Manual certificates
  # cert_file: /path/to/cert.pem
  # key_file: /path/to/key.pem

  # Option 2: Automatic ACME (Let's Encrypt)
  acme:
    enabled: false  # Set to true for Let's Encrypt
    email: admin@example.com
    provider: cloudflare
    api_token: your-cloudflare-api-token
    cache_dir: ./data/acme
"""

BAD = """\
server:
  hostnam: x
  domain: "a b"
  workers: many
smtp:
  relay_port: 99999
  relay_prot: 25
  max_message_size: 50 furlongs
  max_recipients: 0
  relay_networks: [10.0.0.0/8, foo]
  command_timeout: soon
imap: 143
imap:
  port: 1
hostname: foo
logger:
  level: loud
  format: [json]
server_name: x
database:
  path: ""
  reserve:
    - 5
"""

GOLDEN = """\
{f}:2 server.hostnam: no such key
    fix: did you mean server.hostname?
{f}:3 server.domain: 'a b' is not a domain name
    fix: write a name like mail.example.com
{f}:4 server.workers: 'many' is not a whole number
    fix: write digits only, like 100
{f}:6 smtp.relay_port: '99999' is not a port
    fix: write a number from 1 to 65535, or 0 to not listen at all
{f}:7 smtp.relay_prot: no such key
    fix: did you mean smtp.relay_port?
{f}:8 smtp.max_message_size: '50 furlongs' is not a size
    fix: write bytes, or a number with KB, MB, GB, like 50MB
{f}:9 smtp.max_recipients: 0 is out of range
    fix: write a value from 1 to 10000
{f}:10 smtp.relay_networks: 'foo' is not a network
    fix: write one like 10.0.0.0/8 or 2001:db8::/32
{f}:11 smtp.command_timeout: 'soon' is not a duration
    fix: write seconds, or a number with s, m, h or d, like 5m
{f}:12 imap: is a section, not a value
    fix: put its keys below it, indented, like imap.port
{f}:13 imap: set before in line 12
    fix: keep one of the two
{f}:15 hostname: no such key
    fix: did you mean server.hostname?
{f}:17 logger.level: 'loud' is not known here
    fix: write debug or info or warn or error
{f}:18 logger.format: is not a single value
    fix: write one json or text
{f}:19 server_name: no such key
    fix: did you mean server.hostname?
{f}:21 database.path: '' is not a path
    fix: write the path of a file or directory
{f}:22 database.reserve: is not a single value
    fix: write one size"""


def write(folder: Path, text: str, name: str = "mailstead.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def problems(path: Path | None, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as raised:
        load(path, environ or {})
    return str(raised.value)


def test_the_file_of_gomailserver_is_taken_word_for_word(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, SEED, "gomailserver.yaml"), {})
    config = loaded.config
    assert (config.server.hostname, config.server.domain) == ("mail.example.com", "example.com")
    assert config.database.path == Path("data/mailserver.db")
    assert config.data_dir == Path("data")
    assert config.control_socket == Path("data/control.sock")
    assert (config.smtp.relay_port, config.smtp.submission_port, config.smtp.smtps_port) == (25, 587, 465)
    assert config.smtp.max_message_size == 50 << 20
    assert (config.imap.port, config.imap.imaps_port) == (143, 993)
    assert config.imap.idle_timeout == timedelta(minutes=30)
    assert config.api.admin_token == "your-secure-random-token-here"
    assert config.security.clamav.socket_path == Path("/var/run/clamav/clamd.ctl")
    assert config.security.clamav.timeout == timedelta(seconds=60)
    assert config.tls.acme.cache_dir == Path("data/acme")
    assert loaded.notes == ()
    assert {key for key, _ in loaded.waiting} == {
        "tls.acme.enabled", "tls.acme.email", "tls.acme.provider",
        "tls.acme.api_token", "tls.acme.cache_dir",
    }  # fmt: skip


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, BAD)
    assert problems(path) == GOLDEN.format(f=path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "{f}:2: not YAML: did not find expected node content\n    fix: look at the indentation"),
        ("- x\n", "{f}:1: not sections with keys\n    fix: begin with a line like server:"),
        ("database:\n  wal_enabled: no\n", "{f}:2 database.wal_enabled: cannot be turned off"),
        ("database:\n  url: mysql://x\n", "{f}:2 database.url: is not the URL of a PostgreSQL database"),
        ("server:\n  proxy_protocol: true\n", "{f}:2 server.proxy_protocol: needs to know the proxies"),
        ("smtp:\n  relay_networks: 0.0.0.0/0\n", "{f}:2 smtp.relay_networks: 0.0.0.0/0 would make an open relay"),
        ("smtp:\n  relay_networks: ['::/0']\n", "{f}:2 smtp.relay_networks: ::/0 would make an open relay"),
        ("imap:\n  port: 25\n", "{f}:2 imap.port: 25 is the port of smtp.relay_port too"),
        ("tls:\n  cert_file: /x.pem\n", "{f}:2 tls.cert_file: has no key\n    fix: set tls.key_file too"),
        ("tls:\n  key_file: /x.pem\n", "{f}:2 tls.key_file: has no certificate"),
        ("server:\n  data_dir: /" + "x" * 110, "default server.control_socket: its path has 124 bytes"),
        ('api:\n  admin_token: "a\\nb"\n', "{f}:2 api.admin_token: holds a control character"),
    ],
)
def test_each_problem(tmp_path: Path, text: str, told: str) -> None:
    path = write(tmp_path, text)
    assert problems(path).startswith(told.format(f=path))


def test_a_secret_is_never_told(tmp_path: Path) -> None:
    path = write(tmp_path, 'database:\n  url: mysql://ada:hunter2@host\napi:\n  admin_token: "hunter2\\n"\n')
    assert "hunter2" not in problems(path)
    assert "hunter2" not in problems(None, {"MAILSTEAD_DATABASE_URL": "mysql://hunter2", "HOME": str(tmp_path)})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.yaml"
    assert (
        problems(path)
        == f"{path}: cannot be read: No such file or directory\n    fix: run `mailstead init`, or name another file"
    )
    assert "this is TOML" in problems(tmp_path / "elemta.toml")


def test_permissions_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, SEED)
    path.chmod(0o644)
    assert load(path, {}).notes == (f"{path} is open to others and may hold secrets; fix: chmod 600 {path}",)
    path.chmod(0o640)
    assert load(path, {}).notes == ()
    path.chmod(0o666)
    assert problems(path) == f"{path}: can be changed by everyone on this machine\n    fix: chmod 600 {path}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o666


def test_an_empty_file_and_empty_sections_are_defaults(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, "server:\nsmtp:\n  relay_port:\n"), {})
    assert loaded.config == Config()
    assert loaded.sources == {}
    assert load(write(tmp_path, "# nothing\n"), {}).config == Config()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, SEED)
    loaded = load(path, {"MAILSTEAD_SMTP_RELAY_PORT": "2525", "SERVER_DOMAIN": "example.net"})
    assert loaded.config.smtp.relay_port == 2525
    assert loaded.config.server.domain == "example.net"
    assert loaded.sources["smtp.relay_port"] == "MAILSTEAD_SMTP_RELAY_PORT"
    assert loaded.sources["server.domain"] == "SERVER_DOMAIN"
    assert loaded.sources["imap.port"] == f"{path}:26"


def test_problems_of_file_and_environment_come_together(tmp_path: Path) -> None:
    told = problems(write(tmp_path, "smpt:\n"), {"MAILSTEAD_SMTP_RELY_PORT": "1", "IMAP_PORT": "x"})
    assert "MAILSTEAD_SMTP_RELY_PORT: no such setting\n    fix: did you mean MAILSTEAD_SMTP_RELAY_PORT?" in told
    assert "IMAP_PORT imap.port: 'x' is not a port" in told
    assert "smpt: no such key\n    fix: did you mean smtp?" in told


def test_without_a_file_it_serves_this_machine_from_the_home_directory(tmp_path: Path) -> None:
    loaded = load(None, {"HOME": str(tmp_path), "MAIL_PORT": "2526"}, directory=tmp_path / "elsewhere")
    config = loaded.config
    assert loaded.path is None
    assert config.smtp.relay_port == 2526
    assert config.server.domain == "localhost"
    assert config.smtp_listen == config.imap_listen == ("127.0.0.1", "::1")
    assert config.database.path == tmp_path / ".mailstead" / "mailstead.db"
    assert (config.imap.port, config.imap.imaps_port, config.imap.plain_login) == (2143, 2993, "loopback")
    assert loaded.sources["imap.port"] == PRESET
    assert loaded.waiting == ()


@pytest.mark.parametrize(
    ("domain", "listen"),
    [
        ("localhost", ("127.0.0.1", "::1")),
        ("dev.localhost", ("127.0.0.1", "::1")),
        ("yourdomain.com", ("0.0.0.0", "::")),
    ],
)
def test_a_real_domain_opens_the_ports_to_all(tmp_path: Path, domain: str, listen: tuple[str, ...]) -> None:
    loaded = load(None, {"HOME": str(tmp_path), "MAIL_DOMAIN": domain}, directory=tmp_path)
    assert loaded.config.smtp_listen == listen
    assert loaded.config.server.domain == domain


def test_where_the_file_is_looked_for(tmp_path: Path) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    for folder in (here, home / ".mailstead", home / ".gomailserver"):
        folder.mkdir(parents=True)
    places = [
        home / ".gomailserver" / "gomailserver.yaml",
        home / ".mailstead" / "mailstead.yaml",
        here / "gomailserver.yaml",
        here / "mailstead.yaml",
    ]
    assert find_file(None, {}, here, home) is None
    for place in places:
        place.write_text("")
        assert find_file(None, {}, here, home) == place
    assert find_file(None, {"MAILSTEAD_CONFIG": "/a"}, here, home) == Path("/a")
    assert find_file(None, {"ELEMTA_CONFIG_PATH": "/b"}, here, home) == Path("/b")
    assert find_file(Path("/c"), {"MAILSTEAD_CONFIG": "/a"}, here, home) == Path("/c")
