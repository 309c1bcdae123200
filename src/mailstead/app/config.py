"""What can be configured: one frozen value for the whole program, a sentence for every key.

Only what is needed to start is here; what a domain wants is its policy and lives in the store.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from mailstead.app.config_filters import ClamAvConfig, FiltersConfig, RspamdConfig, SpamAssassinConfig
from mailstead.app.config_kinds import Doc, HostName, IpAddress, Network, Pem, Place, Secret, Size, Within
from mailstead.app.config_mail import ApiConfig, ImapConfig, Pop3Config, SmtpConfig, WebDavConfig, WebUiConfig
from mailstead.app.config_own import OwnFilterConfig
from mailstead.app.config_records import QuarantineConfig, TraceConfig
from mailstead.app.config_reports import ReportsConfig
from mailstead.app.config_sending import GuardsConfig, OutboundConfig, QueueConfig, SubmissionConfig

WORKERS_MAX_ON_SQLITE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Who we are, and how we run."""

    hostname: Annotated[
        HostName, Doc("Name of this machine as the world knows it: in greetings, Received fields and certificates.")
    ] = HostName("localhost")
    domain: Annotated[HostName, Doc("The default domain: a login or recipient without @ belongs to it.")] = HostName(
        "localhost"
    )
    listen: Annotated[tuple[IpAddress, ...], Doc("Addresses the mail ports listen on.")] = (
        IpAddress("0.0.0.0"),  # noqa: S104 - a mail server is there for everyone
        IpAddress("::"),
    )
    workers: Annotated[int, Doc("Worker processes; 0: one for each core, at most 4 on SQLite."), Within(0, 256)] = 0
    user: Annotated[str, Doc("User to become once the ports are bound, if started as root.")] = ""
    group: Annotated[str, Doc("Group to become with it; the user's own if empty.")] = ""
    data_dir: Annotated[
        Path | None, Doc("Everything that is kept, but for the database; the directory of database.path if not set.")
    ] = None
    control_socket: Annotated[
        Path | None, Doc("Socket for the commands of this machine; control.sock in the data directory if not set.")
    ] = None
    trusted_proxies: Annotated[
        tuple[Network, ...], Doc("Proxies in front of us, whose word for the client's address is taken.")
    ] = ()
    proxy_protocol: Annotated[
        bool, Doc("Trusted proxies send a PROXY header (version 1 or 2) before the first byte of a connection.")
    ] = False
    proxy_timeout: Annotated[timedelta, Doc("Wait for the PROXY header."), Within(1, 60)] = timedelta(seconds=5)
    shutdown_grace: Annotated[
        timedelta, Doc("Time that sessions have to finish what they do when we are asked to stop."), Within(0, 3600)
    ] = timedelta(seconds=25)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseConfig:
    """Where mail is kept."""

    path: Annotated[Path, Doc("The SQLite file. Relative paths start from the working directory.")] = Path(
        "./data/mailserver.db"
    )
    wal_enabled: Annotated[bool, Doc("Write-ahead log; always on.")] = True
    url: Annotated[Secret, Doc("PostgreSQL instead of SQLite, like postgresql://user:password@host/name.")] = Secret("")
    pool_size: Annotated[int, Doc("PostgreSQL connections of each worker."), Within(2, 200)] = 4
    reserve: Annotated[
        Size,
        Doc("Free disk below which new mail is put off, so that flags and deletions still work."),
        Within(0, 1 << 44),
    ] = Size(256 << 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggerConfig:
    """What is told to the operator."""

    level: Annotated[Literal["debug", "info", "warn", "error"], Doc("The least important event that is written.")] = (
        "info"
    )
    format: Annotated[Literal["json", "text"], Doc("One JSON object a line, or text for people.")] = "json"
    output_path: Annotated[str, Doc("stdout, stderr or a file.")] = "stdout"
    hash_addresses: Annotated[
        Secret, Doc("A key: with it, addresses, IPs and logins are written as keyed hashes instead of plainly.")
    ] = Secret("")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityConfig:
    """Judges outside of this program, and passwords."""

    clamav: ClamAvConfig = field(default_factory=ClamAvConfig)
    spamassassin: SpamAssassinConfig = field(default_factory=SpamAssassinConfig)
    own_filter: OwnFilterConfig = field(default_factory=OwnFilterConfig)
    rspamd: RspamdConfig = field(default_factory=RspamdConfig)
    filters: FiltersConfig = field(default_factory=FiltersConfig)
    allow_fetch: Annotated[
        tuple[Place, ...],
        Doc(
            "Hosts and networks of our own that hooks and other fetches may reach though they are private; at any "
            "port. What this configuration itself names as a target needs no entry."
        ),
    ] = ()
    min_password_length: Annotated[int, Doc("Shortest password a user may be given."), Within(1, 128)] = 8
    scram_iterations: Annotated[
        int, Doc("Rounds of PBKDF2 in new SCRAM verifiers; every login of a client has to go through them."),
        Within(15_000, 10_000_000),
    ] = 15_000  # fmt: skip
    exempt_loopback: Annotated[
        bool,
        Doc(
            "This machine itself meets no limit of policies and no block after failed logins: programs on it bring "
            "everybody's mail and logins from one address."
        ),
    ] = True
    allow_networks: Annotated[
        tuple[Network, ...], Doc("Networks that meet none of them either. Trusted proxies never do.")
    ] = ()
    failed_login_delay: Annotated[
        timedelta, Doc("What the answer to a failed login waits; up to four times as long for more of them."),
        Within(0, 60),
    ] = timedelta(seconds=1.5)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AcmeConfig:
    """Certificates that renew themselves."""

    enabled: Annotated[bool, Doc("Get certificates from an ACME authority.")] = False
    email: Annotated[str, Doc("Address the authority writes to.")] = ""
    provider: Annotated[str, Doc("Who serves our DNS, for DNS-01.")] = "cloudflare"
    api_token: Annotated[Secret, Doc("Token of that provider.")] = Secret("")
    cache_dir: Annotated[Path | None, Doc("Where certificates are kept; acme in the data directory if not set.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsConfig:
    """Certificates. Without any, one signed by itself is made in the data directory."""

    cert_file: Annotated[Path | None, Doc("Certificate chain, PEM; read again when it changes.")] = None
    key_file: Annotated[Path | None, Doc("Its private key, PEM.")] = None
    client_ca: Annotated[
        Path | None,
        Doc(
            "CAs (PEM) of people's own certificates. If set, IMAP, POP3 and submission ask for one, and the mail "
            "address in it logs its user in (SASL EXTERNAL)."
        ),
    ] = None
    min_version: Annotated[Literal["1.2", "1.3"], Doc("Oldest version of TLS spoken.")] = "1.2"
    acme: AcmeConfig = field(default_factory=AcmeConfig)


SIGNED_FIELDS: Final = (
    "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
    "mime-version", "content-type", "content-transfer-encoding", "content-id", "content-description",
    "resent-from", "resent-sender", "resent-to", "resent-cc", "resent-date", "resent-message-id",
    "list-id", "list-help", "list-unsubscribe", "list-unsubscribe-post", "list-subscribe", "list-post", "list-owner",
    "list-archive", "autocrypt", "feedback-id",
)  # fmt: skip
OVERSIGNED_FIELDS: Final = (
    "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
    "mime-version", "content-type", "content-transfer-encoding",
)  # fmt: skip
"""Not those of lists and of resending: whoever hands a letter on as it is may add them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimConfig:
    """Signing of what we send."""

    selector: Annotated[str, Doc("Selector of keys made for new domains, and of the key in the file.")] = "default"
    headers: Annotated[
        tuple[str, ...],
        Doc("Fields that are signed where a letter has them; `*` stands for all but those that change on the way."),
    ] = SIGNED_FIELDS
    oversign: Annotated[
        tuple[str, ...], Doc("Fields that nobody may add without breaking the signature, be they there or not.")
    ] = OVERSIGNED_FIELDS
    canonicalization: Annotated[
        Literal["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"],
        Doc("How much relays may change blanks and folds of header and body."),
    ] = "relaxed/relaxed"
    expiry: Annotated[timedelta, Doc("After it a signature counts no longer; 0: never."), Within(0, 31_536_000)] = (
        timedelta(0)
    )
    key_file: Annotated[
        Path | None,
        Doc("A private key, PEM, taken over at start; keys/dkim.key in the data directory or in ~/.mu if not set."),
    ] = None
    private_key: Annotated[Pem, Doc("The same as text, or once more in base64.")] = Pem("")
    domains: Annotated[
        tuple[HostName, ...], Doc("Domains that this key signs for; the default domain if there are none.")
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """All of it."""

    server: ServerConfig = field(default_factory=ServerConfig)
    database: DatabaseConfig = field(default_factory=DatabaseConfig)
    logger: LoggerConfig = field(default_factory=LoggerConfig)
    smtp: SmtpConfig = field(default_factory=SmtpConfig)
    submission: SubmissionConfig = field(default_factory=SubmissionConfig)
    outbound: OutboundConfig = field(default_factory=OutboundConfig)
    queue: QueueConfig = field(default_factory=QueueConfig)
    guards: GuardsConfig = field(default_factory=GuardsConfig)
    reports: ReportsConfig = field(default_factory=ReportsConfig)
    imap: ImapConfig = field(default_factory=ImapConfig)
    pop3: Pop3Config = field(default_factory=Pop3Config)
    api: ApiConfig = field(default_factory=ApiConfig)
    webui: WebUiConfig = field(default_factory=WebUiConfig)
    webdav: WebDavConfig = field(default_factory=WebDavConfig)
    security: SecurityConfig = field(default_factory=SecurityConfig)
    tls: TlsConfig = field(default_factory=TlsConfig)
    dkim: DkimConfig = field(default_factory=DkimConfig)
    quarantine: QuarantineConfig = field(default_factory=QuarantineConfig)
    trace: TraceConfig = field(default_factory=TraceConfig)

    @property
    def data_dir(self) -> Path:
        """Where everything is kept."""
        return self.server.data_dir or self.database.path.parent

    @property
    def control_socket(self) -> Path:
        """Where commands reach the running server."""
        return self.server.control_socket or self.data_dir / "control.sock"

    @property
    def smtp_hostname(self) -> HostName:
        """The name in the greeting."""
        return self.smtp.hostname or self.server.hostname

    @property
    def smtp_listen(self) -> tuple[IpAddress, ...]:
        """Addresses of the SMTP ports."""
        return self.smtp.listen or self.server.listen

    @property
    def submission_listen(self) -> tuple[IpAddress, ...]:
        """Addresses of the submission ports."""
        return self.submission.listen or self.smtp_listen

    @property
    def imap_listen(self) -> tuple[IpAddress, ...]:
        """Addresses of the IMAP ports."""
        return self.imap.listen or self.server.listen

    @property
    def pop3_listen(self) -> tuple[IpAddress, ...]:
        """Addresses of the POP3 ports."""
        return self.pop3.listen or self.server.listen

    def worker_count(self, cores: int) -> int:
        """How many workers to start on a machine of so many cores."""
        if self.server.workers:
            return self.server.workers
        return max(1, cores if self.database.url else min(cores, WORKERS_MAX_ON_SQLITE))
