"""Addresses that mean other addresses: what they lead to must exist, and never lead back."""

from dataclasses import replace

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.audit import facts_of
from mailstead.ground.model.directory import Alias
from mailstead.ground.model.errors import AlreadyExists, Invalid, NotFound
from mailstead.services.accounts.directory import Directory, get_domain, get_real_domain, names_of
from mailstead.store.port import ReadTx, Tx

TARGETS_MAX = 100
DEPTH_MAX = 10


async def add_alias(directory: Directory, address: str, targets: list[str], *, dry_run: bool = False) -> Alias:
    """Add an alias; AlreadyExists, NotFound (a target of ours that is not there), Invalid (a circle)."""
    alias, parsed = directory.address(address), _read_targets(directory, targets)
    now = directory.clock.now()

    async def unit(tx: Tx) -> Alias:
        domain = await get_real_domain(tx, alias.domain)
        if await tx.directory.find_account(alias) is not None:
            raise AlreadyExists(f"{alias} is an account: mail to it is delivered there")
        if await tx.directory.find_alias(alias) is not None:
            raise AlreadyExists(f"{alias} is an alias already (mailstead alias remove {alias})")
        for target in parsed:
            await _follow(tx, target, (alias.key,))
        made = await tx.directory.insert_alias(domain.id, alias, tuple(str(target) for target in parsed), now=now)
        await directory.record(tx, "alias.created", str(alias), after=facts_of(made))
        return made

    return await directory.commit(unit, dry_run=dry_run)


async def change_alias(directory: Directory, address: str, targets: list[str], *, dry_run: bool = False) -> Alias:
    """Let an alias lead elsewhere; NotFound (the alias, or a target of ours), Invalid (a circle)."""
    alias, parsed = directory.address(address), _read_targets(directory, targets)

    async def unit(tx: Tx) -> Alias:
        found = await tx.directory.find_alias(alias)
        if found is None:
            raise NotFound(f"there is no alias {alias}")
        for target in parsed:
            await _follow(tx, target, (alias.key,))
        changed = replace(found, targets=tuple(map(str, parsed)))
        await tx.directory.update_alias(found.id, changed.targets)
        before, after = facts_of(found), facts_of(changed)
        await directory.record(tx, "alias.changed", str(found.address), before=before, after=after)
        return changed

    return await directory.commit(unit, dry_run=dry_run)


def _read_targets(directory: Directory, targets: list[str]) -> list[Address]:
    if not 1 <= len(targets) <= TARGETS_MAX:
        raise Invalid(f"an alias leads to 1 to {TARGETS_MAX} addresses")
    return list(dict.fromkeys(directory.address(target) for target in targets))


async def _follow(tx: Tx, target: Address, path: tuple[str, ...]) -> None:
    """Follow a target to its ends: accounts, or addresses elsewhere."""
    real = await names_of(tx, target)
    if real.key in path:
        raise Invalid("leads in a circle: " + " → ".join((*path, real.key)))
    if len(path) > DEPTH_MAX:
        raise Invalid(f"more than {DEPTH_MAX} aliases in a row: {' → '.join(path)}")
    domain = await tx.directory.find_domain(real.domain)
    if domain is None or await tx.directory.find_account(real) is not None:
        return
    next_alias = await tx.directory.find_alias(real)
    if next_alias is None and domain.catchall is None and not domain.hand_off:
        raise NotFound(f"there is no {real} here (mailstead user add {real})")
    for further in next_alias.targets if next_alias else ():
        await _follow(tx, Address.parse(further), (*path, real.key))


async def find_abroad(directory: Directory, alias: Alias) -> list[str]:
    """Its targets that are not ours: mail to them is forwarded in the name of the alias's domain."""

    async def unit(tx: ReadTx) -> list[str]:
        domains = {target: Address.parse(target).domain for target in alias.targets}
        return [target for target, name in domains.items() if await tx.directory.find_domain(name) is None]

    return await directory.store.read(unit)


async def list_aliases(directory: Directory, domain: str | None = None) -> list[Alias]:
    """All, or those of one domain, by address; NotFound."""

    async def unit(tx: ReadTx) -> list[Alias]:
        where = (await get_domain(tx, canonical_domain(domain))).id if domain else None
        return sorted(
            await tx.directory.list_aliases(where), key=lambda alias: (alias.address.domain, alias.address.key)
        )

    return await directory.store.read(unit)


async def remove_alias(directory: Directory, address: str, *, dry_run: bool = False) -> Alias:
    """Remove an alias and give what it was; NotFound."""
    wanted = directory.address(address)

    async def unit(tx: Tx) -> Alias:
        alias = await tx.directory.find_alias(wanted)
        if alias is None:
            raise NotFound(f"there is no alias {wanted}")
        await tx.directory.delete_alias(alias.id)
        await directory.record(tx, "alias.removed", str(alias.address), before=facts_of(alias))
        return alias

    return await directory.commit(unit, dry_run=dry_run)
