"""The arguments of `quarantine.*`."""

from typing import Annotated

import msgspec

from mailstead.servers.control.args import Age, Args, Change, Text


class KeptList(Args, frozen=True, kw_only=True):
    """`quarantine.list`: all of the filters hold; `older_than` in milliseconds."""

    domain: Text = ""
    recipient: Text = ""
    sender: Text = ""
    reason: Text = ""
    older_than: Age | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100


class KeptName(Args, frozen=True, kw_only=True):
    """`quarantine.show`, `quarantine.view`."""

    id: Text


class KeptMove(Change, frozen=True, kw_only=True):
    """`quarantine.release`, `quarantine.delete`."""

    ids: Annotated[list[Text], msgspec.Meta(min_length=1, max_length=500)]


class DigestSend(Change, frozen=True, kw_only=True):
    """`quarantine.digest`: now, whenever the last one was sent."""
