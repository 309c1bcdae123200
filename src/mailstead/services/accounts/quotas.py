"""The quota of an account: what it is, and setting it."""

from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.ids import AccountId
from mailstead.ground.model.quota import Quota
from mailstead.store.port import ReadTx, Store, Tx

BYTES_MAX = 1 << 50
MESSAGES_MAX = 1 << 40


async def read_quota(store: Store, account: AccountId) -> Quota:
    """As it is now; NotFound."""

    async def unit(tx: ReadTx) -> Quota:
        return (await tx.directory.get_account(account)).quota

    return await store.read(unit)


async def find_account(store: Store, address: str) -> Account | None:
    """By an address as people write it; None also for what is no address."""
    try:
        wanted = Address.parse(address)
    except Invalid:
        return None

    async def unit(tx: ReadTx) -> Account | None:
        return await tx.directory.find_account(wanted)

    return await store.read(unit)


async def set_quota(store: Store, account: AccountId, *, limit_bytes: int, limit_messages: int) -> None:
    """0 is no limit; Invalid, NotFound."""
    if not (0 <= limit_bytes <= BYTES_MAX and 0 <= limit_messages <= MESSAGES_MAX):
        raise Invalid("the limit is too large")

    async def unit(tx: Tx) -> None:
        await tx.directory.update_account(account, quota_bytes=limit_bytes, quota_messages=limit_messages)

    await store.write(unit)
