"""Addresses in what is kept of traffic: as keyed hashes where a domain wants it, and findable all the same.

The key is this installation's own. Who asks about an address names it, and so it is found; who reads the store learns
none. The domain stays readable: it is what the operator of several has to tell apart.
"""

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Final

from mailstead.ground.model.address import Address
from mailstead.ground.model.errors import Invalid
from mailstead.net.clock import Clock
from mailstead.services.accounts.kept_secret import KeptSecret
from mailstead.services.policy.policies import Policies, View
from mailstead.store.port import Store

SECRET_NAME: Final = "trace.key"  # noqa: S105 - a name
MARK: Final = "~"
"""Before the hash of a local part."""
LOOK_EVERY: Final = 1.0
_KEY_BITS: Final = 63

Hide = Callable[[str], str]


def show(address: str) -> str:
    """As it is: where a domain does not mind."""
    return address


class Concealing:
    """One for a worker. With a clock it looks for changes once a second, and not at each letter, which is noticed where
    thousands are filed in one."""

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self._store = store
        self._clock = clock
        self._policies = Policies(store)
        self._view: View | None = None
        self._good_until = 0.0
        self._secret = KeptSecret(store, SECRET_NAME)

    async def key(self) -> bytes:
        """The same in all workers, and after a restart."""
        return await self._secret.get()

    async def hiders(self, domains: Iterable[str]) -> Mapping[str, Hide]:
        """For each of these domains what to do with addresses in its records."""
        view, found = await self._look(), {}
        for domain in set(domains):
            is_hidden = (await view.of(domain)).trace.hash_addresses
            found[domain] = hider(await self.key()) if is_hidden else show
        return found

    async def _look(self) -> View:
        now = 0.0 if self._clock is None else self._clock.monotonic()
        if self._clock is None or self._view is None or now >= self._good_until:
            self._view, self._good_until = await self._policies.look(), now + LOOK_EVERY
        return self._view


def hider(key: bytes) -> Hide:
    """Puts hashes in place of local parts."""

    def hide(address: str) -> str:
        local, at, domain = address.rpartition("@")
        if not at or local.startswith(MARK):
            return address
        return f"{MARK}{_digest(key, fold(address), 8).hex()}@{domain}"

    return hide


def name_key(key: bytes, name: str) -> int:
    """What a name is found by: 63 bits, never 0; 0 for no name."""
    if not name:
        return 0
    return int.from_bytes(_digest(key, fold(name), 8)) >> (64 - _KEY_BITS) or 1


def fold(name: str) -> str:
    """What two spellings of one name share."""
    try:
        return Address.parse(name).key
    except Invalid:
        return name


def _digest(key: bytes, text: str, size: int) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size, key=key).digest()
