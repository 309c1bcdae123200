"""What an administrator does with hooks."""

import secrets
from dataclasses import replace
from typing import Final

from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.errors import AlreadyExists, Invalid, NotFound
from mailstead.ground.model.hook import Hook
from mailstead.services.accounts.directory import Directory, get_domain
from mailstead.store.port import Tx

HOOKS_MAX: Final = 100
SECRET_MIN: Final = 16
_SECRET_BYTES: Final = 32


def make_secret() -> str:
    """256 bits of chance."""
    return f"whsec_{secrets.token_urlsafe(_SECRET_BYTES)}"


async def add_hook(directory: Directory, wanted: Hook, *, dry_run: bool = False) -> Hook:
    """From the next transaction on, everywhere; AlreadyExists, NotFound (a domain that is not ours), Invalid."""
    if len(wanted.secret) < SECRET_MIN:
        raise Invalid(f"a secret has {SECRET_MIN} characters or more")
    domains = tuple(dict.fromkeys(map(canonical_domain, wanted.domains)))
    hook = replace(wanted, domains=domains, created_at=directory.clock.now())

    async def unit(tx: Tx) -> Hook:
        await tx.policies.advance()
        for domain in hook.domains:
            await get_domain(tx, domain)
        there = await tx.hooks.list_hooks()
        if any(one.name == hook.name for one in there):
            raise AlreadyExists(f"there is a hook {hook.name} already: remove it first")
        if len(there) >= HOOKS_MAX:
            raise Invalid(f"there are {HOOKS_MAX} hooks, and no more may be")
        await tx.hooks.put_hook(hook)
        await directory.record(tx, "hook.added", hook.name, after=_facts(hook))
        return hook

    return await directory.commit(unit, dry_run=dry_run)


async def remove_hook(directory: Directory, name: str, *, dry_run: bool = False) -> Hook:
    """Nobody asks it any more, and what it was still to be told is forgotten; NotFound."""

    async def unit(tx: Tx) -> Hook:
        await tx.policies.advance()
        hook = await tx.hooks.find_hook(name)
        if hook is None:
            raise NotFound(f"there is no hook {name} (mailstead hook list)")
        await tx.hooks.drop_hook(name)
        await directory.record(tx, "hook.removed", name, before=_facts(hook))
        return hook

    return await directory.commit(unit, dry_run=dry_run)


async def list_hooks(directory: Directory) -> list[Hook]:
    """By name."""
    return await directory.store.read(lambda tx: tx.hooks.list_hooks())


async def find_hook(directory: Directory, name: str) -> Hook:
    """NotFound."""
    hook = await directory.store.read(lambda tx: tx.hooks.find_hook(name))
    if hook is None:
        raise NotFound(f"there is no hook {name} (mailstead hook list)")
    return hook


def _facts(hook: Hook) -> dict[str, object]:
    """Without its secret."""
    return {
        "url": hook.url.partition("?")[0], "stages": [stage.value for stage in hook.stages],
        "domains": list(hook.domains), "format": hook.format.value, "proof": hook.proof.value,
        "timeout": hook.timeout, "at_once": hook.at_once, "on_trouble": hook.on_trouble.value,
    }  # fmt: skip
