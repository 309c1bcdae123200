"""The keys of the protocols: smtp, imap, pop3, api."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Literal

from mailstead.app.config_kinds import Doc, HostName, IpAddress, Milter, Network, Port, Secret, Size, Within

LOOPBACK = (IpAddress("127.0.0.1"), IpAddress("::1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpConfig:
    """Receiving mail (MX and LMTP), and the ports where our own people hand in theirs (see `submission`)."""

    relay_port: Annotated[Port, Doc("Where other mail servers deliver to us (MX).")] = Port(25)
    submission_port: Annotated[Port, Doc("Submission with STARTTLS (RFC 6409).")] = Port(587)
    smtps_port: Annotated[Port, Doc("Submission over TLS (RFC 8314).")] = Port(465)
    lmtp_port: Annotated[Port, Doc("LMTP (RFC 2033), for mail another server has already judged.")] = Port(0)
    hostname: Annotated[HostName | None, Doc("Name in the greeting; server.hostname if not set.")] = None
    listen: Annotated[tuple[IpAddress, ...], Doc("Addresses of the SMTP ports; server.listen if empty.")] = ()
    lmtp_listen: Annotated[tuple[IpAddress, ...], Doc("Addresses of the LMTP port, which asks for no password.")] = (
        LOOPBACK
    )
    max_message_size: Annotated[
        Size, Doc("Largest message, over SMTP, LMTP and IMAP APPEND."), Within(65536, (1 << 31) - 1)
    ] = Size(50 << 20)
    max_recipients: Annotated[int, Doc("Recipients of one transaction."), Within(1, 10_000)] = 100
    max_transactions: Annotated[int, Doc("Transactions of one session."), Within(1, 1_000_000)] = 1000
    max_errors: Annotated[int, Doc("Refused commands after which a session is ended."), Within(1, 10_000)] = 50
    max_recipient_misses: Annotated[
        int, Doc("Unknown recipients after which a session is ended, against guessing of addresses."), Within(1, 10_000)
    ] = 10
    max_connections: Annotated[
        int, Doc("Sessions at once, all addresses together; 0: no limit."), Within(0, 1 << 20)
    ] = 1000
    sessions_per_ip: Annotated[int, Doc("Sessions at once from one address; 0: no limit."), Within(0, 1 << 20)] = 100
    sessions_per_ip_per_minute: Annotated[
        int, Doc("New sessions in a minute from one address; 0: no limit."), Within(0, 1 << 20)
    ] = 600
    command_timeout: Annotated[
        timedelta, Doc("Wait for the next command (RFC 5321 §4.5.3.2.7 asks for five minutes)."), Within(1, 3600)
    ] = timedelta(minutes=5)
    data_timeout: Annotated[
        timedelta, Doc("Longest time one message may take to arrive, however steadily it drips."), Within(11, 86400)
    ] = timedelta(minutes=10)
    session_timeout: Annotated[timedelta, Doc("Longest life of a session; 0: no limit."), Within(0, 604800)] = (
        timedelta(minutes=30)
    )
    relay_networks: Annotated[
        tuple[Network, ...],
        Doc(
            "Networks that may send to the whole world without a password. Empty: none. Elemta's list would be "
            "127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, ::1/128, fc00::/7, fe80::/10; "
            "a proxy in front of such a list opens a relay, so addresses of trusted proxies never count."
        ),
    ] = ()
    examine_neighbours: Annotated[
        bool,
        Doc(
            "Ask for SPF, DKIM and DMARC of hosts on this machine and in private networks, too: what comes by a proxy."
        ),
    ] = False
    milters: Annotated[
        tuple[Milter, ...],
        Doc(
            "Milters asked in this order about letters of others, each a name, a socket and options: "
            "opendkim unix:/run/opendkim.sock timeout=30s default=accept (or tempfail, reject, quarantine)."
        ),
    ] = ()
    smtputf8: Annotated[bool, Doc("Offer SMTPUTF8 (RFC 6531): addresses in any script.")] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapConfig:
    """Reading mail."""

    port: Annotated[Port, Doc("IMAP with STARTTLS.")] = Port(143)
    imaps_port: Annotated[Port, Doc("IMAP over TLS.")] = Port(993)
    listen: Annotated[tuple[IpAddress, ...], Doc("Addresses of the IMAP ports; server.listen if empty.")] = ()
    idle_timeout: Annotated[
        timedelta,
        Doc("Wait for a client that is logged in (RFC 9051 §5.4 asks for half an hour)."),
        Within(60, 86400),
    ] = timedelta(minutes=30)
    login_timeout: Annotated[timedelta, Doc("Wait for a client to log in."), Within(1, 3600)] = timedelta(minutes=1)
    write_timeout: Annotated[
        timedelta, Doc("Patience with a client that takes nothing of what is sent."), Within(1, 3600)
    ] = timedelta(minutes=2)
    plain_login: Annotated[
        Literal["tls", "loopback"],
        Doc("Where passwords are taken: only under TLS, or from this machine without it too."),
    ] = "tls"
    max_connections: Annotated[int, Doc("Sessions at once; 0: no limit."), Within(0, 1 << 20)] = 10_000
    sessions_per_ip: Annotated[int, Doc("Sessions at once from one address; 0: no limit."), Within(0, 1 << 20)] = 200
    max_errors: Annotated[int, Doc("Bad commands in a row after which a session is ended."), Within(1, 10_000)] = 20
    message_limit: Annotated[
        int, Doc("Messages that one command works on, told to clients (MESSAGELIMIT, RFC 9738)."), Within(1000, 1 << 31)
    ] = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pop3Config:
    """Fetching mail from the INBOX, the old way."""

    port: Annotated[Port, Doc("POP3 with STLS.")] = Port(110)
    pop3s_port: Annotated[Port, Doc("POP3 over TLS.")] = Port(995)
    listen: Annotated[tuple[IpAddress, ...], Doc("Addresses of the POP3 ports; server.listen if empty.")] = ()
    command_timeout: Annotated[
        timedelta, Doc("Wait for the next command (RFC 1939 §3 asks for ten minutes)."), Within(600, 86400)
    ] = timedelta(minutes=10)
    write_timeout: Annotated[
        timedelta, Doc("Patience with a client that takes nothing of what is sent."), Within(1, 3600)
    ] = timedelta(minutes=2)
    plain_login: Annotated[
        Literal["tls", "loopback"],
        Doc("Where passwords are taken: only under TLS, or from this machine without it too."),
    ] = "tls"
    max_connections: Annotated[int, Doc("Sessions at once; 0: no limit."), Within(0, 1 << 20)] = 1000
    sessions_per_ip: Annotated[int, Doc("Sessions at once from one address; 0: no limit."), Within(0, 1 << 20)] = 50
    max_errors: Annotated[int, Doc("Bad commands in a row after which a session is ended."), Within(1, 10_000)] = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiConfig:
    """HTTP: health, metrics and the API of the queue; later the web pages."""

    port: Annotated[Port, Doc("HTTP.")] = Port(8080)
    admin_token: Annotated[
        Secret,
        Doc("Bearer token of the admin API, 16 characters or more; without it only tokens of administrators open it."),
    ] = Secret("")
    listen: Annotated[
        tuple[IpAddress, ...], Doc("Addresses of the HTTP port. Put a TLS proxy before it to open it to others.")
    ] = LOOPBACK
    read_timeout: Annotated[timedelta, Doc("Wait for a request."), Within(1, 3600)] = timedelta(seconds=15)
    write_timeout: Annotated[timedelta, Doc("Wait for a client to take an answer."), Within(1, 3600)] = timedelta(
        seconds=15
    )
    max_header_bytes: Annotated[Size, Doc("Largest header of a request."), Within(4096, 16 << 20)] = Size(1 << 20)
    max_connections: Annotated[int, Doc("Connections at once; 0: no limit."), Within(0, 1 << 20)] = 1000
    jwt_secret: Annotated[Secret, Doc("Key that signs the API's tokens.")] = Secret("")
    cors_origins: Annotated[tuple[str, ...], Doc("Origins of other sites that may call the API.")] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebUiConfig:
    """Web pages for people and admins."""

    enabled: Annotated[bool, Doc("Serve the web pages.")] = True
    port: Annotated[Port, Doc("A port of their own; 0: that of the API.")] = Port(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDavConfig:
    """Calendars and address books."""

    enabled: Annotated[bool, Doc("Serve CalDAV and CardDAV.")] = True
    port: Annotated[Port, Doc("A port of their own; 0: that of the API.")] = Port(0)
    read_timeout: Annotated[timedelta, Doc("Wait for a request."), Within(1, 3600)] = timedelta(seconds=30)
    write_timeout: Annotated[timedelta, Doc("Wait for a client to take an answer."), Within(1, 3600)] = timedelta(
        seconds=30
    )
