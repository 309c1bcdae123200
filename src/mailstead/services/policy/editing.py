"""Reading and changing all that is said of a domain, and of new domains: by people, commands and the API.

The name `_default` stands for the template of new domains; those that are there already are left as they are.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.directory import Domain
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import TEMPLATE, Identity, Profile, Sheet, take_profile
from mailstead.ground.model.policy_columns import Changes, Column, change, differences
from mailstead.services.accounts.directory import Directory, get_domain, get_real_domain
from mailstead.services.accounts.domains import NewDomain, put_domain
from mailstead.store.port import ReadTx, Tx
from mailstead.telemetry import Event, emit


@dataclass(frozen=True, slots=True)
class Edited:
    """What was and what is."""

    domain: str
    before: Sheet
    after: Sheet

    @property
    def differences(self) -> Mapping[Column, tuple[object, object]]:
        """By column, as plain JSON."""
        return differences(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Listed:
    """A domain with all its columns; `alias_of` is the domain whose policy it has, "" if it is its own."""

    row: Domain
    sheet: Sheet
    alias_of: str = ""


async def show(directory: Directory, name: str) -> Sheet:
    """Of a domain or of `_default`; NotFound."""
    if name == TEMPLATE:
        return await directory.store.read(lambda tx: tx.policies.get_template())
    return (await find(directory, name)).sheet


async def find(directory: Directory, name: str) -> Listed:
    """With its row; NotFound."""
    canonical = canonical_domain(name)

    async def unit(tx: ReadTx) -> Listed:
        return await read(tx, await get_domain(tx, canonical))

    return await directory.store.read(unit)


async def list_all(directory: Directory) -> AsyncIterator[Listed]:
    """All domains, by name. Each is read for itself, and others come between: there may be thousands."""
    for row in await directory.store.read(lambda tx: tx.directory.list_domains()):
        listed = await directory.store.read(partial(_look_again, row.name))
        if listed is not None:
            yield listed
        await asyncio.sleep(0)


async def _look_again(name: str, tx: ReadTx) -> Listed | None:
    """None if it was removed meanwhile."""
    row = await tx.directory.find_domain(name)
    return None if row is None else await read(tx, row)


async def read(tx: ReadTx | Tx, row: Domain) -> Listed:
    """All that is said of one."""
    target = row if row.alias_of is None else await tx.directory.get_domain(row.alias_of)
    sheet = Sheet(identity=Identity.of(row), policy=await tx.policies.get_policy(target.name))
    return Listed(row, sheet, target.name if target is not row else "")


async def edit(directory: Directory, name: str, changes: Changes, *, dry_run: bool = False) -> Edited:
    """Change columns; NotFound, Invalid."""
    return await _edit(directory, name, lambda sheet, _: change(sheet, changes), dry_run=dry_run)


async def choose_profile(directory: Directory, name: str, profile: Profile, *, dry_run: bool = False) -> Edited:
    """The checks and limits of a profile; NotFound."""

    def choose(sheet: Sheet, _: Sheet) -> Sheet:
        return replace(sheet, policy=take_profile(sheet.policy, profile))

    return await _edit(directory, name, choose, dry_run=dry_run)


async def reset(directory: Directory, name: str, columns: Iterable[Column], *, dry_run: bool = False) -> Edited:
    """These columns as a new domain would have them; those of the template as the program has them; NotFound."""
    chosen = tuple(columns)

    def back(sheet: Sheet, origin: Sheet) -> Sheet:
        return change(sheet, {column: column.of(origin) for column in chosen})

    return await _edit(directory, name, back, dry_run=dry_run)


Make = Callable[[Sheet, Sheet], Sheet]
"""From what is, and from what it was copied from."""


async def _edit(directory: Directory, name: str, make: Make, *, dry_run: bool) -> Edited:
    canonical = name if name == TEMPLATE else canonical_domain(name)
    now = directory.clock.now()

    async def unit(tx: Tx) -> Edited:
        version = await tx.policies.advance()
        is_template = canonical == TEMPLATE
        edited = await (
            _edit_template(tx, make, version, now) if is_template else _edit_domain(tx, canonical, make, version, now)
        )
        changed = edited.differences
        if changed:
            before = {column.dotted: was for column, (was, _) in changed.items()}
            after = {column.dotted: now for column, (_, now) in changed.items()}
            domain = "" if is_template else canonical
            await directory.record(tx, "policy.changed", canonical, domain=domain, before=before, after=after)
        return edited

    edited = await directory.commit(unit, dry_run=dry_run)
    if not dry_run:
        _tell(edited, directory.actor.name)
    return edited


async def _edit_template(tx: Tx, make: Make, version: int, now: Instant) -> Edited:
    before = await tx.policies.get_template()
    after = make(before, Sheet())
    if after != before:
        after = await tx.policies.put_template(after, version=version, now=now)
    return Edited(TEMPLATE, before, after)


async def _edit_domain(tx: Tx, name: str, make: Make, version: int, now: Instant) -> Edited:
    row = await get_real_domain(tx, name)
    before = (await read(tx, row)).sheet
    after = make(before, await tx.policies.get_template())
    if after.identity != before.identity:
        await tx.directory.update_domain(after.identity.put_in(row))
    if after.policy != before.policy:
        after = replace(after, policy=await tx.policies.put_policy(name, after.policy, version=version, now=now))
    return Edited(name, before, after)


def _tell(edited: Edited, who: str) -> None:
    fields = [column.dotted for column in edited.differences]
    if fields:
        emit(
            Event.POLICY_DOMAIN_CHANGED,
            domain=edited.domain,
            who=who,
            fields=" ".join(fields),
            version=str(edited.after.policy.version),
        )


async def add(directory: Directory, name: str, changes: Changes, *, is_copy: bool) -> Listed:
    """A new domain: a copy of the template or of the defaults, with these columns; AlreadyExists, Invalid."""
    new = NewDomain(name=name)

    async def unit(tx: Tx) -> Listed:
        origin = await tx.policies.get_template() if is_copy else Sheet()
        return await read(tx, await put_domain(tx, directory, new, change(origin, changes)))

    made = await directory.commit(unit)
    _tell(Edited(made.row.name, Sheet(), made.sheet), directory.actor.name)
    return made
