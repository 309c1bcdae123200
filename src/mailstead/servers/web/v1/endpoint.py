"""A row of the table of endpoints, and what its functions are given."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, TypeVar

import msgspec

from mailstead.ground.model.address import Address
from mailstead.ground.model.permission import Verb
from mailstead.servers.web.caller import Caller, Sight
from mailstead.services.accounts.directory import Directory

if TYPE_CHECKING:
    from mailstead.servers.web.v1.site import Site

PAGE: Final = 50
PAGE_MAX: Final = 200
PREFIX: Final = "/api/v1"

Text = Annotated[str, msgspec.Meta(max_length=1024)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=PAGE_MAX)]
Cursor = Annotated[str, msgspec.Meta(max_length=1024, description="`next` of the page before.")]
T = TypeVar("T")
QueryT = TypeVar("QueryT", bound=msgspec.Struct)
BodyT = TypeVar("BodyT")


class Query(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """No parameters."""


class PageQuery(Query, frozen=True, kw_only=True):
    """Of lists."""

    limit: Limit = PAGE
    cursor: Cursor = ""


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request may say. A word that is not known is an error."""


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Part of a list. `next` is the cursor of the following page; null: this is the last one."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[QueryT, BodyT]):
    """One request, checked. What `directory` changes is told as the caller's."""

    site: "Site"
    caller: Caller
    sight: Sight
    directory: Directory
    params: Mapping[str, str]
    query: QueryT
    body: BodyT
    client_ip: str

    def address(self, name: str) -> Address:
        """A parameter of the path as an address; Invalid."""
        return Address.parse(self.params[name])


AnyCall = Call[Any, Any]
Read = Callable[[Any, AnyCall, Any], Coroutine[Any, Any, object]]
"""What is answered, read within a transaction: of what the path names, or of what a POST made, as its unit gave it."""
Act = Callable[[AnyCall], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """`read` gives the answer and its ETag; a change has `act` too, which makes one commit, and is read in its unit.

    Without `read` the answer is what `act` returns. A `resource` of "" needs no scope; `is_open` not even a login.
    """

    method: str
    path: str
    name: str
    words: str
    answer: Any = None
    read: Read | None = None
    act: Act | None = None
    resource: str = ""
    verb: Verb = Verb.READ
    query: type[Query] = Query
    body: type[Body] | None = None
    status: int = 200
    is_open: bool = False
    location: Callable[[Any], str] | None = None  # of what was made, from its answer
    refusals: tuple[int, ...] = ()  # beside those that all have

    @property
    def has_key(self) -> bool:
        """Whether it takes an Idempotency-Key."""
        return self.method == "POST" and self.act is not None and self.read is not None

    @property
    def has_match(self) -> bool:
        """Whether it takes If-Match."""
        return self.method in ("PATCH", "PUT", "DELETE") and self.read is not None
