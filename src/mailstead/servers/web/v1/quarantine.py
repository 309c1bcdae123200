"""`/quarantine`: letters kept aside. People see what was kept for their own accounts, and release it where they may."""

from typing import Annotated, Final

import msgspec

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.directory import Role
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.permission import Reach, Verb
from mailstead.ground.model.quarantine import KeptFilter, KeptLetter
from mailstead.ground.model.scope import EVERYTHING, Scope
from mailstead.servers.web.refusals import Refused
from mailstead.servers.web.v1.cursors import number_of, page_of
from mailstead.servers.web.v1.endpoint import AnyCall, Call, Endpoint, Page, PageQuery, Query, Text
from mailstead.services.policy import editing
from mailstead.services.spool.filters import parse_id

LetterId = Annotated[str, msgspec.Meta(max_length=19)]


class KeptShown(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that is kept aside: `reason` is a word, `words` say what was found."""

    id: LetterId
    kept_at: str
    recipient: str
    sender: str
    client_ip: str
    author: str
    subject: str
    message_id: str
    size: int
    reason: str
    words: str
    has_virus: bool


class KeptQuery(PageQuery, frozen=True, kw_only=True):
    """All that is given must hold."""

    domain: Text = ""
    recipient: Text = ""
    sender: Text = ""
    reason: Text = ""


def _show(kept: KeptLetter) -> KeptShown:
    return KeptShown(
        id=str(kept.id), kept_at=render_rfc3339(kept.kept_at), recipient=kept.recipient, sender=kept.sender,
        client_ip=kept.client_ip, author=kept.author, subject=kept.subject, message_id=kept.message_id, size=kept.size,
        reason=kept.reason, words=kept.words, has_virus=kept.has_virus,
    )  # fmt: skip


def _scope(call: AnyCall) -> Scope:
    names = call.sight.domains
    return EVERYTHING if names is None or call.sight.reach is Reach.OWN else Scope.of(names)


def _own(call: AnyCall) -> dict[AccountId, str]:
    """Accounts that the caller administers: their own, and shared ones."""
    return {one.id: str(one.address) for one, role in call.caller.accounts if role is Role.ADMIN}


async def list_(call: Call[KeptQuery, None]) -> Page[KeptShown]:
    """Latest first; of one's own accounts what was addressed to them by name."""
    query, below = call.query, number_of(call.query)
    domains = (call.sight.need_domain(canonical_domain(query.domain)),) if query.domain else None
    recipients = [query.recipient]
    if call.sight.reach is Reach.OWN:
        own = sorted(_own(call).values())
        recipients = [one for one in own if query.recipient in ("", one)]
    found: list[KeptLetter] = []
    for recipient in recipients:
        wish = KeptFilter(domains=domains, recipient=recipient, sender=query.sender, reason=query.reason)
        found += await call.site.quarantine.page(wish, _scope(call), below=below, limit=query.limit + 1)
    found.sort(key=lambda kept: -kept.id)
    return page_of(found[: query.limit + 1], query, _show, lambda kept: str(kept.id))


async def _find(call: AnyCall) -> KeptLetter:
    number = parse_id(call.params["id"])
    kept = await call.site.quarantine.show(number, _scope(call))
    if call.sight.reach is Reach.OWN and kept.account_id not in _own(call):
        raise NotFound(f"letter {number} is not kept here: it was released, deleted, or its time is over")
    return kept


async def show(call: Call[Query, None]) -> KeptShown:
    """One of them."""
    return _show(await _find(call))


async def release(call: Call[Query, None]) -> KeptShown:
    """Into the inbox, once. Recipients do so where the policy lets them, and never with a virus."""
    kept = await _find(call)
    if call.sight.reach is Reach.OWN:
        policy = (await editing.show(call.directory, kept.domain)).policy.quarantine
        if kept.has_virus or not policy.recipient_release:
            words = "it carries a virus" if kept.has_virus else f"{kept.domain} wants it so"
            raise Refused(403, "forbidden", f"recipients do not release this letter: {words}", "ask an administrator")
    return _show(await call.site.quarantine.release(kept.id, by=call.caller.actor, scope=_scope(call)))


async def delete(call: Call[Query, None]) -> None:
    """For good."""
    kept = await _find(call)
    await call.site.quarantine.delete(kept.id, by=call.caller.actor, scope=_scope(call))


_ONE: Final = "/quarantine/{id}"
ENDPOINTS: Final = (
    Endpoint(method="GET", path="/quarantine", name="quarantine.list", act=list_, query=KeptQuery,
             answer=Page[KeptShown], resource="quarantine", words="Letters kept aside, the latest first.",
             refusals=(404,)),
    Endpoint(method="GET", path=_ONE, name="quarantine.show", act=show, answer=KeptShown, resource="quarantine",
             words="One of them, and why it is kept.", refusals=(404,)),
    Endpoint(method="POST", path=f"{_ONE}/release", name="quarantine.release", act=release, answer=KeptShown,
             resource="quarantine", verb=Verb.WRITE, refusals=(404, 409),
             words="Deliver it after all; filters learn that it was no spam."),
    Endpoint(method="DELETE", path=_ONE, name="quarantine.delete", act=delete, resource="quarantine", verb=Verb.WRITE,
             status=204, words="Delete it for good.", refusals=(404, 409)),
)  # fmt: skip
