"""One session on the control socket.

A request is a line {"id", "command", "args"}; its answer is lines {"id", "row"} and {"id", "progress"}, then one of
{"id", "ok"} or {"id", "error": {"kind", "message", "fix"}}. Who may connect is decided by the socket's mode and `net`.
"""

import asyncio
from typing import Final

import msgspec

from mailstead.ground.model.errors import MailError
from mailstead.net.stream import PeerGone, Stream, TimedOut
from mailstead.servers.control.desk import Desk, Json, Unavailable, perform
from mailstead.servers.control.kinds import FAULT, UNAVAILABLE, USAGE, describe, kind_of
from mailstead.servers.control.operations import OPERATIONS
from mailstead.telemetry import Event, emit, incident

LINE_MAX: Final = 1 << 20
IDLE_TIMEOUT: Final = 60.0
DRAIN_TIMEOUT: Final = 60.0
RUN_TIMEOUT: Final = 6 * 3600.0
"""Checking a large store or importing many users is long; a client that goes away ends it sooner."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client sends."""

    id: int
    command: str
    args: dict[str, object] = {}
    by: str = ""


class ControlServer:
    """Serves the administrator's commands."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._decoder = msgspec.json.Decoder(Request)
        self._encoder = msgspec.json.Encoder()

    async def serve(self, stream: Stream) -> None:
        """Answer one request after the other until the client goes."""
        buffer = bytearray()
        try:
            while (line := await self._line(stream, buffer)) is not None:
                if not await self._answer(stream, line):
                    return
        except (PeerGone, TimedOut):
            return
        finally:
            stream.close()

    async def _line(self, stream: Stream, buffer: bytearray) -> bytes | None:
        """The next line; None at the end, or past the limit (after saying so)."""
        searched = 0
        while (end := buffer.find(b"\n", searched)) < 0:
            searched = len(buffer)
            if searched > LINE_MAX:
                await self._send(stream, {"id": 0, "error": describe(USAGE, f"a line is at most {LINE_MAX} bytes")})
                return None
            data = await stream.read(IDLE_TIMEOUT)
            if not data:
                return None
            buffer += data
        line = bytes(buffer[:end])
        del buffer[: end + 1]
        return line

    async def _answer(self, stream: Stream, line: bytes) -> bool:
        """Run one request; False if the session cannot go on."""
        try:
            request = self._decoder.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            await self._send(stream, {"id": 0, "error": describe(USAGE, f"not a request: {error}")})
            return False
        result = await self._run(stream, request)
        await self._send(stream, {"id": request.id, **result})
        return True

    async def _run(self, stream: Stream, request: Request) -> Json:
        operation = OPERATIONS.get(request.command)
        if operation is None:
            return {"error": describe(USAGE, f"there is no command {request.command!r}")}

        async def say(news: Json) -> None:
            await self._send(stream, {"id": request.id, **news})

        try:
            async with asyncio.timeout(RUN_TIMEOUT):
                answer = await perform(operation, self._desk, request.args, say, by=request.by)
        except msgspec.ValidationError as error:
            return {"error": describe(USAGE, str(error))}
        except Unavailable as error:
            return {"error": describe(UNAVAILABLE, str(error))}
        except MailError as error:
            self._told(request, kind_of(error))
            return {"error": describe(kind_of(error), str(error))}
        except (PeerGone, TimedOut):
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not end the session without a word
            name = incident(error, subsystem="control")
            return {"error": describe(FAULT, f"a fault of ours, incident {name}")}
        self._told(request, "ok")
        return {"ok": answer}

    def _told(self, request: Request, result: str) -> None:
        """For the audit: what was asked of whom, never an argument that may be a secret."""
        subject = request.args.get("address") or request.args.get("name") or request.args.get("domain") or ""
        emit(Event.CONTROL_COMMAND_DONE, command=request.command, address=str(subject), result=result)

    async def _send(self, stream: Stream, message: Json) -> None:
        stream.write(self._encoder.encode(message) + b"\n")
        await stream.drain(DRAIN_TIMEOUT)
