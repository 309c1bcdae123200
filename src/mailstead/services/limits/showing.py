"""How much of each limit somebody has used, for whoever wants to know why they are refused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from mailstead.ground.model.address import Address, canonical_domain
from mailstead.ground.model.block import subjects_of
from mailstead.ground.model.policy import Policy, Rate
from mailstead.services.limits import names
from mailstead.services.limits.counting import Counter
from mailstead.services.limits.exempt import Exemptions
from mailstead.services.limits.widest import WidestRates
from mailstead.services.policy.policies import Policies


@dataclass(frozen=True, slots=True)
class Use:
    """`domain` is the one whose policy it is; "": all of them. A rate of 0 is no limit, and nothing is counted."""

    column: str
    subject: str
    domain: str
    count: int
    rate: Rate


class Showing:
    """One for a worker; what it shows is counted by all of this machine."""

    def __init__(self, policies: Policies, counter: Counter, exemptions: Exemptions, widest: WidestRates) -> None:
        self._policies = policies
        self._counter = counter
        self._exemptions = exemptions
        self._widest = widest

    async def is_exempt(self, who: str) -> bool:
        """An address that meets no limit."""
        return _is_ip(who) and await self._exemptions.hold_for(who)

    async def look(self, who: str, domain: str) -> Sequence[Use]:
        """Of an address of a client, of a mail address, or of a domain; towards `domain`. Invalid."""
        at = canonical_domain(domain)
        if _is_ip(who):
            return await self._of_client(str(ip_address(who)), at)
        if "@" in who:
            return await self._of_person(Address.parse(who), at)
        name = canonical_domain(who)
        rate = (await self._policies.of(name)).rate_limit.smtp_per_domain
        counted = (("received", names.letters_to(name)), ("handed in", names.handed_in_at(name)))
        return [self._use("rate_limit.smtp_per_domain", f"{name}, {word}", name, one, rate) for word, one in counted]

    async def _of_client(self, ip: str, domain: str) -> list[Use]:
        view = await self._policies.look()
        widest, policy = await self._widest.look(view), await view.of(domain)
        own, place = policy.rate_limit, subjects_of(ip)[0]
        found = [
            self._use("rate_limit.smtp_per_ip", place, "", names.connections(ip), rate) for rate in widest.smtp_per_ip
        ]
        found += [
            self._use("rate_limit.auth_per_ip", place, "", names.attempts(ip), rate) for rate in widest.auth_per_ip
        ]
        found += [
            self._use("rate_limit.smtp_per_ip", place, domain, names.connections(ip, domain), own.smtp_per_ip),
            self._use("rate_limit.auth_per_ip", place, domain, names.attempts_at(ip, domain), own.auth_per_ip),
        ]
        return found + list(self._of_failures(ip, domain, policy))

    def _of_failures(self, ip: str, domain: str, policy: Policy) -> Iterator[Use]:
        threshold = Rate(policy.auth.brute_force_threshold, policy.auth.brute_force_window_minutes)
        for subject in subjects_of(ip):
            yield self._use("auth.brute_force_threshold", subject, domain, names.failures(subject, domain), threshold)

    async def _of_person(self, address: Address, domain: str) -> list[Use]:
        view, key, home = await self._policies.look(), address.key, address.domain
        rates, auth = (await view.of(home)).rate_limit, (await view.of(home)).auth
        threshold = Rate(auth.brute_force_threshold, auth.brute_force_window_minutes)
        sent = (await view.of(domain)).rate_limit.smtp_per_sender
        return [
            self._use("rate_limit.smtp_per_user", key, home, names.handed_in_by(key), rates.smtp_per_user),
            self._use("rate_limit.imap_per_user", key, home, names.logins_by_imap(key), rates.imap_per_user),
            self._use("auth.brute_force_threshold", key, home, names.failures_at(key), threshold),
            self._use("rate_limit.smtp_per_sender", key, domain, names.letters_from(key, domain), sent),
        ]

    def _use(self, column: str, subject: str, domain: str, name: str, rate: Rate) -> Use:
        return Use(column, subject, domain, self._counter.count(name, rate), rate)


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
