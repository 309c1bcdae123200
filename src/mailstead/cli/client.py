"""Asking the running server over its control socket; without a server, doing the same here."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mailstead.cli.asker import asker
from mailstead.cli.exits import Failure

if TYPE_CHECKING:
    from mailstead.app.config_file import Loaded

Json = dict[str, Any]
CONNECT_TIMEOUT: Final = 5.0
ANSWER_TIMEOUT: Final = 600.0
LINE_MAX: Final = 16 << 20
ONLINE_ONLY: Final = frozenset({"status", "stop", "message.send"})


def be_silent(_: Json) -> None:
    """For those who do not listen."""


def ask(
    loaded: "Loaded",
    command: str,
    args: Json,
    row: Callable[[Json], None] = be_silent,
    progress: Callable[[Json], None] = be_silent,
) -> Json:
    """The answer of a command; Failure."""
    connection = connect(loaded.config.control_socket)
    if connection is None:
        if command in ONLINE_ONLY:
            where = loaded.config.control_socket
            raise Failure("unavailable", f"no server answers at {where}", "start it: mailstead run")
        from mailstead.cli.offline import perform_here

        return perform_here(loaded, command, args, row, progress)
    with connection:
        return _converse(connection, command, args, row, progress)


def connect(path: Path) -> socket.socket | None:
    """A connection to the server; None if none runs there."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(CONNECT_TIMEOUT)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        connection.close()
        return None
    except PermissionError as error:
        connection.close()
        raise Failure(
            "denied", f"{path} belongs to another user", "run this as the server's user, or as root"
        ) from error
    except OSError as error:
        connection.close()
        raise Failure("unavailable", f"the server does not answer at {path}: {error}", "see its log") from error
    return connection


def _converse(
    connection: socket.socket, command: str, args: Json, row: Callable[[Json], None], progress: Callable[[Json], None]
) -> Json:
    request = json.dumps({"id": 1, "command": command, "args": args, "by": asker()}, ensure_ascii=False)
    for kind, value in _messages(connection, request.encode() + b"\n"):
        match kind:
            case "row":
                row(value)
            case "progress":
                progress(value)
            case "ok":
                return value
            case _:
                raise Failure(str(value.get("kind")), str(value.get("message")), str(value.get("fix", "")))
    raise Failure("unavailable", "the server went away before it answered", "see its log; what was asked may be done")


def _messages(connection: socket.socket, request: bytes) -> Iterator[tuple[str, Json]]:
    """What the server says, line by line: row, progress, ok or error, with its object."""
    connection.settimeout(ANSWER_TIMEOUT)
    with connection.makefile("rb") as lines:
        try:
            connection.sendall(request)
            while line := lines.readline(LINE_MAX):
                yield _read(line)
        except OSError as error:
            raise Failure("unavailable", f"the server went away: {error}", "see its log") from error


def _read(line: bytes) -> tuple[str, Json]:
    try:
        message = json.loads(line)
        kind = next(kind for kind in ("row", "progress", "ok", "error") if kind in message)
        return kind, dict(message[kind])
    except (ValueError, TypeError, StopIteration) as error:
        what = "what answers there does not speak as expected"
        raise Failure("unavailable", what, "see server.control_socket") from error
