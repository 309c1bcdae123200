"""`user.totp.*`: second factors. Secrets and recovery codes are in the answer that made them, and nowhere else."""

from typing import Any, Final

from mailstead.ground.formats.date import render_rfc3339
from mailstead.servers.control import args_totp as a
from mailstead.servers.control.answers import command_line
from mailstead.servers.control.desk import Desk, Json, Operation, Say
from mailstead.services.accounts import enrolling

TOTP: Final = "mailstead.totp.v1"


async def enroll(desk: Desk, args: a.TotpChange, _say: Say) -> Json:
    """A new secret, to be confirmed."""
    issuer = desk.directory.default_domain
    made = await enrolling.enroll(desk.directory, args.name, issuer=issuer, dry_run=args.dry_run)
    shown = {} if args.dry_run else {"secret": made.secret, "uri": made.uri}
    undo = command_line("user", "totp", "remove", made.login)
    return {"schema": TOTP, "login": made.login, "state": "waiting", **shown, "undo": undo}


async def confirm(desk: Desk, args: a.TotpConfirm, _say: Say) -> Json:
    """From now on a code is asked for."""
    login, codes = await enrolling.confirm(desk.directory, args.name, args.code, dry_run=args.dry_run)
    return _with_codes(login, codes, dry_run=args.dry_run, undo=command_line("user", "totp", "remove", login))


async def recovery(desk: Desk, args: a.TotpChange, _say: Say) -> Json:
    """New recovery codes."""
    login, codes = await enrolling.renew_recovery(desk.directory, args.name, dry_run=args.dry_run)
    return _with_codes(login, codes, dry_run=args.dry_run, undo=None)


async def remove(desk: Desk, args: a.TotpChange, _say: Say) -> Json:
    """The password alone again."""
    login = await enrolling.remove(desk.directory, args.name, dry_run=args.dry_run)
    return {"schema": TOTP, "login": login, "state": "none", "undo": None}


async def status(desk: Desk, args: a.TotpName, _say: Say) -> Json:
    """What there is."""
    found = await enrolling.state(desk.directory, args.name)
    factor = found.factor
    confirmed_at = factor.confirmed_at if factor is not None else None
    return {
        "schema": TOTP,
        "login": found.user.login,
        "state": "none" if factor is None else "waiting" if confirmed_at is None else "on",
        "enrolled_at": None if factor is None else render_rfc3339(factor.enrolled_at),
        "confirmed_at": None if confirmed_at is None else render_rfc3339(confirmed_at),
        "recovery_codes_left": found.recovery_left,
    }


def _with_codes(login: str, codes: tuple[str, ...], *, dry_run: bool, undo: str | None) -> Json:
    shown: dict[str, object] = {} if dry_run else {"recovery_codes": list(codes)}
    return {"schema": TOTP, "login": login, "state": "on", **shown, "undo": undo}


TOTP_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("user.totp.enroll", a.TotpChange, enroll),
    Operation("user.totp.confirm", a.TotpConfirm, confirm),
    Operation("user.totp.recovery", a.TotpChange, recovery),
    Operation("user.totp.remove", a.TotpChange, remove),
    Operation("user.totp.status", a.TotpName, status),
)
