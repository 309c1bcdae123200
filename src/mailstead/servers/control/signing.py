"""`dkim.*`: keys that sign what leaves. The private half is in no answer."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.model.ids import Instant
from mailstead.ground.model.signing import Algorithm, SigningKey
from mailstead.servers.control import args as a
from mailstead.servers.control import shapes
from mailstead.servers.control.answers import command_line, say_rows
from mailstead.servers.control.desk import Desk, Json, Operation, Say
from mailstead.services.policy import editing
from mailstead.services.signing import keys

KEY: Final = "mailstead.dkim-key.v1"
KEYS: Final = "mailstead.dkim-keys.v1"

ALGORITHMS: Final[Mapping[str, tuple[Algorithm, ...]]] = {
    "rsa2048": (Algorithm.RSA_2048,),
    "rsa4096": (Algorithm.RSA_4096,),
    "ed25519": (Algorithm.ED25519,),
    "both": (Algorithm.RSA_2048, Algorithm.ED25519),
}


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else render_rfc3339(instant)


def key_shape(key: SigningKey, **more: object) -> dict[str, object]:
    """A key with the record that belongs to it."""
    record = {
        "name": keys.published_at(key),
        "type": "TXT",
        "value": keys.record_text(key),
        "zone": keys.zone_text(key),
    }
    return {
        "schema": KEY,
        "domain": key.domain,
        "selector": key.selector,
        "algorithm": key.algorithm.value,
        "state": key.state.value,
        "created_at": render_rfc3339(key.created_at),
        "seen_at": _time(key.seen_at),
        "activated_at": _time(key.activated_at),
        "retired_at": _time(key.retired_at),
        "record": record,
        **more,
    }


def _command(verb: str, key: SigningKey) -> str:
    return command_line("dkim", verb, "--domain", key.domain, "--selector", key.selector)


def _made(made: Sequence[SigningKey]) -> Json:
    return {
        "schema": KEYS,
        "domain": made[0].domain,
        "keys": [key_shape(key) for key in made],
        "undo": " && ".join(_command("remove", key) for key in made),
    }


async def generate(desk: Desk, args: a.DkimGenerate, _say: Say) -> Json:
    """Make keys, which sign once their records are in the DNS."""
    policy = (await editing.show(desk.directory, args.domain)).policy
    algorithms = ALGORITHMS[args.algorithm] if args.algorithm else (keys.wanted_algorithm(policy.dkim),)
    selector = args.selector or policy.dkim.selector or args.fallback
    return _made(await keys.generate_keys(desk.directory, args.domain, selector, algorithms, dry_run=args.dry_run))


async def rotate(desk: Desk, args: a.DkimDomain, _say: Say) -> Json:
    """Make a successor of each key that signs."""
    return _made(await keys.rotate_keys(desk.directory, args.domain, dry_run=args.dry_run))


async def list_(desk: Desk, args: a.DomainFilter, say: Say) -> Json:
    """All keys."""
    found = await keys.list_keys(desk.directory, args.domain)
    return await say_rows(say, (key_shape(key) for key in found))


async def show(desk: Desk, args: a.DkimShow, _say: Say) -> Json:
    """The keys of a domain with their records."""
    found = await keys.show_keys(desk.directory, args.domain, args.selector)
    return {"schema": KEYS, "domain": found[0].domain, "keys": [key_shape(key) for key in found]}


async def activate(desk: Desk, args: a.DkimName, _say: Say) -> Json:
    """Sign with a key, whatever the DNS says."""
    changed, *others = await keys.activate_key(desk.directory, args.domain, args.selector, dry_run=args.dry_run)
    back = [_command("activate", other) for other in others] or [_command("retire", changed)]
    retired = [other.selector for other in others]
    return key_shape(changed, retired=retired, undo=" && ".join(back))


async def retire(desk: Desk, args: a.DkimName, _say: Say) -> Json:
    """Sign with a key no longer."""
    changed = await keys.retire_key(desk.directory, args.domain, args.selector, dry_run=args.dry_run)
    return key_shape(changed, undo=_command("activate", changed))


async def remove(desk: Desk, args: a.DkimRemove, _say: Say) -> Json:
    """Remove a key for good."""
    gone = await keys.remove_key(desk.directory, args.domain, args.selector, force=args.force, dry_run=args.dry_run)
    return {**key_shape(gone), "schema": shapes.REMOVAL, "undo": None}


SIGNING_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("dkim.generate", a.DkimGenerate, generate),
    Operation("dkim.rotate", a.DkimDomain, rotate),
    Operation("dkim.list", a.DomainFilter, list_),
    Operation("dkim.show", a.DkimShow, show),
    Operation("dkim.activate", a.DkimName, activate),
    Operation("dkim.retire", a.DkimName, retire),
    Operation("dkim.remove", a.DkimRemove, remove),
)
