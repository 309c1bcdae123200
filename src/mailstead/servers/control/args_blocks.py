"""The arguments of `blocklist.*`, `allowlist.*` and `greylist.*`."""

from typing import Annotated

import msgspec

from mailstead.servers.control.args import Age, Args, Change, Text

MANY_MAX = 500


class ListName(Args, frozen=True, kw_only=True):
    """`blocklist.list`, `allowlist.list`: `domain` None is all scopes, "" what holds for all domains."""

    domain: Text | None = None


class EntryName(Change, frozen=True, kw_only=True):
    """`blocklist.remove`, `allowlist.remove`."""

    pattern: Text
    domain: Text = ""


class EntryAdd(Change, frozen=True, kw_only=True):
    """`blocklist.add`, `allowlist.add`: `lasts` in milliseconds; 0: until it is removed."""

    patterns: Annotated[list[Text], msgspec.Meta(min_length=1, max_length=MANY_MAX)]
    domain: Text = ""
    reason: Text = ""
    lasts: Age = 0


class BlockCheck(Args, frozen=True, kw_only=True):
    """`blocklist.check`, `allowlist.check`: a client, a sender, or both; as a domain of ours sees them."""

    ip: Text = ""
    sender: Text = ""
    domain: Text = ""


class GreylistList(Args, frozen=True, kw_only=True):
    """`greylist.list`."""

    domain: Text = ""
    waiting: bool = False


class GreylistFriends(Args, frozen=True, kw_only=True):
    """`greylist.friends`."""

    domain: Text = ""


class GreylistForget(Change, frozen=True, kw_only=True):
    """`greylist.forget`: at least one of these."""

    domain: Text = ""
    client: Text = ""
    sender: Text = ""
