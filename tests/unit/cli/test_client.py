"""What the client makes of servers of all kinds."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mailstead.cli.asker import asker
from mailstead.cli.client import ask, connect
from mailstead.cli.exits import Failure


@contextmanager
def server(path: Path, answer: bytes) -> Iterator[list[bytes]]:
    """Takes one line, gives `answer`, closes."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection, connection.makefile("rb") as lines:
                heard.append(lines.readline())
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield heard
        thread.join(10)


def loaded(path: Path) -> Any:
    return SimpleNamespace(config=SimpleNamespace(control_socket=path))


def test_an_answer_with_rows_and_progress(tmp_path: Path) -> None:
    path = tmp_path / "s"
    said = b'{"id":1,"row":{"a":1}}\n{"id":1,"progress":{"done":1}}\n{"id":1,"ok":{"b":2}}\n'
    rows: list[Any] = []
    news: list[Any] = []
    with server(path, said) as heard:
        assert ask(loaded(path), "x.y", {"name": "é"}, rows.append, news.append) == {"b": 2}
    assert heard == [f'{{"id": 1, "command": "x.y", "args": {{"name": "é"}}, "by": "{asker()}"}}\n'.encode()]
    assert (rows, news) == ([{"a": 1}], [{"done": 1}])


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (b'{"id":1,"error":{"kind":"exists","message":"is here","fix":"go"}}\n', 73, "is here"),
        (b'{"id":1,"error":{"kind":"busy","message":"later","fix":""}}\n', 75, "later"),
        (b"", 69, "went away before it answered"),
        (b'{"id":1,"row":{}}\n', 69, "went away before it answered"),
        (b"HTTP/1.1 400 Bad Request\r\n", 69, "does not speak as expected"),
        (b'{"id":1,"ok":{', 69, "does not speak as expected"),
        (b'{"id":1}\n', 69, "does not speak as expected"),
    ],
)
def test_answers_that_end_a_command(tmp_path: Path, answer: bytes, code: int, words: str) -> None:
    path = tmp_path / "s"
    with server(path, answer), pytest.raises(Failure, match=words) as raised:
        ask(loaded(path), "x.y", {})
    assert raised.value.code == code


def test_nobody_there(tmp_path: Path) -> None:
    assert connect(tmp_path / "nothing") is None
    path = tmp_path / "stale"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert connect(path) is None
    with pytest.raises(Failure, match="no server answers") as raised:
        ask(loaded(path), "status", {})
    assert raised.value.code == 69
