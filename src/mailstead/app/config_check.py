"""What must hold between keys, and (`check_machine`) between the configuration and this machine."""

import grp
import ipaddress
import os
import pwd
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import mailstead
from mailstead.app.config import Config
from mailstead.app.config_kinds import IpAddress, Port
from mailstead.app.config_report import Problem
from mailstead.ground.model.errors import Invalid
from mailstead.services.filters.actions import read_actions

SOCKET_PATH_MAX: Final = 107
"""Bytes of `sun_path` without its NUL, unix(7)."""
_FIELD_NAME: Final = re.compile(r"[!-)+-9<-~][!-9<-~]*\Z")  # RFC 5322 §2.2; no `*` in front
_RELAY_PREFIX_MIN: Final = {4: 8, 6: 7}  # shorter ones hold a good part of the internet


def check(config: Config, sources: Mapping[str, str]) -> list[Problem]:
    """Everything that contradicts itself."""
    problems: list[Problem] = []
    for key, what, fix in (
        *_database(config),
        *_network(config),
        *_ports(config),
        *_tls(config),
        *_dkim(config),
        *_filters(config),
    ):
        problems.append(Problem(sources.get(key, "default"), key, what, fix))
    return problems


Finding = tuple[str, str, str]


def _database(config: Config) -> Iterator[Finding]:
    if not config.database.wal_enabled:
        yield "database.wal_enabled", "cannot be turned off: readers would stop every delivery", "remove the key"
    if config.database.url and not config.database.url.startswith(("postgresql://", "postgres://")):
        yield "database.url", "is not the URL of a PostgreSQL database", "write postgresql://user:password@host/name"
    size = len(os.fsencode(config.control_socket.absolute()))
    if size > SOCKET_PATH_MAX:
        fix = "set server.control_socket to a shorter path, like /run/mailstead/control.sock"
        yield "server.control_socket", f"its path has {size} bytes, a Unix socket takes {SOCKET_PATH_MAX}", fix


def _network(config: Config) -> Iterator[Finding]:
    if config.server.proxy_protocol and not config.server.trusted_proxies:
        fix = "name them in server.trusted_proxies"
        yield "server.proxy_protocol", "needs to know the proxies: anyone could claim any address", fix
    for network in config.smtp.relay_networks:
        if network.prefixlen < _RELAY_PREFIX_MIN[network.version]:
            fix = "name your own networks, like 10.0.0.0/8"
            yield "smtp.relay_networks", f"{network} would make an open relay", fix


def _ports(config: Config) -> Iterator[Finding]:
    """Two listeners cannot share a port on one address."""
    listeners: list[tuple[str, Port, tuple[IpAddress, ...]]] = [
        ("smtp.relay_port", config.smtp.relay_port, config.smtp_listen),
        ("smtp.submission_port", config.smtp.submission_port, config.submission_listen),
        ("smtp.smtps_port", config.smtp.smtps_port, config.submission_listen),
        ("smtp.lmtp_port", config.smtp.lmtp_port, config.smtp.lmtp_listen),
        ("imap.port", config.imap.port, config.imap_listen),
        ("imap.imaps_port", config.imap.imaps_port, config.imap_listen),
        ("pop3.port", config.pop3.port, config.pop3_listen),
        ("pop3.pop3s_port", config.pop3.pop3s_port, config.pop3_listen),
        ("api.port", config.api.port, config.api.listen),
    ]
    for index, (key, port, addresses) in enumerate(listeners):
        for other, taken, others in listeners[:index]:
            if port and port == taken and _overlap(addresses, others):
                yield key, f"{port} is the port of {other} too", "give each its own port, or 0 to turn it off"


def _dkim(config: Config) -> Iterator[Finding]:
    for key, names in (("dkim.headers", config.dkim.headers), ("dkim.oversign", config.dkim.oversign)):
        for name in names:
            if not _FIELD_NAME.match(name) and (name, key) != ("*", "dkim.headers"):
                yield key, f"{name!r} is no name of a header field", "write names like subject"


def _filters(config: Config) -> Iterator[Finding]:
    rspamd, user = config.security.rspamd, config.security.spamassassin.user
    if not (user.isascii() and user.isprintable()):
        yield "security.spamassassin.user", f"{user!r} is not plain ASCII", "name a user that spamd knows"
    for key, url in (("security.rspamd.url", rspamd.url), ("security.rspamd.learn_url", rspamd.learn_url)):
        if url and not url.startswith(("http://", "https://")):
            yield key, f"{url!r} is no URL of HTTP", "write it like http://localhost:11333"
    try:
        read_actions(rspamd.actions)
    except Invalid as error:
        yield "security.rspamd.actions", str(error), "write actions like reject=junk"


def _overlap(left: tuple[IpAddress, ...], right: tuple[IpAddress, ...]) -> bool:
    def any_of(address: IpAddress) -> bool:
        return ipaddress.ip_address(address).is_unspecified

    return any(a == b or any_of(a) or any_of(b) for a in left for b in right)


def _tls(config: Config) -> Iterator[Finding]:
    if config.tls.cert_file is not None and config.tls.key_file is None:
        yield "tls.cert_file", "has no key", "set tls.key_file too"
    if config.tls.key_file is not None and config.tls.cert_file is None:
        yield "tls.key_file", "has no certificate", "set tls.cert_file too"


def check_machine(config: Config, sources: Mapping[str, str]) -> list[Problem]:
    """What this machine lacks for `mailstead run`: files, users. Commands do not ask this."""
    findings = (*_files(config), *_identity(config))
    return [Problem(sources.get(key, "default"), key, what, fix) for key, what, fix in findings]


def check_identity(config: Config) -> list[Problem]:
    """What is wrong with the user the server is to become."""
    return [Problem("", key, what, fix) for key, what, fix in _identity(config)]


def _files(config: Config) -> Iterator[Finding]:
    for key, path in (
        ("tls.cert_file", config.tls.cert_file),
        ("tls.key_file", config.tls.key_file),
        ("outbound.ca_file", config.outbound.ca_file),
    ):
        if path is None:
            continue
        try:
            mode = path.stat().st_mode
        except PermissionError:
            continue  # the server may be root where we are not
        except OSError as error:
            yield key, f"{path}: {os.strerror(error.errno or 0)}", "name the PEM file"
            continue
        if key == "tls.key_file" and mode & stat.S_IRWXO:
            yield key, f"{path} is open to everyone on this machine", f"chmod 600 {path}"
    yield from _data_dir(config.data_dir)


def _data_dir(path: Path) -> Iterator[Finding]:
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # made at start, or not ours to see
    if not stat.S_ISDIR(mode):
        yield "server.data_dir", f"{path} is not a directory", "name a directory"
    elif mode & stat.S_IRWXO:
        yield "server.data_dir", f"{path} is open to everyone on this machine", f"chmod 700 {path}"


def _identity(config: Config) -> Iterator[Finding]:
    if config.server.user:
        try:
            user = pwd.getpwnam(config.server.user)
        except KeyError:
            fix = f"useradd --system --shell /usr/sbin/nologin {config.server.user}"
            yield "server.user", f"there is no user {config.server.user!r}", fix
        else:
            yield from _program(user)
    if config.server.group:
        try:
            grp.getgrnam(config.server.group)
        except KeyError:
            yield (
                "server.group",
                f"there is no group {config.server.group!r}",
                f"groupadd --system {config.server.group}",
            )


def _program(user: pwd.struct_passwd) -> Iterator[Finding]:
    """Workers begin as that user: it must reach the interpreter and this program."""
    groups = set(os.getgrouplist(user.pw_name, user.pw_gid))
    for path in (Path(sys.executable).resolve(), Path(mailstead.__file__).resolve()):
        for folder in reversed(path.parents):
            status = folder.stat()
            bit = (
                stat.S_IXUSR
                if status.st_uid == user.pw_uid
                else stat.S_IXGRP
                if status.st_gid in groups
                else stat.S_IXOTH
            )
            if user.pw_uid and not status.st_mode & bit:
                fix = "install Mailstead where everybody may read, like /opt/mailstead, with the system's Python"
                yield "server.user", f"{user.pw_name} cannot run {path}: {folder} is closed to it", fix
                return
