"""The accounts a user may enter as one tree of names: their own at the root, those of other users below
`Users/<address>/`, shared ones below `Shared/<address>/`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mailstead.ground.model.address import fold
from mailstead.ground.model.directory import Account, AccountKind, Role
from mailstead.ground.model.errors import Denied, NotFound
from mailstead.ground.model.folder import SEPARATOR
from mailstead.ground.model.ids import AccountId
from mailstead.services.accounts.login import Principal

SHARED: Final = "Shared"
"""RFC 2342 §5: the namespace of accounts that several users share."""
USERS: Final = "Users"
"""RFC 2342 §5: the namespace of other users' personal accounts."""
ROOTS: Final = {AccountKind.SHARED: SHARED, AccountKind.PERSONAL: USERS}


@dataclass(frozen=True, slots=True)
class Home:
    """One account in the tree. `prefix` is '' or ends in the separator."""

    account_id: AccountId
    role: Role
    prefix: str = ""
    address: str = ""

    def require_editor(self) -> None:
        """Denied if the access only allows to look."""
        if self.role < Role.EDITOR:
            raise Denied("this mailbox may only be read")

    def require_admin(self) -> None:
        """Denied if the access does not allow to change who else may come in (RFC 4314 §4: `a`)."""
        if self.role < Role.ADMIN:
            raise Denied("only admins of the account may do that")


class Homes:
    """What a principal may enter."""

    __slots__ = ("_foreign", "own")

    def __init__(self, principal: Principal) -> None:
        own, foreign = None, {}
        for account, role in principal.accounts:
            if account.id == principal.account.id:
                own = Home(account.id, role, "", str(account.address))
            else:
                prefix = _prefix_of(account)
                foreign[fold(prefix)] = Home(account.id, role, prefix, str(account.address))
        assert own is not None, "the account of a principal is among its accounts"
        self.own: Home = own
        self._foreign: dict[str, Home] = foreign

    @property
    def all(self) -> tuple[Home, ...]:
        """The user's own first."""
        return (self.own, *self._foreign.values())

    @property
    def has_foreign(self) -> bool:
        """True if accounts of others are open."""
        return bool(self._foreign)

    def roots(self) -> Iterable[str]:
        """Those of `Users` and `Shared` that have something in them."""
        return {home.prefix.partition(SEPARATOR)[0] for home in self._foreign.values()}

    def of_account(self, account: AccountId) -> Home | None:
        """The way into an account, if it is still open."""
        return next((home for home in self.all if home.account_id == account), None)

    def find(self, name: str) -> tuple[Home, str]:
        """The account that a name lies in, and the folder's name there.

        A name below `Users` or `Shared` that leads into no open account is one of the user's own: if there is none
        either, the answer is the same for an account that is not there and for one that is not open.
        """
        if self._foreign and name.startswith((USERS + SEPARATOR, SHARED + SEPARATOR)):
            folded = fold(name)
            for key, home in self._foreign.items():
                if folded.startswith(key) and len(folded) > len(key):
                    return home, name[_cut(name, key) :]
        return self.own, name

    def find_new(self, name: str) -> tuple[Home, str]:
        """For a folder to be made; NotFound where only accounts of others have their places."""
        home, inner = self.find(name)
        if home is self.own and name.partition(SEPARATOR)[0] in self.roots():
            raise NotFound(f"no folder {name}")
        return home, inner


def _prefix_of(account: Account) -> str:
    return f"{ROOTS[account.kind]}{SEPARATOR}{account.address}{SEPARATOR}"


def _cut(name: str, key: str) -> int:
    """Where the inner name begins: folding may change the length of what stands before it."""
    levels = key.count(SEPARATOR)
    position = 0
    for _ in range(levels):
        position = name.index(SEPARATOR, position) + 1
    return position
