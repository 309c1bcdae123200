"""What operators do with what was learned: whose it is, how much it is, away with it."""

from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.opinion import Symptom
from mailstead.net.clock import Clock
from mailstead.services.accounts.directory import Directory
from mailstead.services.filters.own.learning import Also, Learner
from mailstead.services.filters.own.memory import Memory
from mailstead.services.filters.own.recollection import weigh
from mailstead.store.port import ReadTx, Store, Tx
from mailstead.store.port.learning import EVERYBODY, LoreMark

EVERYONE: Final = "everybody"


def learner_of(store: Store, clock: Clock) -> Learner:
    """For one command."""
    return Learner(store, clock, Memory(store))


async def find_scope(store: Store, account: str) -> AccountId:
    """Of an address; "" is everybody; NotFound."""
    if not account:
        return EVERYBODY
    address = Address.parse(account)
    found = await store.read(lambda tx: tx.directory.find_account(address))
    if found is None:
        raise NotFound(f"there is no account {account}")
    return found.id


async def count(store: Store, scope: AccountId) -> LoreMark:
    """How much it was taught."""

    async def unit(tx: ReadTx) -> LoreMark:
        return await tx.learning.mark(scope)

    return await store.read(unit)


async def forget(directory: Directory, account: str, *, dry_run: bool = False) -> LoreMark:
    """What it was taught until now; NotFound."""
    scope = await find_scope(directory.store, account)

    async def unit(tx: Tx) -> LoreMark:
        before = await tx.learning.mark(scope)
        await tx.learning.forget_scope(scope)
        facts = {"spam": before.spam, "ham": before.ham}
        await directory.record(tx, "spam.forgotten", account or EVERYONE, before=facts)
        return before

    return await directory.commit(unit, dry_run=dry_run)


def telling(directory: Directory, action: str, account: str, letters: int) -> Also:
    """Writes down, in the unit that learns, who taught what."""

    async def tell(tx: Tx) -> None:
        await directory.record(tx, action, account or EVERYONE, after={"letters": letters})

    return tell


async def ask(store: Store, scope: AccountId, tokens: frozenset[int]) -> tuple[Symptom | None, LoreMark]:
    """What was learned says of a letter, and how much everybody was taught."""
    lores = await Memory(store).recall((EVERYBODY, scope))
    said = weigh(tokens, lores, scope)
    return (said[0] if said else None), await count(store, EVERYBODY)
