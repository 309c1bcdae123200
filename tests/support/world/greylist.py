"""A policy service for Postfix: who is seen for the first time has to come back."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Greylist:
    """Knows (sender, recipient)."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        greylist = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                facts: dict[str, str] = {}
                for line in self.rfile:
                    name, _, value = line.decode().strip().partition("=")
                    if name:
                        facts[name] = value
                    else:
                        self.wfile.write(f"action={greylist.judge(facts)}\n\n".encode())
                        facts = {}

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def judge(self, facts: dict[str, str]) -> str:
        """As Postfix wants to be told."""
        pair = facts["sender"], facts["recipient"]
        self.seen.append(pair)
        return "dunno" if self.seen.count(pair) > 1 else "450 4.2.0 Greylisted, come back"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
