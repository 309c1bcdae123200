"""What goes along with a change in its very unit: the client's condition, its key, and the answer.

So a change is made only if what the client knew is still so (RFC 9110 §13.1.1), and what was answered under an
Idempotency-Key is there exactly if the change is.
"""

import hashlib
from typing import Any, Final

import msgspec

from mailstead.ground.model.errors import Conflict, MailError
from mailstead.ground.model.ids import Instant
from mailstead.servers.web.v1.endpoint import AnyCall, Endpoint
from mailstead.servers.web.v1.problems import Stale

REMEMBERED_MS: Final = 24 * 3_600_000
SECRET: Final = "secret"  # noqa: S105 - the name of a field
ENCODER: Final = msgspec.json.Encoder()


class Replayed(MailError):  # noqa: N818 - ends a unit that must leave no trace
    """It was done before, and this was answered."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__("done before")
        self.status = status
        self.body = body


def etag_of(body: bytes) -> str:
    """Strong: the same bytes, and only they, have it."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matches(header: str, etag: str) -> bool:
    """RFC 9110 §13.1.1, §13.1.2: a list of tags, or `*` for anything that is there."""
    return header.strip() == "*" or etag in (tag.strip() for tag in header.split(","))


class Ride:
    """The rider of one request. After the change `body` is the answer, None if it has none."""

    def __init__(self, endpoint: Endpoint, call: AnyCall, if_match: str | None, key: str, digest: str) -> None:
        self._endpoint = endpoint
        self._call = call
        self._if_match = if_match
        self._key = hashlib.sha256(key.encode()).hexdigest() if key else ""
        self._digest = digest
        self._who = call.caller.actor.name
        self.body: bytes | None = None
        self.shown: Any = None

    async def before(self, tx: Any) -> None:
        """Stale, Replayed, Conflict, NotFound."""
        if self._key:
            await self._claim(tx)
        if self._if_match is not None:
            assert self._endpoint.read is not None
            await tx.audit.hold()  # two with the same tag: the second reads what the first has made of it
            now = ENCODER.encode(await self._endpoint.read(tx, self._call, None))
            if not matches(self._if_match, etag_of(now)):
                raise Stale("it is not what If-Match says any more")

    async def _claim(self, tx: Any) -> None:
        now = self._call.directory.clock.now()
        found = await tx.receipts.claim(self._who, self._key, self._digest, now)
        if found is None:
            await tx.receipts.forget(Instant(now - REMEMBERED_MS))
            return
        if found.digest != self._digest:
            raise Conflict("this Idempotency-Key was sent with another request")
        raise Replayed(found.status, found.body.encode())

    async def after(self, tx: Any, value: object) -> None:
        """Read what there is now, and keep it under the key: without a secret, which is shown once."""
        if self._endpoint.answer is not None and self._endpoint.read is not None:
            made = value if self._endpoint.method == "POST" else None
            self.shown = await self._endpoint.read(tx, self._call, made)
            self.body = ENCODER.encode(self.shown)
        if self._key:
            kept = self.shown
            if hasattr(kept, SECRET):
                kept = msgspec.structs.replace(kept, **{SECRET: None})
            body = ENCODER.encode(kept).decode() if self.body is not None else ""
            await tx.receipts.keep(self._who, self._key, self._endpoint.status, body)
