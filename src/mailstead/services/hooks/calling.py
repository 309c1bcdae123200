"""One call of a hook: bounded in time and number, sealed, and never to where it may not lead."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from mailstead.ground.formats.hook import ANSWER_MAX, Answer, BadAnswer, Seal, read_answer
from mailstead.ground.model.hook import Hook, Stage
from mailstead.net.clock import Clock
from mailstead.net.guarded import FetchFailed, GuardedClient, Request, Response
from mailstead.services.checks.specimen import Content
from mailstead.services.filters.asking import Silent
from mailstead.services.filters.turns import Turns
from mailstead.telemetry import Event, emit, incident

PIECE: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What one hook is told at one stage."""

    hook: Hook
    stage: Stage
    body: Content
    content_type: str
    fields: Mapping[str, str] = field(default_factory=dict)


class Caller:
    """One for a worker. `instance`: who we are, for receivers of many."""

    def __init__(self, client: GuardedClient, clock: Clock, instance: str) -> None:
        self._client = client
        self._clock = clock
        self._instance = instance
        self._lines: dict[Hook, Turns] = {}

    async def call(self, call: Call) -> Answer:
        """What it wants; Silent."""
        hook, began = call.hook, self._clock.monotonic()
        try:
            answer = await self._line(hook).take(lambda left: self._ask(call, left), hook.timeout)
        except Silent as silence:
            elapsed = self._clock.monotonic() - began
            emit(Event.HOOK_SILENT, hook=hook.name, stage=call.stage.value, elapsed=elapsed, detail=str(silence))
            raise
        elapsed = self._clock.monotonic() - began
        emit(Event.HOOK_ANSWERED, hook=hook.name, stage=call.stage.value, elapsed=elapsed, result=answer.act.value)
        return answer

    def _line(self, hook: Hook) -> Turns:
        """A hook that was changed begins anew; those that are no more are forgotten when nobody waits for them."""
        line = self._lines.get(hook)
        if line is None:
            self._lines = {one: other for one, other in self._lines.items() if one.name != hook.name or other.waiting}
            line = self._lines[hook] = Turns(f"hook {hook.name}", self._clock, hook.at_once)
        return line

    async def _ask(self, call: Call, seconds: float) -> Answer:
        try:
            response = await self._post(call, seconds)
            if response.status // 100 == 2:
                return read_answer(response.body, response.content_type)
        except (FetchFailed, BadAnswer) as error:
            raise Silent(str(error)) from None
        except Silent:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours refuses nobody
            raise Silent(f"a fault of ours (incident {incident(error, subsystem='hooks')})") from None
        raise Silent(f"it answers {response.status}")

    async def _post(self, call: Call, seconds: float) -> Response:
        hook, body = call.hook, call.body
        if hook.url.startswith("http:") and not self._client.allows(urlsplit(hook.url).hostname or ""):
            raise Silent("letters leave under TLS only: write https://, or name its host in security.allow_fetch")
        seal = Seal(hook, self._clock.now(), self._instance)
        async for piece in _pieces(body):
            seal.feed(piece)
        fields = {"Content-Type": call.content_type, "X-StMsg-Trigger": call.stage.value, **call.fields}
        fields |= {"X-StMsg-Channel-Id": hook.name, "X-StMsg-Instance": self._instance, **seal.fields()}
        return await self._client.ask(
            Request(
                url=hook.url, method="POST", headers=fields, body=_pieces(body), size=body.size, limit=ANSWER_MAX,
                seconds=seconds,
            )
        )  # fmt: skip


async def _pieces(body: Content) -> AsyncIterator[bytes]:
    offset = 0
    while offset < body.size:
        data = await body.read(offset, min(PIECE, body.size - offset))
        if not data:
            return
        offset += len(data)
        yield data
