"""Who makes a call, and whose things they may touch. What lies beyond is answered as if it were not there."""

from dataclasses import dataclass

from mailstead.ground.model.address import Address, fold
from mailstead.ground.model.audit import Actor
from mailstead.ground.model.directory import Account, Role, User, UserRole
from mailstead.ground.model.errors import NotFound
from mailstead.ground.model.permission import Reach, Scope, Verb, allows, reach_of
from mailstead.servers.web.refusals import Refused
from mailstead.services.accounts.directory import NoSuchUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """`user` is None for the token of the configuration. No `scopes`: all that the role allows."""

    actor: Actor
    role: UserRole
    user: User | None = None
    accounts: tuple[tuple[Account, Role], ...] = ()
    domains: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()
    token: str = ""  # the name of the one that was shown

    def sight(self, resource: str, verb: Verb) -> "Sight":
        """What of a resource they may look at, or change; Refused if nothing."""
        if not allows(self.scopes, Scope(resource, verb.value)):
            raise Refused(
                403, "forbidden", f"this key has not the scope {resource}:{verb.value}", "make a key that has it"
            )
        reach = reach_of(self.role, resource, verb)
        if reach is Reach.NONE:
            words = f"the role {self.role.value} does not {verb.value} {resource}"
            raise Refused(403, "forbidden", words, "ask an administrator")
        return Sight(self, reach)


@dataclass(frozen=True, slots=True)
class Sight:
    """A caller's reach in one call."""

    caller: Caller
    reach: Reach

    @property
    def domains(self) -> tuple[str, ...] | None:
        """Names of the domains it is held to; None: it is not."""
        return None if self.reach is Reach.ALL else tuple(sorted(self.caller.domains))

    @property
    def login(self) -> str:
        """Their own; "" for the token of the configuration."""
        return self.caller.user.login if self.caller.user is not None else ""

    def sees_domain(self, name: str) -> bool:
        """By its canonical name."""
        return self.reach is Reach.ALL or (self.reach is Reach.DOMAINS and name in self.caller.domains)

    def sees_user(self, login: str) -> bool:
        """By a folded login. Everybody sees themselves."""
        return self.sees_domain(login.rpartition("@")[2]) or (bool(login) and login == self.login)

    def sees_account(self, address: Address) -> bool:
        """Also those they are admins of."""
        own = {account.address.key for account, role in self.caller.accounts if role is Role.ADMIN}
        return self.sees_domain(address.domain) or address.key in own

    def need_domain(self, name: str) -> str:
        """NotFound, as if it were not there."""
        if not self.sees_domain(name):
            raise NotFound(f"there is no domain {name} here")
        return name

    def need_user(self, text: str) -> str:
        """A login that they see, folded; NoSuchUser."""
        login = fold(text)
        if not self.sees_user(login):
            raise NoSuchUser(f"there is no user {text}")
        return login

    def need_account(self, address: Address) -> Address:
        """NotFound, as if it were not there."""
        if not self.sees_account(address):
            raise NotFound(f"there is no account {address}")
        return address

    def need_above(self, user: User) -> None:
        """Whoever looks after domains must not become somebody who may do more than that; Refused."""
        is_self = user.login == self.login
        if self.reach is Reach.DOMAINS and user.role is not UserRole.USER and not is_self:
            words = f"{user.login} has a role of their own ({user.role.value})"
            raise Refused(403, "forbidden", words, "ask an administrator")
