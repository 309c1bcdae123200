"""Configuration by environment: `MAILSTEAD_<SECTION>_<KEY>` for every key, and the names other servers have for theirs.

`MAILSTEAD_X_FILE` (and the same for every alias of a secret) names a file that holds the value: container secrets.
Our own name wins over the others; two foreign names that disagree are a problem, not a race.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailstead.app.config_keys import ENV_PREFIX, Key, keys
from mailstead.app.config_kinds import BadValue
from mailstead.app.config_report import Problem, nearest

ALIASES: Final[Mapping[str, str]] = {
    # gomailserver
    "SERVER_HOSTNAME": "server.hostname",
    "SERVER_DOMAIN": "server.domain",
    "DB_PATH": "database.path",
    "DB_SQLITE_PATH": "database.path",
    "DB_WAL_ENABLED": "database.wal_enabled",
    "DB_SQLITE_WAL_ENABLED": "database.wal_enabled",
    "LOGGER_LEVEL": "logger.level",
    "LOGGER_FORMAT": "logger.format",
    "LOGGER_OUTPUT_PATH": "logger.output_path",
    "SMTP_RELAY_PORT": "smtp.relay_port",
    "SMTP_SUBMISSION_PORT": "smtp.submission_port",
    "SMTPS_PORT": "smtp.smtps_port",
    "SMTP_MAX_MESSAGE_SIZE": "smtp.max_message_size",
    "SMTP_HOSTNAME": "smtp.hostname",
    "IMAP_PORT": "imap.port",
    "IMAPS_PORT": "imap.imaps_port",
    "IMAP_IDLE_TIMEOUT": "imap.idle_timeout",
    "API_PORT": "api.port",
    "API_READ_TIMEOUT": "api.read_timeout",
    "API_WRITE_TIMEOUT": "api.write_timeout",
    "API_MAX_HEADER_BYTES": "api.max_header_bytes",
    "API_ADMIN_TOKEN": "api.admin_token",
    "API_JWT_SECRET": "api.jwt_secret",
    "API_CORS_ORIGINS": "api.cors_origins",
    "WEBUI_ENABLED": "webui.enabled",
    "WEBUI_PORT": "webui.port",
    "WEBDAV_ENABLED": "webdav.enabled",
    "WEBDAV_PORT": "webdav.port",
    "WEBDAV_READ_TIMEOUT": "webdav.read_timeout",
    "WEBDAV_WRITE_TIMEOUT": "webdav.write_timeout",
    "CLAMAV_SOCKET_PATH": "security.clamav.socket_path",
    "CLAMAV_TIMEOUT": "security.clamav.timeout",
    "SPAMASSASSIN_HOST": "security.spamassassin.host",
    "SPAMASSASSIN_PORT": "security.spamassassin.port",
    "SPAMASSASSIN_TIMEOUT": "security.spamassassin.timeout",
    "TLS_CERT_FILE": "tls.cert_file",
    "TLS_KEY_FILE": "tls.key_file",
    "ACME_ENABLED": "tls.acme.enabled",
    "ACME_EMAIL": "tls.acme.email",
    "ACME_PROVIDER": "tls.acme.provider",
    "ACME_CACHE_DIR": "tls.acme.cache_dir",
    "CLOUDFLARE_API_TOKEN": "tls.acme.api_token",
    # mu
    "MAIL_PORT": "smtp.relay_port",
    "MAIL_DOMAIN": "server.domain",
    "MAIL_SELECTOR": "dkim.selector",
    "DKIM_PRIVATE_KEY": "dkim.private_key",
    "MAIL_DAILY_LIMIT": "guards.account_recipients",
    # Messages
    "MESSAGES_TECHNICAL_DOMAIN": "server.hostname",
    "MESSAGES_DKIM_DEFAULT_SELECTOR": "dkim.selector",
    "MESSAGES_DKIM_SELECTOR": "dkim.selector",
    "MESSAGES_DKIM_DOMAINS": "dkim.domains",
    "MESSAGES_DKIM_PRIVATE_KEY_B64": "dkim.private_key",
    "MESSAGES_DKIM_PRIVATE_KEY_FILE": "dkim.key_file",
    "MTA_OUT_MODE": "outbound.mode",
    "MTA_OUT_DIRECT_PORT": "outbound.port",
    "MTA_OUT_DIRECT_PROXIES": "outbound.proxies",
    "MTA_OUT_RELAY_HOST": "outbound.relay_host",
    "MTA_OUT_RELAY_USERNAME": "outbound.relay_username",
    "MTA_OUT_RELAY_PASSWORD": "outbound.relay_password",
    "MTA_OUT_SMTP_TLS_SECURITY_LEVEL": "outbound.tls",
    "THROTTLE_MAILBOX_OUTBOUND_EXTERNAL_RECIPIENTS": "guards.account_recipients",
    "THROTTLE_MAILDOMAIN_OUTBOUND_EXTERNAL_RECIPIENTS": "guards.domain_recipients",
    "MESSAGES_SPF_CHECK_OUTGOING": "guards.require_spf",
    "MESSAGES_DKIM_VERIFY_OUTGOING": "guards.require_dkim",
    "MAX_INCOMING_EMAIL_SIZE": "smtp.max_message_size",
    "PYMTA_MAX_INCOMING_EMAIL_SIZE": "smtp.max_message_size",
    "PYMTA_SMTP_BIND_HOST": "smtp.listen",
    "PYMTA_SMTP_BIND_PORT": "smtp.relay_port",
    "PYMTA_SMTP_HOSTNAME": "smtp.hostname",
    "PYMTA_MAX_RECIPIENTS_PER_ENVELOPE": "smtp.max_recipients",
    "PYMTA_MAX_ENVELOPES_PER_SESSION": "smtp.max_transactions",
    "PYMTA_MAX_ERRORS_PER_SESSION": "smtp.max_errors",
    "PYMTA_MAX_RCPT_MISSES_PER_SESSION": "smtp.max_recipient_misses",
    "PYMTA_MAX_SESSIONS_TOTAL": "smtp.max_connections",
    "PYMTA_MAX_SESSIONS_PER_IP": "smtp.sessions_per_ip",
    "PYMTA_MAX_SESSIONS_PER_IP_PER_MINUTE": "smtp.sessions_per_ip_per_minute",
    "PYMTA_COMMAND_TIMEOUT": "smtp.command_timeout",
    "PYMTA_DATA_TIMEOUT": "smtp.data_timeout",
    "PYMTA_SESSION_TIMEOUT": "smtp.session_timeout",
    "PYMTA_SHUTDOWN_TIMEOUT": "server.shutdown_grace",
    "PYMTA_ENABLE_SMTPUTF8": "smtp.smtputf8",
    "PYMTA_ENABLE_PROXY_PROTOCOL": "server.proxy_protocol",
    "ENABLE_PROXY_PROTOCOL": "server.proxy_protocol",
    "PYMTA_PROXY_PROTOCOL_TIMEOUT": "server.proxy_timeout",
    "PYMTA_TRUSTED_PROXIES": "server.trusted_proxies",
    "TRUSTED_PROXIES": "server.trusted_proxies",
    "PYMTA_TLS_CERT_FILE": "tls.cert_file",
    "PYMTA_TLS_KEY_FILE": "tls.key_file",
    # Elemta, whose rule is ELEMTA_<SECTION>_<KEY>; ELEMTA_ before any key of ours works too
    "ELEMTA_HOSTNAME": "server.hostname",
    "ELEMTA_SERVER_HOSTNAME": "server.hostname",
    "ELEMTA_SERVER_LISTEN": "smtp.relay_port",
    "ELEMTA_LISTEN": "smtp.relay_port",
    "ELEMTA_SERVER_LISTEN_SUBMISSION": "smtp.submission_port",
    "ELEMTA_SERVER_MAX_SIZE": "smtp.max_message_size",
    "ELEMTA_MAX_SIZE": "smtp.max_message_size",
    "ELEMTA_SERVER_ALLOWED_RELAYS": "smtp.relay_networks",
    "ELEMTA_SERVER_MAX_WORKERS": "server.workers",
    "ELEMTA_DELIVERY_DEFAULT_DOMAIN": "server.domain",
    "ELEMTA_TLS_CERT_FILE": "tls.cert_file",
    "ELEMTA_TLS_KEY_FILE": "tls.key_file",
    "ELEMTA_TLS_MIN_VERSION": "tls.min_version",
    "ELEMTA_TLS_LETSENCRYPT_ENABLED": "tls.acme.enabled",
    "ELEMTA_TLS_LETSENCRYPT_EMAIL": "tls.acme.email",
    "ELEMTA_TLS_LETSENCRYPT_CACHE_DIR": "tls.acme.cache_dir",
    "ELEMTA_RATE_LIMITER_MAX_CONNECTIONS_PER_IP": "smtp.sessions_per_ip",
    "ELEMTA_RATE_LIMITER_CONNECTION_RATE_PER_MINUTE": "smtp.sessions_per_ip_per_minute",
    "ELEMTA_RESOURCES_MAX_CONNECTIONS": "smtp.max_connections",
    "ELEMTA_TIMEOUTS_SESSION": "smtp.session_timeout",
    "ELEMTA_TIMEOUTS_COMMAND": "smtp.command_timeout",
    "ELEMTA_TIMEOUTS_DATA": "smtp.data_timeout",
    "ELEMTA_TIMEOUTS_SHUTDOWN": "server.shutdown_grace",
    "ELEMTA_LOGGING_LEVEL": "logger.level",
    "ELEMTA_LOGGING_FORMAT": "logger.format",
    "ELEMTA_LOGGING_FILE": "logger.output_path",
    "LOG_LEVEL": "logger.level",
}
PATH_VARIABLES: Final = ("MAILSTEAD_CONFIG", "ELEMTA_CONFIG_PATH")
"""Name the configuration file itself."""

_OURS: Final = frozenset({"MAILSTEAD_CONFIG"})
_SECRET_MAX: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Setting:
    """A key set by a variable."""

    variable: str
    value: object


def read_environment(environ: Mapping[str, str]) -> tuple[dict[str, Setting], list[Problem]]:
    """Everything the environment sets, and everything wrong with it. Empty variables count as not set."""
    settings: dict[str, Setting] = {}
    problems: list[Problem] = []
    own = {key.variable: key for key in keys().values()}
    for variable in sorted(environ):
        if not environ[variable]:
            continue
        key = _key_of(variable, own)
        if key is not None:
            _take(environ, variable, key, settings, problems)
        elif variable.startswith(ENV_PREFIX) and variable not in _OURS:
            problems.append(_unknown(variable, own))
    return settings, problems


def _key_of(variable: str, own: Mapping[str, Key]) -> Key | None:
    """The key a variable sets, by its own name, by an alias, by Elemta's rule, or by the file form of these."""
    name = variable.removesuffix("_FILE") if variable not in own and variable not in ALIASES else variable
    if name in own:
        return own[name]
    if name in ALIASES:
        return keys()[ALIASES[name]] if name == variable or keys()[ALIASES[name]].is_secret else None
    if name.startswith("ELEMTA_"):
        return own.get(ENV_PREFIX + name.removeprefix("ELEMTA_"))
    return None


def _take(
    environ: Mapping[str, str], variable: str, key: Key, settings: dict[str, Setting], problems: list[Problem]
) -> None:
    try:
        value = _value(environ, variable, key)
    except BadValue as bad:
        problems.append(Problem(variable, key.path, bad.what, bad.fix))
        return
    before = settings.get(key.path)
    if before is None or _is_own(variable) > _is_own(before.variable):
        settings[key.path] = Setting(variable, value)
    elif _is_own(variable) == _is_own(before.variable) and before.value != value:
        what = f"set to something else by {before.variable}"
        problems.append(Problem(variable, key.path, what, f"unset one of them, or set {key.variable}, which wins"))


def _value(environ: Mapping[str, str], variable: str, key: Key) -> object:
    text = environ[variable]
    if variable.endswith("_FILE") and variable != key.variable and variable not in ALIASES:
        text = _from_file(text)
    if key.path == "server.proxy_protocol" and text.strip().lower() == "haproxy":
        text = "true"  # Postfix's word for it, which Messages takes too
    if key.is_list:
        return key.read_list([part.strip() for part in text.split(",") if part.strip()])
    return key.read(text)


def _from_file(name: str) -> str:
    try:
        with Path(name).open("rb") as file:
            data = file.read(_SECRET_MAX + 1)
        if len(data) > _SECRET_MAX:
            raise BadValue(f"{name} is larger than {_SECRET_MAX} bytes", "name a file that holds the value alone")
        return data.decode().rstrip("\r\n")
    except OSError as error:
        raise BadValue(f"{name} cannot be read: {os.strerror(error.errno or 0)}", "name a readable file") from error
    except UnicodeDecodeError as error:
        raise BadValue(f"{name} is not text", "name a file that holds the value as text") from error


def _is_own(variable: str) -> bool:
    return variable.startswith(ENV_PREFIX)


def _unknown(variable: str, own: Mapping[str, Key]) -> Problem:
    near = nearest(variable, own)
    fix = f"did you mean {near}?" if near else "unset it; `mailstead config reference` lists all names"
    return Problem(variable, "", "no such setting", fix)
