"""Every operation there is, one row each. A change answers with the command that undoes it, where there is one."""

from collections.abc import Mapping
from typing import Any, Final

from mailstead.ground.model.directory import Role, Status, UserRole
from mailstead.servers.control import args as a
from mailstead.servers.control import shapes
from mailstead.servers.control.answers import command_line, say_rows
from mailstead.servers.control.audit import AUDIT_OPERATIONS
from mailstead.servers.control.blocks import BLOCK_OPERATIONS
from mailstead.servers.control.credentials import CREDENTIAL_OPERATIONS
from mailstead.servers.control.desk import AnyOperation, Desk, Json, Operation, Say, Unavailable
from mailstead.servers.control.filters import FILTER_OPERATIONS
from mailstead.servers.control.greylist import GREYLIST_OPERATIONS
from mailstead.servers.control.guards import GUARD_OPERATIONS
from mailstead.servers.control.hooks import HOOK_OPERATIONS
from mailstead.servers.control.login_blocks import LOGIN_BLOCK_OPERATIONS
from mailstead.servers.control.policy import POLICY_OPERATIONS, commands_to_restore
from mailstead.servers.control.quarantine import QUARANTINE_OPERATIONS
from mailstead.servers.control.queue import QUEUE_OPERATIONS
from mailstead.servers.control.reports import REPORT_OPERATIONS
from mailstead.servers.control.routing import ROUTING_OPERATIONS
from mailstead.servers.control.signing import SIGNING_OPERATIONS
from mailstead.servers.control.spam import SPAM_OPERATIONS
from mailstead.servers.control.totp import TOTP_OPERATIONS
from mailstead.services.accounts import aliases, domains, imports, shared, users


def yes_or_no(value: bool) -> str:  # noqa: FBT001 - there is nothing else to say
    """As options say it."""
    return "yes" if value else "no"


async def domain_add(desk: Desk, args: a.DomainAdd, _say: Say) -> Json:
    """Add a domain."""
    new = domains.NewDomain(
        name=args.name,
        alias_of=args.alias_of,
        catchall=args.catchall,
        max_users=args.max_users,
        default_quota=args.quota,
        hand_off=args.hand_off or "",
        verify=args.verify,
    )
    domain = await domains.add_domain(desk.directory, new, dry_run=args.dry_run)
    return shapes.domain_shape(domain, alias_of=args.alias_of, undo=command_line("domain", "remove", domain.name))


async def domain_list(desk: Desk, _args: a.Nothing, say: Say) -> Json:
    """All domains."""
    found = await domains.list_domains(desk.directory)
    names = {domain.id: domain.name for domain in found}
    rows = (shapes.domain_shape(one, alias_of=names.get(one.alias_of) if one.alias_of else None) for one in found)
    return await say_rows(say, rows)


async def domain_show(desk: Desk, args: a.DomainName, _say: Say) -> Json:
    """One domain with its counts."""
    return shapes.domain_view_shape(await domains.view_domain(desk.directory, args.name))


async def domain_set(desk: Desk, args: a.DomainSet, _say: Say) -> Json:
    """Change the limits of a domain."""
    change = domains.DomainChange(
        default_quota=args.quota, total_bytes=args.total_quota, total_messages=args.total_messages,
        hand_off=args.hand_off, verify=args.verify,
    )  # fmt: skip
    before = await domains.change_domain(desk.directory, args.name, change, dry_run=args.dry_run)
    words = ["domain", "set", args.name]
    words += ["--quota", str(before.default_quota)] if before.default_quota is not None else []
    words += ["--total-quota", str(before.total_bytes)] if before.total_bytes is not None else []
    words += ["--total-messages", str(before.total_messages)] if before.total_messages is not None else []
    words += ["--hand-off", before.hand_off or "none"] if before.hand_off is not None else []
    words += ["--verify", yes_or_no(before.verify)] if before.verify is not None else []
    view = await domains.view_domain(desk.directory, args.name)
    return {**shapes.domain_view_shape(view), "undo": command_line(*words)}


async def domain_remove(desk: Desk, args: a.DomainRemove, _say: Say) -> Json:
    """Remove a domain without accounts."""
    policy = await commands_to_restore(desk, args.name)
    view = await domains.remove_domain(desk.directory, args.name, dry_run=args.dry_run)
    words = ["domain", "add", view.domain.name, "--quota", str(view.domain.default_quota)]
    words += ["--alias-of", view.alias_of] if view.alias_of else []
    words += ["--catchall", view.domain.catchall] if view.domain.catchall else []
    words += ["--max-users", str(view.domain.max_users)] if view.domain.max_users else []
    words += ["--hand-off", view.domain.hand_off] if view.domain.hand_off else []
    words += [] if view.domain.verify else ["--verify", "no"]
    back = command_line(*words) + ("" if view.alias_of else policy)
    return {**shapes.domain_view_shape(view), "schema": shapes.REMOVAL, "undo": back}


async def user_add(desk: Desk, args: a.UserAdd, _say: Say) -> Json:
    """Add a user with an account."""
    new = users.NewUser(
        address=args.address,
        password=args.password,
        password_hash=args.hash,
        quota_bytes=args.quota,
        is_admin=args.is_admin,
    )
    account = await users.add_user(desk.directory, new, dry_run=args.dry_run)
    return shapes.account_shape(account, undo=command_line("user", "remove", str(account.address)))


async def user_list(desk: Desk, args: a.DomainFilter, say: Say) -> Json:
    """All accounts, personal and shared."""
    return await say_rows(say, map(shapes.account_shape, await users.list_accounts(desk.directory, args.domain)))


async def user_show(desk: Desk, args: a.UserName, _say: Say) -> Json:
    """A user with accounts, or a shared account with members."""
    return shapes.user_view_shape(await users.view_user(desk.directory, args.name))


async def user_remove(desk: Desk, args: a.UserRemove, _say: Say) -> Json:
    """Remove a user or a shared account with its mail."""
    gone = await users.remove_user(desk.directory, args.name, dry_run=args.dry_run)
    return {
        "schema": shapes.REMOVAL,
        "address": gone.address,
        "used_messages": gone.messages,
        "used_bytes": gone.used_bytes,
        "stray_aliases": list(gone.stray_aliases),
        "undo": None,
    }


async def user_passwd(desk: Desk, args: a.UserPasswd, _say: Say) -> Json:
    """Set a password."""
    user = await users.set_password(desk.directory, args.name, args.password, dry_run=args.dry_run)
    return shapes.user_shape(user, undo=None)


async def user_set(desk: Desk, args: a.UserSet, _say: Say) -> Json:
    """Change quota, status or rights of a user."""
    status = Status(args.status) if args.status else None
    change = users.UserChange(
        quota_bytes=args.quota, quota_messages=args.quota_messages, status=status, role=_role_of(args),
        domains=None if args.domains is None else tuple(args.domains),
    )  # fmt: skip
    subject, before = await users.change_user(desk.directory, args.name, change, dry_run=args.dry_run)
    words = ["user", "set", subject]
    words += ["--quota", str(before.quota_bytes)] if before.quota_bytes is not None else []
    words += ["--quota-messages", str(before.quota_messages)] if before.quota_messages is not None else []
    words += ["--status", before.status.value] if before.status is not None else []
    words += ["--role", before.role.value] if before.role is not None else []
    words += [word for name in before.domains or () for word in ("--domain", name)]
    return {**shapes.user_view_shape(await users.view_user(desk.directory, args.name)), "undo": command_line(*words)}


def _role_of(args: a.UserSet) -> UserRole | None:
    """`is_admin` is the older word for two of them."""
    if args.role is not None:
        return UserRole(args.role)
    if args.is_admin is None:
        return None
    return UserRole.ADMIN if args.is_admin else UserRole.USER


async def user_import(desk: Desk, args: a.UserImport, say: Say) -> Json:
    """Check a part of a list, or add its users; rows that are there already are skipped."""
    rows = [
        users.NewUser(address=row.address, password=row.password, password_hash=row.hash, quota_bytes=row.quota)
        for row in args.rows
    ]
    if args.dry_run:
        problems, present = await imports.check_rows(desk.directory, rows)
        for problem in problems:
            await say({"row": {"row": problem.row, "problem": problem.what}})
        return {"schema": shapes.IMPORT, "problems": len(problems), "present": sorted(present)}
    added = 0
    async for number, is_new in imports.import_rows(desk.directory, rows):
        added += is_new
        await say({"progress": {"done": number + 1, "total": len(rows)}})
    return {"schema": shapes.IMPORT, "added": added, "skipped": len(rows) - added}


async def shared_add(desk: Desk, args: a.SharedAdd, _say: Say) -> Json:
    """Add a shared account."""
    members = {name: Role[word.upper()] for name, word in args.members.items()}
    view = await shared.add_shared(desk.directory, args.address, members, args.quota, dry_run=args.dry_run)
    return {**shapes.user_view_shape(view), "undo": command_line("user", "remove", str(view.account.address))}


async def shared_grant(desk: Desk, args: a.Share, _say: Say) -> Json:
    """Give a user a role in an account, or take it away."""
    role = Role[args.role.upper()] if args.role else None
    before = await shared.share(desk.directory, args.address, args.user, role, dry_run=args.dry_run)
    was = shapes.word(before) if before is not None else "none"
    back = command_line("user", "share", args.address, args.user, was)
    return {"schema": shapes.ACCOUNT, "address": args.address, "user": args.user, "role": args.role, "undo": back}


async def alias_add(desk: Desk, args: a.AliasAdd, _say: Say) -> Json:
    """Add an alias."""
    alias = await aliases.add_alias(desk.directory, args.address, args.targets, dry_run=args.dry_run)
    abroad = await aliases.find_abroad(desk.directory, alias)
    return {**shapes.alias_shape(alias), "abroad": abroad, "undo": command_line("alias", "remove", str(alias.address))}


async def alias_list(desk: Desk, args: a.DomainFilter, say: Say) -> Json:
    """All aliases."""
    return await say_rows(say, map(shapes.alias_shape, await aliases.list_aliases(desk.directory, args.domain)))


async def alias_remove(desk: Desk, args: a.AliasRemove, _say: Say) -> Json:
    """Remove an alias."""
    alias = await aliases.remove_alias(desk.directory, args.address, dry_run=args.dry_run)
    back = command_line("alias", "add", str(alias.address), *alias.targets)
    return {**shapes.alias_shape(alias), "schema": shapes.REMOVAL, "undo": back}


async def db_check(desk: Desk, _args: a.Nothing, say: Say) -> Json:
    """Verify every blob, count and index."""
    if desk.check_store is None:
        raise Unavailable("this store cannot be checked here")
    return await desk.check_store(say)


async def db_reindex(desk: Desk, _args: a.Nothing, _say: Say) -> Json:
    """Empty the full-text index; the server fills it again."""
    if desk.reindex is None:
        raise Unavailable("there is no index here")
    await desk.reindex()
    return {"schema": "mailstead.reindex.v1"}


async def status(desk: Desk, _args: a.Nothing, _say: Say) -> Json:
    """How the server is."""
    return await _supervise(desk, "status")


async def stop(desk: Desk, _args: a.Nothing, _say: Say) -> Json:
    """Finish what is being done, then end."""
    return await _supervise(desk, "stop")


async def _supervise(desk: Desk, command: str) -> Json:
    if desk.supervise is None:
        raise Unavailable("no server is running")
    return await desk.supervise(command)


_ALL: Final[tuple[Operation[Any], ...]] = (
    Operation("domain.add", a.DomainAdd, domain_add),
    Operation("domain.list", a.Nothing, domain_list),
    Operation("domain.show", a.DomainName, domain_show),
    Operation("domain.set", a.DomainSet, domain_set),
    Operation("domain.remove", a.DomainRemove, domain_remove),
    Operation("user.add", a.UserAdd, user_add),
    Operation("user.list", a.DomainFilter, user_list),
    Operation("user.show", a.UserName, user_show),
    Operation("user.remove", a.UserRemove, user_remove),
    Operation("user.passwd", a.UserPasswd, user_passwd),
    Operation("user.set", a.UserSet, user_set),
    Operation("user.import", a.UserImport, user_import),
    Operation("shared.add", a.SharedAdd, shared_add),
    Operation("shared.grant", a.Share, shared_grant),
    Operation("alias.add", a.AliasAdd, alias_add),
    Operation("alias.list", a.DomainFilter, alias_list),
    Operation("alias.remove", a.AliasRemove, alias_remove),
    *CREDENTIAL_OPERATIONS,
    *TOTP_OPERATIONS,
    *SIGNING_OPERATIONS,
    *GUARD_OPERATIONS,
    *QUEUE_OPERATIONS,
    *ROUTING_OPERATIONS,
    *HOOK_OPERATIONS,
    *FILTER_OPERATIONS,
    *POLICY_OPERATIONS,
    *LOGIN_BLOCK_OPERATIONS,
    *AUDIT_OPERATIONS,
    *BLOCK_OPERATIONS,
    *SPAM_OPERATIONS,
    *REPORT_OPERATIONS,
    *GREYLIST_OPERATIONS,
    *QUARANTINE_OPERATIONS,
    Operation("db.check", a.Nothing, db_check),
    Operation("db.reindex", a.Nothing, db_reindex),
    Operation("status", a.Nothing, status),
    Operation("stop", a.Nothing, stop),
)
OPERATIONS: Final[Mapping[str, AnyOperation]] = {operation.name: operation for operation in _ALL}
