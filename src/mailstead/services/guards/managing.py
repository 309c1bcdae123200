"""What an operator does with the guards: limits, pauses, suppressed recipients, rules to hold by."""

from dataclasses import dataclass, replace

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.audit import facts_of
from mailstead.ground.model.errors import Invalid, NotFound
from mailstead.ground.model.guards import Breaker, HoldRule, Limits, Scope, Subject, Suppression
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.rate import Rate, parse_rates
from mailstead.services.accounts.directory import Directory, NoSuchUser, get_domain, get_real_domain
from mailstead.services.guards.caps import ALL_ACCOUNTS, ALL_DOMAINS, account_subject
from mailstead.services.guards.resuming import Resuming
from mailstead.services.guards.words import DAY, one_line
from mailstead.store.port import ReadTx, Tx

INHERIT = "default"
UNLIMITED = "none"
_EVERYBODY = {"accounts": ALL_ACCOUNTS, "domains": ALL_DOMAINS}


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChange:
    """Rates as text, `none` for no limit, `default` for that of everybody; None: as it is."""

    recipients: str | None = None
    newcomers: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRule:
    """As people write it."""

    reason: str
    sender: str = ""
    recipient: str = ""
    domain: str = ""
    destination: str = ""
    account: str = ""
    min_size: int = 0


async def find_subject(directory: Directory, tx: ReadTx | Tx, who: str) -> Subject:
    """`accounts`, `domains`, the address of an account, or a domain of ours; NotFound, Invalid."""
    if who in _EVERYBODY:
        return _EVERYBODY[who]
    if "@" not in who.removeprefix("@"):
        return Subject(Scope.DOMAIN, (await get_real_domain(tx, canonical_domain(who.removeprefix("@")))).name)
    address = directory.address(who)
    account = await tx.directory.find_account(address)
    if account is None:
        raise NoSuchUser(f"there is no account {address}")
    return account_subject(account)


async def set_limits(
    directory: Directory, who: str, change: LimitChange, *, dry_run: bool = False
) -> tuple[Subject, Limits, Limits]:
    """Whose they are, those before, and those now; NotFound, Invalid."""
    if change == LimitChange():
        raise Invalid("say how many recipients, or how many new ones (--recipients, --new-recipients)")

    async def unit(tx: Tx) -> tuple[Subject, Limits, Limits]:
        subject = await find_subject(directory, tx, who)
        before = await tx.guards.read_limits(subject)
        after = before
        if change.recipients is not None:
            after = replace(after, recipients=_rates(change.recipients))
        if change.newcomers is not None:
            after = replace(after, newcomers=_rates(change.newcomers))
        await tx.guards.write_limits(subject, after)
        domain = subject.name.rpartition("@")[2] if subject not in _EVERYBODY.values() else ""
        was, now = facts_of(before), facts_of(after)
        await directory.record(tx, "limits.changed", subject.name, domain=domain, before=was, after=now)
        return subject, before, after

    return await directory.commit(unit, dry_run=dry_run)


async def list_limits(directory: Directory) -> list[tuple[Subject, Limits]]:
    """What was set by hand."""
    return await directory.store.read(lambda tx: tx.guards.list_limits())


async def list_breakers(directory: Directory, *, only_open: bool) -> list[Breaker]:
    """Pauses, the latest end first."""
    now = directory.clock.now()
    found = await directory.store.read(lambda tx: tx.guards.list_breakers())
    return [one for one in found if one.is_open(now) or not only_open]


async def resume(directory: Directory, name: str, *, dry_run: bool = False) -> list[Breaker]:
    """End the pauses of an account, a domain or a destination of that name, and let go what they held; NotFound."""
    now = directory.clock.now()
    wanted = directory.address(name).key if "@" in name.removeprefix("@") else name.removeprefix("@").lower()

    async def unit(tx: Tx) -> list[Breaker]:
        scopes = (Scope.ACCOUNT, Scope.DESTINATION, Scope.DOMAIN)
        paused = await tx.guards.read_breakers([Subject(scope, wanted) for scope in scopes])
        ended = [replace(one, until=now) for one in paused if one.is_open(now)]
        if not ended:
            raise NotFound(f"{wanted} is not paused (mailstead guards status)")
        for one in ended:
            await tx.guards.write_breaker(one)
            await directory.record(tx, "guards.resumed", one.subject.name, before={"reason": one.reason})
        return ended

    ended = await directory.commit(unit, dry_run=dry_run)
    if not dry_run:
        resuming = Resuming(directory.store, directory.clock)
        for one in ended:
            await resuming.release(one)
    return ended


async def list_suppressions(
    directory: Directory, domain: str = "", after: tuple[str, str] = ("", "")
) -> list[Suppression]:
    """A part of those that hold now, by domain and address; go on with the last pair."""
    name, now = canonical_domain(domain) if domain else "", directory.clock.now()
    return await directory.store.read(lambda tx: tx.guards.list_suppressions(now, domain=name, after=after))


async def add_suppression(
    directory: Directory, domain: str, address: str, reason: str, days: int | None, *, dry_run: bool = False
) -> Suppression:
    """Write to this recipient no longer in the name of a domain of ours; Invalid, NotFound."""
    recipient, now = Address.parse(address), directory.clock.now()

    async def unit(tx: Tx) -> Suppression:
        name = (await get_domain(tx, canonical_domain(domain or directory.default_domain))).name
        made = Suppression(
            domain=name,
            address=recipient,
            reason=one_line(reason),
            added_at=now,
            expires_at=None if days is None else Instant(now + days * DAY),
        )
        await tx.guards.write_suppression(made)
        await directory.record(tx, "suppression.created", str(recipient), domain=name, after=facts_of(made))
        return made

    return await directory.commit(unit, dry_run=dry_run)


async def remove_suppression(directory: Directory, domain: str, address: str, *, dry_run: bool = False) -> Suppression:
    """Write to them again, and give what it was; NotFound."""
    recipient = Address.parse(address)
    name = canonical_domain(domain or directory.default_domain)

    async def unit(tx: Tx) -> Suppression:
        gone = await tx.guards.delete_suppression(name, recipient)
        await directory.record(tx, "suppression.removed", str(recipient), domain=name, before=facts_of(gone))
        return gone

    return await directory.commit(unit, dry_run=dry_run)


async def add_rule(directory: Directory, new: NewRule, *, dry_run: bool = False) -> HoldRule:
    """Hold what it means from the next letter on; Invalid, NotFound, LimitReached."""
    rule = HoldRule(
        reason=one_line(new.reason),
        sender=_pattern(new.sender),
        recipient=_pattern(new.recipient),
        domain=canonical_domain(new.domain) if new.domain else "",
        destination=new.destination.lower(),
        min_size=new.min_size,
        created_at=directory.clock.now(),
    )
    if not (rule.sender or rule.recipient or rule.domain or rule.destination or new.account or rule.min_size):
        raise Invalid("a rule without a condition would hold everything; name what it means")

    async def unit(tx: Tx) -> HoldRule:
        whole = rule
        if new.account:
            account = await tx.directory.find_account(directory.address(new.account))
            if account is None:
                raise NoSuchUser(f"there is no account {new.account}")
            whole = replace(rule, account_id=account.id, account=str(account.address))
        made = await tx.guards.insert_rule(whole)
        await directory.record(tx, "hold-rule.created", str(made.id), domain=made.domain, after=facts_of(made))
        return made

    return await directory.commit(unit, dry_run=dry_run)


async def list_rules(directory: Directory) -> list[HoldRule]:
    """In the order in which they are asked."""
    return await directory.store.read(lambda tx: tx.guards.list_rules())


async def remove_rule(directory: Directory, rule: int, *, dry_run: bool = False) -> HoldRule:
    """And give what it was; NotFound. What it held stays held."""

    async def unit(tx: Tx) -> HoldRule:
        gone = await tx.guards.delete_rule(rule)
        await directory.record(tx, "hold-rule.removed", str(rule), domain=gone.domain, before=facts_of(gone))
        return gone

    return await directory.commit(unit, dry_run=dry_run)


def _rates(text: str) -> tuple[Rate, ...] | None:
    if text == INHERIT:
        return None
    return () if text == UNLIMITED else parse_rates(text)


def _pattern(text: str) -> str:
    """An address, or all of a domain; Invalid."""
    if not text:
        return ""
    local, _, domain = text.rpartition("@")
    return Address.parse(text).key if local else f"@{canonical_domain(domain)}"
