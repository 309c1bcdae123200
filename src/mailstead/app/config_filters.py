"""The keys of filters that are other programs: a virus scanner, spam filters."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from mailstead.app.config_kinds import Doc, Port, Secret, Size, Within


@dataclass(frozen=True, slots=True, kw_only=True)
class ClamAvConfig:
    """Virus scanner. It is asked where `socket_path` or `host` says where it is, for domains with clamav.enabled."""

    socket_path: Annotated[
        Path | None, Doc("Unix socket of clamd; Debian's is /var/run/clamav/clamd.ctl. It goes before the host.")
    ] = None
    host: Annotated[str, Doc("Machine of clamd, if it listens on TCP.")] = ""
    port: Annotated[Port, Doc("Its port there.")] = Port(3310)
    timeout: Annotated[timedelta, Doc("Longest wait for a scan."), Within(1, 3600)] = timedelta(seconds=60)
    connections: Annotated[int, Doc("Scans at once, of each worker."), Within(1, 1000)] = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamAssassinConfig:
    """Spam scanner. It is asked where `host` or `socket_path` says where it is, for domains with spam.enabled."""

    host: Annotated[str, Doc("Machine of spamd, mostly localhost.")] = ""
    port: Annotated[Port, Doc("Port of spamd.")] = Port(783)
    socket_path: Annotated[Path | None, Doc("Unix socket of spamd; it goes before the host.")] = None
    timeout: Annotated[timedelta, Doc("Longest wait for a score."), Within(1, 3600)] = timedelta(seconds=30)
    connections: Annotated[int, Doc("Letters at once, of each worker."), Within(1, 1000)] = 5
    max_size: Annotated[
        Size, Doc("Of longer letters only so much is shown to it."), Within(1024, 1 << 30)
    ] = Size(500 << 10)  # fmt: skip
    user: Annotated[str, Doc("Whose rules and what was learned for whom; empty: those of spamd's own user.")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RspamdConfig:
    """Spam filter. It is asked where `url` says where it is, for domains with spam.enabled."""

    url: Annotated[str, Doc("Its normal worker, like http://localhost:11333.")] = ""
    learn_url: Annotated[str, Doc("Its controller, which learns; like http://localhost:11334.")] = ""
    password: Annotated[Secret, Doc("Of the controller, and of a normal worker that asks for one.")] = Secret("")
    timeout: Annotated[timedelta, Doc("Longest wait for an answer."), Within(1, 3600)] = timedelta(seconds=30)
    connections: Annotated[int, Doc("Letters at once, of each worker."), Within(1, 1000)] = 20
    max_size: Annotated[
        Size, Doc("Of longer letters only so much is shown to it."), Within(1024, 1 << 30)
    ] = Size(25 << 20)  # fmt: skip
    actions: Annotated[
        tuple[str, ...],
        Doc(
            "What its actions mean here, where it is not as usual: action=meaning, with the meanings score, accept, "
            "tag, junk, reject, defer, hold and discard."
        ),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FiltersConfig:
    """What is done about filters that fail."""

    failures: Annotated[
        int, Doc("Failures in a row after which a worker asks a filter nothing for a while."), Within(1, 1000)
    ] = 5
    pause: Annotated[timedelta, Doc("How long; then one letter tries it out."), Within(1, 3600)] = timedelta(seconds=30)
