"""The address of a domain of ours for reports: its own leave from there, and those of others come to it."""

from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.policy import Policy
from mailstead.services.policy.policies import Policies
from mailstead.store.port import ReadTx, Store

POSTMASTER: Final = "postmaster"
"""RFC 5321 §4.5.1: it leads to somebody in every domain."""
ABUSE: Final = "abuse"
"""RFC 2142 §2: where complaints go, if there is such an address."""


def author_of(domain: str, policy: Policy) -> Address:
    """`dmarc.report_email`, if it is of that domain (another one could not vouch for what leaves under its name) and
    goes over any host."""
    named = _named(policy)
    if named is not None and named.domain == domain and named.is_ascii:
        return named
    return Address.of(POSTMASTER, domain)


async def find_author(store: Store, policies: Policies, domain: str) -> Address:
    """The same of whatever domain. One that is another's name has no keys: there that one writes."""

    async def unit(tx: ReadTx) -> str:
        found = await tx.directory.find_domain(domain)
        if found is None or found.alias_of is None:
            return domain
        return (await tx.directory.get_domain(found.alias_of)).name

    return author_of(await store.read(unit), await policies.of(domain))


def intakes_of(domain: str, policy: Policy) -> tuple[Address, ...]:
    """Where reports about that domain are looked for."""
    named = _named(policy)
    usual = (Address.of(POSTMASTER, domain), Address.of(ABUSE, domain))
    return usual if named is None else (named, *usual)


def _named(policy: Policy) -> Address | None:
    try:
        return Address.parse(policy.dmarc.report_email) if policy.dmarc.report_email else None
    except Invalid:
        return None
