"""The process for work that cannot be cut: password hashes. Run as `python -m mailstead.app.helper FD LISTEN_FD`.

FD is the channel to the supervisor: when it ends, so does this process.
"""

import asyncio
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from mailstead.ground.model.errors import Invalid
from mailstead.net.hasher import Done, Work, answer_all
from mailstead.services.accounts.passwords import derive_verifier, hash_password, verify_password

MOST_QUEUED: Final = 512
MOST_THREADS: Final = 2


class Hasher:
    """Does the work in one or two threads: the C libraries give the GIL back while they compute."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hash")
        self._queued = 0

    async def act(self, work: Work) -> Done:
        """One answer; `is_busy` past the bound."""
        if self._queued >= MOST_QUEUED:
            return Done(work.number, is_busy=True)
        self._queued += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, compute, work)
        finally:
            self._queued -= 1


def compute(work: Work) -> Done:
    """The hash or the comparison."""
    if work.stored is not None:
        return Done(work.number, fits=verify_password(work.password, work.stored))
    try:
        if work.iterations:
            return Done(work.number, hashed=derive_verifier(work.password, work.iterations))
        return Done(work.number, hashed=hash_password(work.password))
    except Invalid as error:
        return Done(work.number, invalid=str(error))


async def serve(channel: socket.socket, listening: socket.socket) -> None:
    """Until the supervisor is gone."""
    hasher = Hasher(min(os.cpu_count() or 1, MOST_THREADS))
    server = await asyncio.start_unix_server(
        lambda reader, writer: answer_all(reader, writer, hasher.act), sock=listening
    )
    channel.settimeout(0)
    await asyncio.get_running_loop().sock_recv(channel, 1)
    server.close()


def main() -> None:
    """Entry of the process."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    channel, listening = (socket.socket(fileno=int(text)) for text in sys.argv[1:3])
    asyncio.run(serve(channel, listening))
    os._exit(os.EX_OK)  # a thread in the middle of a hash is nothing to wait for


if __name__ == "__main__":
    main()
