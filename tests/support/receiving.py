"""A receiver of hooks: answers what it is told to, and keeps what it was sent."""

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Sent:
    """One call."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def trigger(self) -> str:
        return self.headers["X-StMsg-Trigger"]


@dataclass
class Receiver:
    """`answers`: by trigger; a status alone, or a JSON object with 200. Callables decide by the call."""

    port: int = 0
    answers: dict[str, object] = field(default_factory=dict)
    calls: "queue.Queue[Sent]" = field(default_factory=queue.Queue)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def next(self, trigger: str = "", timeout: float = 60) -> Sent:
        """The next call, of that trigger; others before it are forgotten."""
        while True:
            sent = self.calls.get(timeout=timeout)
            if not trigger or sent.trigger == trigger:
                return sent


@contextmanager
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = Sent(dict(self.headers.items()), self.rfile.read(int(self.headers["Content-Length"])))
            answer = made.answers.get(sent.trigger, {})
            if callable(answer):
                answer = answer(sent)
            made.calls.put(sent)
            body = (
                b"" if isinstance(answer, int) else answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            )
            self.send_response(answer if isinstance(answer, int) else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
