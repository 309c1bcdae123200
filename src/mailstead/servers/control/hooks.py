"""`hook.*`: programs elsewhere that are asked and told about mail. A secret is shown once, when it was made here."""

from typing import Any, Final

from mailstead.ground.formats.date import render_rfc3339
from mailstead.ground.formats.hook import api_key
from mailstead.ground.model.errors import Invalid
from mailstead.ground.model.hook import Format, Hook, OnTrouble, Proof, Stage
from mailstead.servers.control import args as a
from mailstead.servers.control import args_hooks as h
from mailstead.servers.control import shapes
from mailstead.servers.control.answers import command_line, say_rows
from mailstead.servers.control.desk import Desk, Json, Operation, Say, Unavailable
from mailstead.services.hooks import managing

HOOK: Final = "mailstead.hook.v1"
HOOK_TEST: Final = "mailstead.hook-test.v1"


def hook_shape(hook: Hook, **more: object) -> dict[str, object]:
    """A hook without its secret."""
    return {
        "schema": HOOK,
        "name": hook.name,
        "url": hook.url,
        "stages": [stage.value for stage in hook.stages],
        "domains": list(hook.domains),
        "format": hook.format.value,
        "proof": hook.proof.value,
        "timeout": hook.timeout,
        "at_once": hook.at_once,
        "on_trouble": hook.on_trouble.value,
        "created_at": render_rfc3339(hook.created_at),
        **more,
    }


async def hook_add(desk: Desk, args: h.HookAdd, _say: Say) -> Json:
    """Begin to ask."""
    secret = args.secret or managing.make_secret()
    wanted = Hook(
        name=args.name, url=args.url, stages=tuple(map(Stage, args.stages)), domains=tuple(args.domains),
        format=Format(args.format), proof=Proof(args.proof), secret=secret, timeout=args.timeout,
        at_once=args.at_once, on_trouble=OnTrouble(args.on_trouble),
    )  # fmt: skip
    hook = await managing.add_hook(desk.directory, wanted, dry_run=args.dry_run)
    shown = None if args.secret or args.dry_run else secret
    if shown is not None and hook.proof is Proof.API_KEY:
        shown = api_key(secret)
    return hook_shape(hook, secret=shown, undo=command_line("hook", "remove", hook.name))


async def hook_list(desk: Desk, _args: a.Nothing, say: Say) -> Json:
    """All hooks."""
    return await say_rows(say, map(hook_shape, await managing.list_hooks(desk.directory)))


async def hook_remove(desk: Desk, args: h.HookRemove, _say: Say) -> Json:
    """Ask it no more."""
    gone = await managing.remove_hook(desk.directory, args.name, dry_run=args.dry_run)
    words = ["hook", "add", gone.name, gone.url, *(f"--stage={stage.value}" for stage in gone.stages)]
    words += [f"--domain={domain}" for domain in gone.domains]
    words += [f"--format={gone.format.value}", f"--proof={gone.proof.value}", f"--timeout={gone.timeout}"]
    words += [f"--at-once={gone.at_once}", f"--on-trouble={gone.on_trouble.value}", "--secret", "-"]
    return hook_shape(gone, undo=command_line(*words)) | {"schema": shapes.REMOVAL}


async def hook_test(desk: Desk, args: h.HookTest, _say: Say) -> Json:
    """Call it now with a sample, and say what it answered. Nothing is done with the answer."""
    if desk.try_hook is None:
        raise Unavailable("a hook is called by the server, and none is running")
    hook = await managing.find_hook(desk.directory, args.name)
    stage = Stage(args.stage) if args.stage else hook.stages[0]
    if stage not in hook.stages:
        raise Invalid(f"{hook.name} is not called at {stage.value}, but at: {', '.join(s.value for s in hook.stages)}")
    told = await desk.try_hook(hook, stage)
    return {"schema": HOOK_TEST, "name": hook.name, "stage": stage.value, **told}


HOOK_OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation("hook.add", h.HookAdd, hook_add),
    Operation("hook.list", a.Nothing, hook_list),
    Operation("hook.remove", h.HookRemove, hook_remove),
    Operation("hook.test", h.HookTest, hook_test),
)
