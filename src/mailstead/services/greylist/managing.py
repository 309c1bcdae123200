"""Looking at what greylisting knows, and making strangers of those it knows."""

from collections.abc import AsyncIterator

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.greylist import Friend, Known, Triplet, client_of, sender_key
from mailstead.net.clock import Clock
from mailstead.services.accounts.directory import Directory
from mailstead.store.port import Lane, ReadTx, Store, Tx

PAGE = 500


async def list_triplets(
    directory: Directory, *, domain: str = "", only_waiting: bool = False
) -> AsyncIterator[tuple[Triplet, Known]]:
    """The oldest first, page by page."""
    name, after = canonical_domain(domain) if domain else "", 0
    while True:

        async def unit(tx: ReadTx, after: int = after) -> list[tuple[int, Triplet, Known]]:
            return await tx.greylist.list_triplets(domain=name, only_waiting=only_waiting, after=after, limit=PAGE)

        page = await directory.store.read(unit)
        for _, triplet, known in page:
            yield triplet, known
        if len(page) < PAGE:
            return
        after = page[-1][0]


async def list_friends(directory: Directory, *, domain: str = "") -> AsyncIterator[tuple[tuple[str, str, str], Friend]]:
    """Domain of ours, network and sender's domain; how many letters came again."""
    name, after = canonical_domain(domain) if domain else "", ("", "", "")
    while True:

        async def unit(tx: ReadTx, after: tuple[str, str, str] = after) -> list[tuple[tuple[str, str, str], Friend]]:
            return await tx.greylist.list_friends(domain=name, after=after, limit=PAGE)

        page = await directory.store.read(unit)
        for whose, friend in page:
            yield whose, friend
        if len(page) < PAGE:
            return
        after = page[-1][0]


async def forget(
    directory: Directory, *, domain: str = "", client: str = "", sender: str = "", dry_run: bool = False
) -> int:
    """Whom these mean are strangers again; how many rows went. Invalid if nobody is meant."""
    if not (domain or client or sender):
        raise Invalid("say whom to forget: a domain of ours, a client's address or a sender")
    name, who = canonical_domain(domain) if domain else "", _sender(sender)
    network = _network(client)

    async def unit(tx: Tx) -> int:
        gone = await tx.greylist.forget(domain=name, client=network, sender=who, limit=PAGE)
        if gone:
            what = {"client": network, "sender": who, "rows": gone}
            await directory.record(tx, "greylist.forgotten", who or network or name, domain=name, before=what)
        return gone

    total = gone = await directory.commit(unit, dry_run=dry_run)
    while gone and not dry_run:
        gone = await directory.commit(unit)
        total += gone
    return total


async def forget_expired(store: Store, clock: Clock) -> None:
    """Drop what is kept no longer."""
    now = clock.now()

    async def unit(tx: Tx) -> int:
        return await tx.greylist.forget_expired(now=now)

    while await store.write(unit, lane=Lane.BULK):
        pass


def _sender(text: str) -> str:
    if not text:
        return ""
    local, _, domain = text.rpartition("@")
    if local in ("", "*"):
        return f"@{canonical_domain(domain)}"
    return sender_key(Address.parse(text))


def _network(text: str) -> str:
    if not text:
        return ""
    try:
        return client_of(text.partition("/")[0])
    except ValueError:
        raise Invalid(f"{text[:80]!r} is no IP address") from None
