"""What the configuration says of IMAP and POP3 sessions."""

import ssl
from collections.abc import Callable

from mailstead.app.config import Config
from mailstead.app.doors import is_loopback
from mailstead.servers.imap.settings import ImapSettings
from mailstead.servers.pop3.settings import Pop3Settings

Tls = Callable[[], ssl.SSLContext]


def imap_settings(config: Config, tls: Tls) -> ImapSettings:
    """`tls` gives the context of the hour."""
    return ImapSettings(
        hostname=config.server.hostname,
        tls=tls,
        plain_login=config.imap.plain_login == "loopback" and all(map(is_loopback, config.imap_listen)),
        max_message_size=config.smtp.max_message_size,
        login_timeout=config.imap.login_timeout.total_seconds(),
        idle_timeout=config.imap.idle_timeout.total_seconds(),
        write_timeout=config.imap.write_timeout.total_seconds(),
        bad_commands_max=config.imap.max_errors,
        message_limit=config.imap.message_limit,
    )


def pop3_settings(config: Config, tls: Tls) -> Pop3Settings:
    """The same."""
    return Pop3Settings(
        hostname=config.server.hostname,
        tls=tls,
        plain_login=config.pop3.plain_login == "loopback" and all(map(is_loopback, config.pop3_listen)),
        command_timeout=config.pop3.command_timeout.total_seconds(),
        write_timeout=config.pop3.write_timeout.total_seconds(),
        errors_max=config.pop3.max_errors,
    )
