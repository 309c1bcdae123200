"""Recipients who release a letter by the link in their digest."""

from typing import Final

from mailstead.ground.model.audit import Actor, Through
from mailstead.ground.model.errors import Denied, NotFound
from mailstead.ground.model.policy import Place
from mailstead.ground.model.quarantine import KeptLetter
from mailstead.services.policy.policies import Policies
from mailstead.services.quarantine.links import UNKNOWN, Links
from mailstead.services.quarantine.quarantine import Quarantine
from mailstead.store.port import Store

BY_LINK: Final = "recipient's link"


class RecipientRelease:
    """A link is good for its one copy, which is gone once it is released: nobody can use it twice."""

    def __init__(self, store: Store, quarantine: Quarantine, links: Links) -> None:
        self._quarantine = quarantine
        self._links = links
        self._policies = Policies(store)

    async def look(self, token: str) -> KeptLetter:
        """What the link would release; NotFound, Denied. Changes nothing."""
        claim = await self._links.read(token)
        kept = await self._quarantine.show(claim.number)
        if kept.account_id != claim.account_id:
            raise NotFound(UNKNOWN)
        wanted = (await self._policies.of(kept.domain)).quarantine
        if kept.has_virus or not wanted.recipient_release or wanted.place is not Place.KEPT:
            raise Denied("only an administrator may release it")
        return kept

    async def release(self, token: str, ip: str) -> KeptLetter:
        """As `Quarantine.release`."""
        kept = await self.look(token)
        by = Actor(f"{BY_LINK}: {kept.recipient}", Through.API, ip)
        return await self._quarantine.release(kept.id, by=by)
