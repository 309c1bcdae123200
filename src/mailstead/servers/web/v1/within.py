"""The domains that a list is held to."""

from typing import Any

from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import DomainId
from mailstead.servers.web.v1.endpoint import AnyCall


async def domain_ids(tx: Any, call: AnyCall, domain: str) -> list[DomainId] | None:
    """Of the one that was asked for, or of all that the caller sees; None: of every domain. NotFound."""
    names = call.sight.domains
    if domain:
        names = (call.sight.need_domain(canonical_domain(domain)),)
    if names is None:
        return None
    found = [await tx.directory.find_domain(name) for name in names]
    if domain and found[0] is None:
        raise NotFound(f"there is no domain {domain} here")
    return [one.id for one in found if one is not None]
