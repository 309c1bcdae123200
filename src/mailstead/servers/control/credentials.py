"""`token.*`, `app-password.*`, `auth.*`: a secret is in the answer that made it, and nowhere else."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from mailstead.ground.model.credential import CredentialKind
from mailstead.ground.model.errors import Denied
from mailstead.ground.model.ids import Instant
from mailstead.servers.control import args as a
from mailstead.servers.control import shapes
from mailstead.servers.control.answers import command_line, say_rows
from mailstead.servers.control.desk import Desk, Json, Operation, Say, Unavailable
from mailstead.services.accounts import credentials
from mailstead.services.accounts.attempt import Attempt

DAY: Final = 86_400_000
HERE: Final = "127.0.0.1"
"""Where the control socket is."""


def _add(kind: CredentialKind) -> Callable[[Desk, a.CredentialAdd, Say], Awaitable[Json]]:
    async def add(desk: Desk, args: a.CredentialAdd, _say: Say) -> Json:
        """Make one."""
        now = desk.directory.clock.now()
        new = credentials.NewCredential(
            owner=args.name,
            kind=kind,
            name=args.label,
            protocols=tuple(dict.fromkeys(args.protocols)),
            scopes=tuple(dict.fromkeys(args.scopes)),
            expires_at=None if args.days is None else Instant(now + args.days * DAY),
        )
        made = await credentials.add_credential(desk.directory, new, dry_run=args.dry_run)
        shown = {} if args.dry_run else {"secret": made.secret}
        undo = command_line(kind.value, "revoke", made.login, args.label)
        return shapes.credential_shape(made.credential, login=made.login, undo=undo, **shown)

    return add


def _list(kind: CredentialKind) -> Callable[[Desk, a.UserName, Say], Awaitable[Json]]:
    async def list_(desk: Desk, args: a.UserName, say: Say) -> Json:
        """Those of a user."""
        found = await credentials.list_credentials(desk.directory, args.name, kind)
        return await say_rows(say, (shapes.credential_shape(one) for one in found))

    return list_


def _revoke(kind: CredentialKind) -> Callable[[Desk, a.CredentialName, Say], Awaitable[Json]]:
    async def revoke(desk: Desk, args: a.CredentialName, _say: Say) -> Json:
        """Make one worthless."""
        gone = await credentials.revoke_credential(desk.directory, args.name, kind, args.label, dry_run=args.dry_run)
        return {**shapes.credential_shape(gone), "schema": shapes.REMOVAL, "undo": None}

    return revoke


async def verify(desk: Desk, args: a.AuthVerify, _say: Say) -> Json:
    """Whether a login would be let in; a failed one counts and costs time as any other."""
    if desk.authenticator is None:
        raise Unavailable("nobody logs in here")
    attempt = Attempt(client_ip=HERE, service="control", mechanism="PLAIN")
    shown = {"schema": "mailstead.verified.v1", "name": args.name}
    try:
        principal = await desk.authenticator.enter_by_password(attempt, args.name, args.password)
    except Denied as error:
        return {**shown, "verified": False, "reason": str(error)}
    account = str(principal.account.address)
    return {**shown, "verified": True, "login": principal.user.login, "account": account}


CREDENTIAL_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("token.create", a.CredentialAdd, _add(CredentialKind.TOKEN)),
    Operation("token.list", a.UserName, _list(CredentialKind.TOKEN)),
    Operation("token.revoke", a.CredentialName, _revoke(CredentialKind.TOKEN)),
    Operation("app-password.add", a.CredentialAdd, _add(CredentialKind.APP_PASSWORD)),
    Operation("app-password.list", a.UserName, _list(CredentialKind.APP_PASSWORD)),
    Operation("app-password.revoke", a.CredentialName, _revoke(CredentialKind.APP_PASSWORD)),
    Operation("auth.verify", a.AuthVerify, verify),
)
