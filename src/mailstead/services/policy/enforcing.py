"""Which domains' people need a second factor: `auth.totp_enforced`."""

from mailstead.services.policy.policies import Policies
from mailstead.store.port import ReadTx, Store


class TotpEnforcement:
    """One for a worker: see `services.accounts.second_factors.Enforcement`."""

    def __init__(self, store: Store, policies: Policies) -> None:
        self._store = store
        self._policies = policies
        self._mark = -1
        self._is_anywhere = False

    async def holds(self, domain: str) -> bool:
        """As its policy says now."""
        return (await self._policies.of(domain)).auth.totp_enforced

    async def is_anywhere(self) -> bool:
        """Looked up once for each change of any policy."""
        mark = (await self._policies.look()).mark
        if mark != self._mark:

            async def unit(tx: ReadTx) -> bool:
                return await tx.policies.enforces_totp()

            self._is_anywhere, self._mark = await self._store.read(unit), mark
        return self._is_anywhere
