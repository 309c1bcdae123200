"""Letters as filters are shown them, filters that do as they are told, daemons that misbehave."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from mailstead.ground.model.address import Address
from mailstead.ground.model.envelope import Client, Envelope, Recipient
from mailstead.ground.model.opinion import Concern, Opinion
from mailstead.ground.model.policy import Policy
from mailstead.services.checks.evidence import Evidence
from mailstead.services.checks.specimen import Octets, Specimen

CLIENT = Client(ip="192.0.2.7", helo="mail.far.test", protocol="ESMTPS", tls="TLSv1.3 TLS_AES_256_GCM_SHA384")


def specimen(letter: bytes, policies: Mapping[str, Policy] | None = None, client: Client = CLIENT) -> Specimen:
    """From eve@far.test to ada, at each domain that there is a policy of."""
    known = policies or {"dev.localhost": Policy()}
    recipients = tuple(Recipient(Address("ada", domain)) for domain in known)
    return Specimen(
        envelope=Envelope(sender=Address("eve", "far.test"), recipients=recipients), client=client,
        evidence=Evidence(), field=b"Authentication-Results: mx.test; none\r\n", content=Octets(letter),
        accounts=((),) * len(recipients), policies=known,
    )  # fmt: skip


@dataclass
class SetFilter:
    """Answers what it was told to, one after the other; the last one stays. Callables are awaited."""

    answers: list[Callable[[], Awaitable[tuple[Opinion, ...]]]]
    name: str = "set"
    place: str = "nowhere"
    concern: Concern = Concern.SPAM
    is_liked: bool = True
    asked: int = 0

    def is_wanted(self, _: Specimen) -> bool:
        return self.is_liked

    async def ask(self, _: Specimen) -> tuple[Opinion, ...]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return await answer()


Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Stage:
    """A port where a play is given to each who comes."""

    port: int = 0
    visitors: int = 0
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)


@asynccontextmanager
async def stage(play: Play) -> AsyncIterator[Stage]:
    """Until the block ends."""
    made = Stage()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.visitors += 1
        task = asyncio.current_task()
        assert task is not None
        made._tasks.add(task)
        try:
            await play(reader, writer)
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in made._tasks:
            task.cancel()
        await asyncio.gather(*made._tasks, return_exceptions=True)
