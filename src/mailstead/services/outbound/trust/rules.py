"""What an administrator demands of the lines to single domains."""

from typing import Final

from mailstead.ground.model.address import canonical_domain
from mailstead.ground.model.audit import facts_of
from mailstead.ground.model.errors import Invalid, NotFound
from mailstead.ground.model.tls_rule import TlsDemand, TlsRule
from mailstead.services.accounts.directory import Directory
from mailstead.store.port import ReadTx, Tx

NOTE_MAX: Final = 200


async def set_tls_rule(
    directory: Directory, domain: str, demand: TlsDemand, *, note: str = "", dry_run: bool = False
) -> tuple[TlsRule, TlsRule | None]:
    """Set or replace; gives the new one and what was there. Invalid."""
    if len(note) > NOTE_MAX or not note.isprintable():
        raise Invalid(f"a note is one line of at most {NOTE_MAX} characters")
    rule = TlsRule(canonical_domain(domain), demand, directory.clock.now(), note)

    async def unit(tx: Tx) -> TlsRule | None:
        before = await tx.trust.find_tls_rule(rule.domain)
        await tx.trust.put_tls_rule(rule)
        was = facts_of(before) if before else None
        await directory.record(tx, "tls-rule.set", rule.domain, before=was, after=facts_of(rule))
        return before

    return rule, await directory.commit(unit, dry_run=dry_run)


async def remove_tls_rule(directory: Directory, domain: str, *, dry_run: bool = False) -> TlsRule:
    """Let the domain's own policies hold again; gives what was there. NotFound."""
    name = canonical_domain(domain)

    async def unit(tx: Tx) -> TlsRule:
        rule = await tx.trust.find_tls_rule(name)
        if rule is None:
            raise NotFound(f"there is no TLS rule for {name} (mailstead tls-rule list)")
        await tx.trust.drop_tls_rule(name)
        await directory.record(tx, "tls-rule.removed", name, before=facts_of(rule))
        return rule

    return await directory.commit(unit, dry_run=dry_run)


async def list_tls_rules(directory: Directory) -> list[TlsRule]:
    """All, by domain."""

    async def unit(tx: ReadTx) -> list[TlsRule]:
        return await tx.trust.list_tls_rules()

    return await directory.store.read(unit)
