"""The arguments of `hook.*`."""

from typing import Annotated, Literal

import msgspec

from mailstead.servers.control.args import Args, Change, Text

StageWord = Literal["mail", "rcpt", "message.inbound", "message.delivering", "message.delivered"]
Url = Annotated[str, msgspec.Meta(max_length=2000)]


class HookAdd(Change, frozen=True, kw_only=True):
    """`hook.add`: a secret is made if none is given, and shown this once."""

    name: Text
    url: Url
    stages: Annotated[list[StageWord], msgspec.Meta(min_length=1, max_length=5)]
    domains: Annotated[tuple[Text, ...], msgspec.Meta(max_length=100)] = ()
    format: Literal["eml", "jmap_metadata"] = "eml"
    proof: Literal["jwt", "api_key"] = "jwt"
    secret: Text = ""
    timeout: int = 30
    at_once: int = 10
    on_trouble: Literal["open", "closed"] = "open"


class HookRemove(Change, frozen=True, kw_only=True):
    """`hook.remove`."""

    name: Text


class HookTest(Args, frozen=True, kw_only=True):
    """`hook.test`: at one of its stages; the first if none is said."""

    name: Text
    stage: StageWord | None = None
