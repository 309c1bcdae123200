"""What an administrator does with the keys of a domain."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from mailstead.ground.formats.dkim.record import record_name, render_record, zone_line
from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.errors import AlreadyExists, Conflict, Invalid, NotFound
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.policy import Dkim, KeyType
from mailstead.ground.model.signing import Algorithm, KeyState, SigningKey
from mailstead.services.accounts.directory import Directory, get_domain
from mailstead.services.signing.making import make_key, record_of
from mailstead.services.signing.rotation import activate, key_deed, retired, tell
from mailstead.store.port import ReadTx, Tx

ED25519_SUFFIX: Final = "-ed25519"
"""Two keys cannot share a selector (RFC 8463 §6)."""
KEYS_AT_ONCE: Final = 200


def published_at(key: SigningKey) -> str:
    """The name of its record."""
    return record_name(key.selector, key.domain)


def record_text(key: SigningKey) -> str:
    """The text of its record."""
    return render_record(record_of(key.pem))


def zone_text(key: SigningKey) -> str:
    """Its record as a line of a zone file."""
    return zone_line(published_at(key), record_text(key))


def wanted_algorithm(wish: Dkim) -> Algorithm:
    """What a domain wants its next key made with."""
    if wish.key_type is KeyType.ED25519:
        return Algorithm.ED25519
    return Algorithm.RSA_4096 if wish.key_size > 2048 else Algorithm.RSA_2048


def read_selector(text: str) -> str:
    """One label, or several with dots between (RFC 6376 §3.1); Invalid."""
    try:
        selector = canonical_domain(text)
    except Invalid:
        selector = ""
    if not selector or not text.isascii() or text.endswith(".") or text.startswith("["):
        raise Invalid(f"{text!r} is no selector: write letters, digits and hyphens")
    return selector


async def generate_keys(
    directory: Directory, domain: str, selector: str, algorithms: Sequence[Algorithm], *, dry_run: bool = False
) -> list[SigningKey]:
    """New keys, which wait until their records are in the DNS; AlreadyExists, NotFound, Invalid.

    Of two algorithms the Ed25519 key has a selector of its own.
    """
    name, now = canonical_domain(domain), directory.clock.now()
    await directory.store.read(lambda tx: get_domain(tx, name))
    selector = read_selector(selector)
    made = []
    for algorithm in algorithms:
        is_second = len(algorithms) > 1 and algorithm is Algorithm.ED25519
        made.append(await make_key(name, selector + ED25519_SUFFIX if is_second else selector, algorithm, now))

    async def unit(tx: Tx) -> list[SigningKey]:
        await get_domain(tx, name)
        await _insert(tx, directory, made)
        return made

    await directory.commit(unit, dry_run=dry_run)
    _tell_all(made, dry_run=dry_run)
    return made


async def _insert(tx: Tx, directory: Directory, keys: Sequence[SigningKey]) -> None:
    for key in keys:
        if not await tx.signing.insert_key(key):
            raise AlreadyExists(f"{key.domain} has a key {key.selector} already")
    await _record(tx, directory, keys)


async def _record(tx: Tx, directory: Directory, keys: Sequence[SigningKey], *, is_gone: bool = False) -> None:
    for key in keys:
        await tx.audit.record(directory.actor, key_deed(key, is_gone=is_gone), directory.clock.now())


async def rotate_keys(directory: Directory, domain: str, *, dry_run: bool = False) -> list[SigningKey]:
    """A successor for each key that signs; NotFound, Conflict if one waits already."""
    name, now = canonical_domain(domain), directory.clock.now()

    async def look(tx: ReadTx) -> list[SigningKey]:
        await get_domain(tx, name)
        return await tx.signing.list_keys(name)

    keys = await directory.store.read(look)
    waiting = [key for key in keys if key.state is KeyState.NEW]
    if waiting:
        raise Conflict(f"{waiting[0].selector} of {name} waits already: publish its record, or remove it")
    latest = {key.algorithm.family: key for key in sorted(keys, key=_age) if key.state is KeyState.ACTIVE}
    if not latest:
        raise NotFound(f"no key of {name} signs (mailstead dkim generate --domain {name})")
    taken = {key.selector for key in keys}
    made = [
        await make_key(name, next_selector(key.selector, now, taken), key.algorithm, now) for key in latest.values()
    ]
    await directory.commit(lambda tx: _insert(tx, directory, made), dry_run=dry_run)
    _tell_all(made, dry_run=dry_run)
    return made


def _age(key: SigningKey) -> int:
    return key.activated_at or key.created_at


def next_selector(selector: str, now: Instant, taken: set[str]) -> str:
    """The same with today's date in place of an older one; with a number if that is taken."""
    stem, _, tail = selector.rpartition("-")
    base = stem if stem and len(tail) >= 8 and tail[:8].isdigit() else selector
    dated = f"{base}-{datetime.fromtimestamp(now / 1000, UTC):%Y%m%d}"
    number = 1
    chosen = dated
    while chosen in taken:
        number += 1
        chosen = f"{dated}{number:02}"
    return chosen


async def list_keys(directory: Directory, domain: str | None) -> list[SigningKey]:
    """Of one domain, or all."""
    name = canonical_domain(domain) if domain else None
    keys: list[SigningKey] = []
    after = ("", "")
    while found := await directory.store.read(partial(_read_keys, name, after)):
        keys += found
        after = found[-1].domain, found[-1].selector
    return keys


async def _read_keys(domain: str | None, after: tuple[str, str], tx: ReadTx) -> list[SigningKey]:
    return await tx.signing.list_keys(domain, after=after, limit=KEYS_AT_ONCE)


async def show_keys(directory: Directory, domain: str, selector: str | None) -> list[SigningKey]:
    """Of one domain; NotFound if it has none, or not that one."""
    name = canonical_domain(domain)
    if selector:
        return [await directory.store.read(lambda tx: tx.signing.get_key(name, selector.lower()))]
    keys = await list_keys(directory, name)
    if not keys:
        raise NotFound(f"{name} has no key (mailstead dkim generate --domain {name})")
    return keys


async def current_key(directory: Directory, domain: str) -> SigningKey | None:
    """The key whose record has to be in the DNS now: the newest that signs, or else the newest that waits to."""
    found = await directory.store.read(lambda tx: tx.signing.list_keys(domain, limit=KEYS_AT_ONCE))
    for state in (KeyState.ACTIVE, KeyState.NEW):
        if chosen := [key for key in found if key.state is state]:
            return max(chosen, key=_age)
    return None


def public_key(key: SigningKey) -> bytes:
    """As its record has it."""
    return record_of(key.pem).key


async def activate_key(directory: Directory, domain: str, selector: str, *, dry_run: bool = False) -> list[SigningKey]:
    """It signs, whatever the DNS says; its predecessors retire. All that changed, it first; NotFound, Conflict."""
    name, now = canonical_domain(domain), directory.clock.now()

    async def unit(tx: Tx) -> list[SigningKey]:
        key = await tx.signing.get_key(name, selector.lower())
        if key.state is KeyState.ACTIVE:
            raise Conflict(f"{key.selector} of {name} is active")
        changed = await activate(tx, key, now)
        await _record(tx, directory, changed)
        return changed

    changed = await directory.commit(unit, dry_run=dry_run)
    _tell_all(changed, dry_run=dry_run)
    return changed


async def retire_key(directory: Directory, domain: str, selector: str, *, dry_run: bool = False) -> SigningKey:
    """It signs no longer; NotFound, Conflict if it has retired."""
    name, now = canonical_domain(domain), directory.clock.now()

    async def unit(tx: Tx) -> SigningKey:
        key = await tx.signing.get_key(name, selector.lower())
        if key.state in (KeyState.RETIRING, KeyState.RETIRED):
            raise Conflict(f"{key.selector} of {name} has retired")
        after = retired(key, now)
        await tx.signing.update_key(after, was=key.state)
        await _record(tx, directory, [after])
        return after

    changed = await directory.commit(unit, dry_run=dry_run)
    _tell_all([changed], dry_run=dry_run)
    return changed


async def remove_key(
    directory: Directory, domain: str, selector: str, *, force: bool = False, dry_run: bool = False
) -> SigningKey:
    """For good; NotFound. Conflict for one that signs or whose letters may be on their way, unless forced."""
    name = canonical_domain(domain)

    async def unit(tx: Tx) -> SigningKey:
        key = await tx.signing.get_key(name, selector.lower())
        if key.state in (KeyState.ACTIVE, KeyState.RETIRING) and not force:
            raise Conflict(f"{key.selector} of {name} is {key.state.value} (--force removes it all the same)")
        await tx.signing.delete_key(name, key.selector)
        await _record(tx, directory, [key], is_gone=True)
        return key

    gone = await directory.commit(unit, dry_run=dry_run)
    if not dry_run:
        tell(replace(gone, state=KeyState.RETIRED))
    return gone


def _tell_all(keys: Sequence[SigningKey], *, dry_run: bool) -> None:
    for key in () if dry_run else keys:
        tell(key)
