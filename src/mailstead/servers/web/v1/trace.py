"""`/trace`: where a letter is, or why it did not arrive, under whatever name it is asked for."""

from dataclasses import replace
from typing import Annotated, Any, Final

import msgspec

from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.permission import Reach
from mailstead.ground.model.scope import EVERYTHING, Scope
from mailstead.servers.web.v1.endpoint import Call, Endpoint, Query
from mailstead.services.spool import showing
from mailstead.services.spool.tracing import Found


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a letter on its way out."""

    at: str
    kind: str
    words: list[str]


class SentShown(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that leaves, or left, through the queue."""

    id: str
    sender: str
    subject: str
    message_id: str
    chapters: list[Chapter]


class FiledShown(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that was filed here: `words` say where and why, `folders` where it lies by now."""

    at: str
    account: str
    message_id: str
    folders: list[str]
    words: list[str]


class RefusedShown(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that was not taken, and why."""

    at: str
    words: list[str]


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known under a name, and that you see."""

    sent: list[SentShown]
    filed: list[FiledShown]
    refused: list[RefusedShown]


class TraceQuery(Query, frozen=True, kw_only=True):
    """The number of a letter or of a reply, a Message-ID, an address, or an IP address."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


async def find(call: Call[TraceQuery, None]) -> Traced:
    """Held to the caller's domains, or to what is their own."""
    domains = call.sight.domains
    scope = EVERYTHING if domains is None or call.sight.reach is Reach.OWN else Scope.of(domains)
    found = await call.site.tracing.find(call.query.name, scope)
    if call.sight.reach is Reach.OWN:
        found = _own(call, found)
    shown: dict[str, Any] = showing.show_trace(found)
    return Traced(
        sent=[_sent(one) for one in shown["letters"]],
        filed=[
            FiledShown(
                at=one["at"], account=one["account"], message_id=one["message_id"], words=list(one["words"]),
                folders=[place["folder"] for place in one["folders"]],
            )
            for one in shown["filed"]
        ],
        refused=[RefusedShown(at=one["at"], words=list(one["words"])) for one in shown["refused"]],
    )  # fmt: skip


def _sent(one: dict[str, Any]) -> SentShown:
    chapters = [Chapter(at=row["at"], kind=row["kind"], words=row["words"]) for row in one["chapters"]]
    return SentShown(
        id=one["id"], sender=one["from"], subject=one["subject"], message_id=one["message_id"], chapters=chapters
    )


def _own(call: Call[TraceQuery, None], found: Found) -> Found:
    """What came to accounts that they may enter, and what they sent."""
    accounts = {str(account.address) for account, _ in call.caller.accounts}
    mine = replace(
        found,
        letters=tuple(one for one in found.letters if one.letter.login == call.sight.login),
        filed=tuple(one for one in found.filed if one.account in accounts),
        refused=(),
    )
    if mine.is_empty:
        raise NotFound(f"nothing is known of {call.query.name}")
    return mine


ENDPOINTS: Final = (
    Endpoint(method="GET", path="/trace", name="trace.find", act=find, query=TraceQuery, answer=Traced,
             resource="trace", words="Where a letter is, or why it did not arrive.", refusals=(404,)),
)  # fmt: skip
