"""`token.*` and `app-password.*`: the secret is in the answer that made it, and nowhere else."""

import shlex
from collections.abc import Awaitable, Callable
from typing import Any, Final

from mailstead.ground.model.credential import CredentialKind
from mailstead.ground.model.ids import Instant
from mailstead.servers.control import args as a
from mailstead.servers.control import shapes
from mailstead.servers.control.desk import Desk, Json, Operation, Say
from mailstead.services.accounts import credentials

DAY: Final = 86_400_000


def _add(kind: CredentialKind) -> Callable[[Desk, a.CredentialAdd, Say], Awaitable[Json]]:
    async def add(desk: Desk, args: a.CredentialAdd, _say: Say) -> Json:
        """Make one."""
        now = desk.directory.clock.now()
        new = credentials.NewCredential(
            owner=args.name,
            kind=kind,
            name=args.label,
            protocols=tuple(dict.fromkeys(args.protocols)),
            expires_at=None if args.days is None else Instant(now + args.days * DAY),
        )
        made = await credentials.add_credential(desk.directory, new, dry_run=args.dry_run)
        shown = {} if args.dry_run else {"secret": made.secret}
        undo = shlex.join(("mailstead", kind.value, "revoke", made.login, args.label))
        return shapes.credential_shape(made.credential, login=made.login, undo=undo, **shown)

    return add


def _list(kind: CredentialKind) -> Callable[[Desk, a.UserName, Say], Awaitable[Json]]:
    async def list_(desk: Desk, args: a.UserName, say: Say) -> Json:
        """Those of a user."""
        found = await credentials.list_credentials(desk.directory, args.name, kind)
        for one in found:
            await say({"row": shapes.credential_shape(one)})
        return {"schema": shapes.LIST, "count": len(found)}

    return list_


def _revoke(kind: CredentialKind) -> Callable[[Desk, a.CredentialName, Say], Awaitable[Json]]:
    async def revoke(desk: Desk, args: a.CredentialName, _say: Say) -> Json:
        """Make one worthless."""
        gone = await credentials.revoke_credential(desk.directory, args.name, kind, args.label, dry_run=args.dry_run)
        return {**shapes.credential_shape(gone), "schema": shapes.REMOVAL, "undo": None}

    return revoke


CREDENTIAL_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("token.create", a.CredentialAdd, _add(CredentialKind.TOKEN)),
    Operation("token.list", a.UserName, _list(CredentialKind.TOKEN)),
    Operation("token.revoke", a.CredentialName, _revoke(CredentialKind.TOKEN)),
    Operation("app-password.add", a.CredentialAdd, _add(CredentialKind.APP_PASSWORD)),
    Operation("app-password.list", a.UserName, _list(CredentialKind.APP_PASSWORD)),
    Operation("app-password.revoke", a.CredentialName, _revoke(CredentialKind.APP_PASSWORD)),
)
