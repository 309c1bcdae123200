"""Who meets no limit: this machine, networks that the operator trusts, proxies that bring others, the allow list."""

from typing import Final, Protocol

from mailstead.ground.model.address import Address
from mailstead.net.origin import Networks, is_within, networks

LOOPBACK: Final = networks(("127.0.0.0/8", "::1/128"))


class AllowList(Protocol):
    """See `services.blocks`."""

    async def is_allowed(self, ip: str, sender: Address | None = None, *, domain: str = "") -> bool: ...


class Exemptions:
    """Of one server."""

    def __init__(self, trusted: Networks = (), *, has_loopback: bool = True, allowed: AllowList | None = None) -> None:
        self._networks = (*trusted, *(LOOPBACK if has_loopback else ()))
        self._allowed = allowed

    async def hold_for(self, ip: str, sender: Address | None = None, *, domain: str = "") -> bool:
        """Also for what has no address: a command of the operator's. `domain`: whose own list holds, too; Busy."""
        if not ip or is_within(ip, self._networks):
            return True
        return self._allowed is not None and await self._allowed.is_allowed(ip, sender, domain=domain)
