"""Domain, people, a shared account and sample letters for the sandbox; what is there already stays as it is."""

from collections.abc import Mapping

from mailstead.app.dev.samples import samples
from mailstead.ground.model.address import Address
from mailstead.ground.model.directory import Account, Role
from mailstead.ground.model.ids import MessageId
from mailstead.ground.model.policy import Profile
from mailstead.net.clock import SystemClock
from mailstead.net.ids import IdSource
from mailstead.services.accounts.directory import Directory
from mailstead.services.accounts.domains import ensure_domain
from mailstead.services.accounts.passwords import DirectHasher
from mailstead.services.accounts.shared import add_shared
from mailstead.services.accounts.users import NewUser, add_user
from mailstead.services.folders.append import place, put_letter
from mailstead.services.folders.incoming import take
from mailstead.services.policy.editing import choose_profile
from mailstead.store.port import ReadTx, Store, Tx

MEMBER_ROLES = (Role.ADMIN, Role.SENDER)


async def furnish(store: Store, domain: str, passwords: Mapping[str, str], shared: str, *, with_samples: bool) -> None:
    """Make what is missing."""
    if await _find(store, Address(shared, domain)) is not None:
        return
    directory = Directory(
        store=store, hasher=DirectHasher(), clock=SystemClock(), default_domain=domain, min_password_length=8
    )
    await ensure_domain(directory, domain)
    await choose_profile(directory, domain, Profile.DEV)
    for person, password in passwords.items():
        if await _find(store, Address(person, domain)) is None:
            is_first = person == next(iter(passwords))
            await add_user(directory, NewUser(address=f"{person}@{domain}", password=password, is_admin=is_first))
    members = {f"{person}@{domain}": role for person, role in zip(passwords, MEMBER_ROLES, strict=False)}
    await add_shared(directory, f"{shared}@{domain}", members, None)
    if with_samples:
        await _file_samples(store, domain)


async def _find(store: Store, address: Address) -> Account | None:
    async def unit(tx: ReadTx) -> Account | None:
        return await tx.directory.find_account(address)

    return await store.read(unit)


async def _file_samples(store: Store, domain: str) -> None:
    """All of them in one unit."""
    clock = SystemClock()
    ids = IdSource(clock, 0)
    now = clock.now()
    letters = [(sample, take(store.blobs, sample.data), MessageId(ids.next())) for sample in samples(domain, now)]

    async def unit(tx: Tx) -> None:
        accounts: dict[str, Account] = {}
        for name in {sample.account for sample, _, _ in letters}:
            account = await tx.directory.find_account(Address(name, domain))
            assert account is not None
            accounts[name] = account
        modseqs = await tx.advance(*(account.id for account in accounts.values()))
        for sample, letter, message_id in letters:
            account = accounts[sample.account]
            folder = await tx.folders.find_folder(account.id, sample.folder)
            assert folder is not None
            await place(
                tx,
                account=account.id,
                folder=folder.id,
                message_id=message_id,
                blob_id=await put_letter(tx, letter),
                prefix=b"",
                size=letter.staged.size,
                flags=sample.flags,
                internal_date=sample.at,
                now=now,
                modseq=modseqs[account.id],
                may_exceed=True,
            )

    await store.write(unit)
