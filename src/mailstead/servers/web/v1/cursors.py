"""Where a list goes on: opaque to clients, and checked when it comes back."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from mailstead.ground.model.errors import Invalid
from mailstead.servers.web.v1.endpoint import Page, PageQuery

T = TypeVar("T")
ShownT = TypeVar("ShownT")


def read_cursor(text: str) -> str:
    """The key it stands for; Invalid."""
    try:
        return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise Invalid("that is no cursor: take `next` of the page before") from error


def write_cursor(key: str) -> str:
    """Safe in a URL."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def page_of(found: Sequence[T], query: PageQuery, show: Callable[[T], ShownT], key: Callable[[T], str]) -> Page[ShownT]:
    """Of one more than was wanted: whether there are more."""
    part = found[: query.limit]
    following = write_cursor(key(part[-1])) if len(found) > query.limit else None
    return Page(items=[show(one) for one in part], next=following)


def number_of(query: PageQuery) -> int | None:
    """A cursor that is a number; None at the beginning; Invalid."""
    if not query.cursor:
        return None
    text = read_cursor(query.cursor)
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Invalid("that is no cursor of this list: take `next` of the page before")
    return int(text)
