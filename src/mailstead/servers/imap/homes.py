"""The accounts a user may enter as one tree of names: their own at the root, shared ones below `Shared/<address>/`."""

from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.address import fold
from mailstead.ground.model.directory import Role
from mailstead.ground.model.errors import Denied, NotFound
from mailstead.ground.model.folder import SEPARATOR
from mailstead.ground.model.ids import AccountId
from mailstead.services.accounts.login import Principal

SHARED: Final = "Shared"
"""RFC 2342 §5: the namespace of accounts that several users share."""


@dataclass(frozen=True, slots=True)
class Home:
    """One account in the tree. `prefix` is '' or ends in the separator."""

    account_id: AccountId
    role: Role
    prefix: str = ""

    def require_editor(self) -> None:
        """Denied if the access only allows to look."""
        if self.role < Role.EDITOR:
            raise Denied("this mailbox may only be read")


class Homes:
    """What a principal may enter."""

    __slots__ = ("_shared", "own")

    def __init__(self, principal: Principal) -> None:
        own, shared = None, {}
        for account, role in principal.accounts:
            if account.id == principal.account.id:
                own = Home(account.id, role)
            else:
                prefix = f"{SHARED}{SEPARATOR}{account.address}{SEPARATOR}"
                shared[fold(str(account.address))] = Home(account.id, role, prefix)
        assert own is not None, "the account of a principal is among its accounts"
        self.own: Home = own
        self._shared: dict[str, Home] = shared

    @property
    def all(self) -> tuple[Home, ...]:
        """The user's own first."""
        return (self.own, *self._shared.values())

    @property
    def has_shared(self) -> bool:
        """True if the namespace of shared accounts has something in it."""
        return bool(self._shared)

    def find(self, name: str) -> tuple[Home, str]:
        """The account that a name lies in, and the folder's name there; NotFound."""
        first, _, rest = name.partition(SEPARATOR)
        if first != SHARED or not self._shared:
            return self.own, name
        address, _, inner = rest.partition(SEPARATOR)
        home = self._shared.get(fold(address))
        if home is None or not inner:
            raise NotFound(f"no folder {name}")
        return home, inner
